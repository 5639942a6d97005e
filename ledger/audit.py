"""What staff did, to which activation, and why: append-only."""

from ledger.pool import Pool


async def record(
    pool: Pool, *, actor: str, action: str, reference: str | None, reason: str
) -> None:
    await pool.execute(
        "INSERT INTO audit (actor, action, reference, reason) VALUES ($1, $2, $3, $4)",
        actor,
        action,
        reference,
        reason,
    )
