"""Username reservations: atomic, unique without regard to case, never given to another person."""

from collections.abc import Sequence

from ledger.pool import Pool


async def reserve(pool: Pool, *, person_key: str, candidates: Sequence[str]) -> str | None:
    """Return the first candidate that is free or already this person's; None when all are taken."""
    for name in candidates:
        owner = await pool.fetchval(
            "INSERT INTO username AS u (name, person_key) VALUES (lower($1), $2)"
            " ON CONFLICT (name) DO UPDATE SET name = u.name RETURNING person_key",
            name,
            person_key,
        )
        if owner == person_key:
            return name.lower()
    return None


async def held_by(pool: Pool, person_key: str) -> str | None:
    """Return the newest name reserved by this person."""
    name: str | None = await pool.fetchval(
        "SELECT name FROM username WHERE person_key = $1 ORDER BY reserved_at DESC LIMIT 1",
        person_key,
    )
    return name
