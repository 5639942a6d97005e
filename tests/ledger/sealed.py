"""Changes sessions as the portal itself would, with a new seal."""

from ledger import sessions
from postgres import Pool
from security.keys import KeyRing


async def change(pool: Pool, keys: KeyRing, token: str, changes: str, *values: object) -> None:
    """Change the session of this token and seal it anew; `values` are from $2 on."""
    row = await pool.fetchrow(
        f"UPDATE session SET {changes} WHERE token_hash = $1 RETURNING *",  # noqa: S608 - ours
        sessions.token_hash(token),
        *values,
    )
    assert row
    await pool.execute(
        "UPDATE session SET seal = $2 WHERE token_hash = $1",
        row["token_hash"],
        sessions.seal(keys, {**row}),
    )
