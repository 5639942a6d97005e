"""Sealed passwords: boxes that only the provisioning worker can open, kept for a limited time."""

from datetime import timedelta

from postgres import Connection, Pool
from security.sealing import SealedPassword


async def put(
    ledger: Connection, *, reference: str, sealed_id: str, sealed: SealedPassword, ttl: timedelta
) -> None:
    """Insert a box (idempotent: the first one of an id stays), and delete the expired ones.

    Nothing is stored for an activation that has ended: the lock on its row makes a concurrent end
    wait, so that its deletion finds the box. An expired box of the same id is replaced.
    """
    await ledger.execute(
        "WITH held AS (SELECT ended_at FROM activation WHERE reference = $1 FOR SHARE),"
        " swept AS (DELETE FROM sealed_password"
        " WHERE expires_at < now() AND (reference, sealed_id) <> ($1, $2))"
        " INSERT INTO sealed_password AS s (reference, sealed_id, epoch, box, expires_at)"
        " SELECT $1, $2, $3, $4, now() + $5::interval"
        " WHERE NOT EXISTS (SELECT FROM held WHERE ended_at IS NOT NULL)"
        " ON CONFLICT (reference, sealed_id) DO UPDATE SET epoch = $3, box = $4,"
        " expires_at = now() + $5::interval WHERE s.expires_at < now()",
        reference,
        sealed_id,
        sealed.epoch,
        sealed.box,
        ttl,
    )


async def get(pool: Pool, *, reference: str, sealed_id: str) -> SealedPassword | None:
    """Return the box, or None when it is missing or has expired."""
    row = await pool.fetchrow(
        "SELECT epoch, box FROM sealed_password"
        " WHERE reference = $1 AND sealed_id = $2 AND expires_at > now()",
        reference,
        sealed_id,
    )
    return SealedPassword(row["epoch"], row["box"]) if row else None


async def sweep(pool: Pool) -> None:
    await pool.execute("DELETE FROM sealed_password WHERE expires_at < now()")


async def note_try(pool: Pool, *, reference: str, sealed_id: str) -> None:
    """Record that this password is about to be sent to the directory."""
    await pool.execute(
        "INSERT INTO password_try VALUES ($1, $2)"
        " ON CONFLICT (reference) DO UPDATE SET sealed_id = $2",
        reference,
        sealed_id,
    )


async def tried(pool: Pool, reference: str) -> str | None:
    """Return the id of the newest password that this activation may have sent, or None."""
    sealed_id: str | None = await pool.fetchval(
        "SELECT sealed_id FROM password_try WHERE reference = $1", reference
    )
    return sealed_id
