"""Username reservations: atomic, unique without regard to case, never given to another person."""

from collections.abc import Sequence
from enum import StrEnum

from postgres import Pool
from security.keys import KeyRing


class Release(StrEnum):
    """What became of the wish to free a name, in words."""

    RELEASED = "released"
    UNKNOWN = "the ledger has no such username"
    UNDER_WAY = "an activation of the person who has this username is under way"
    WAS_GIVEN = "an activation ended with an account of this username"


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


async def note_empty_entry(
    pool: Pool, *, person_keys: Sequence[str], name: str, reference: str
) -> None:
    """Note that this activation is about to add an entry without a password for this person."""
    await pool.execute(
        "INSERT INTO username AS u (name, person_key, empty_entry_of) VALUES (lower($1), $2, $4)"
        " ON CONFLICT (name) DO UPDATE SET empty_entry_of = $4 WHERE u.person_key = ANY($3)",
        name,
        person_keys[0],
        person_keys,
        reference,
    )


async def has_empty_entry(pool: Pool, *, name: str, reference: str) -> bool:
    """Whether this activation may have added the entry of this name and has set no password.

    What another activation added may have been given a password by other means since.
    """
    noted: bool = await pool.fetchval(
        "SELECT EXISTS (SELECT FROM username WHERE name = lower($1) AND empty_entry_of = $2)",
        name,
        reference,
    )
    return noted


async def forget_empty_entry(pool: Pool, name: str) -> None:
    """Note that the entry of this name has a password now."""
    await pool.execute("UPDATE username SET empty_entry_of = NULL WHERE name = lower($1)", name)


async def release(pool: Pool, keys: KeyRing, name: str, heirs: Sequence[str] = ()) -> Release:
    """Free a name that no account was made or found under, and that no activation may use now.

    For `heirs`, keys of one person, an account of their own is no obstacle.
    """
    async with pool.acquire() as connection, connection.transaction():
        owner = await connection.fetchval(
            "SELECT person_key FROM username WHERE name = lower($1) FOR UPDATE", name
        )
        if owner is None:
            return Release.UNKNOWN
        if await connection.fetchval(
            "SELECT EXISTS (SELECT FROM activation WHERE username_index = $1"
            " AND (person_key = ANY($2)) IS NOT TRUE)",
            keys.index("username", name.lower()),
            heirs,
        ):
            return Release.WAS_GIVEN
        if await connection.fetchval(
            "SELECT EXISTS (SELECT FROM activation a WHERE a.ended_at IS NULL"
            " AND (a.person_key = $1 OR a.person_key IN"
            " (SELECT r.person_key FROM rekeyed r WHERE r.former_key = $1)))",
            owner,
        ):
            return Release.UNDER_WAY
        await connection.execute("DELETE FROM imported WHERE name = lower($1)", name)
        await connection.execute("DELETE FROM username WHERE name = lower($1)", name)
    return Release.RELEASED
