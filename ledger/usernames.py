"""Username reservations: atomic, unique without regard to case, never given to another person."""

from collections.abc import Sequence

from ledger.pool import Pool


async def reserve(
    pool: Pool, *, person_key: str, candidates: Sequence[str], other_keys: Sequence[str] = ()
) -> str | None:
    """Return the first candidate that is free or already this person's; None when all are taken.

    It is reserved by `person_key`; what one of `other_keys` owns stays under that one.
    """
    for name in candidates:
        owner = await pool.fetchval(
            "INSERT INTO username AS u (name, person_key) VALUES (lower($1), $2)"
            " ON CONFLICT (name) DO UPDATE SET name = u.name RETURNING person_key",
            name,
            person_key,
        )
        if owner in (person_key, *other_keys):
            return name.lower()
    return None


async def held_by(pool: Pool, *person_keys: str) -> str | None:
    """Return the newest name reserved by this person."""
    name: str | None = await pool.fetchval(
        "SELECT name FROM username WHERE person_key = ANY($1) ORDER BY reserved_at DESC LIMIT 1",
        person_keys,
    )
    return name
