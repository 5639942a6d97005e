"""Username reservations: atomic, unique regardless of case, never given to another person."""

from collections.abc import Sequence
from enum import StrEnum

from postgres import Connection, Pool, exists
from security.keys import KeyRing

KEPT = "="
"""Begins what stands for a name; no username begins so."""
_OF_OTHERS = "activation WHERE username_index = $1 AND (person_key = ANY($2)) IS NOT TRUE"
_UNDER_WAY = (
    "activation WHERE ended_at IS NULL AND (person_key = $1 OR person_key IN"
    " (SELECT r.person_key FROM rekeyed r WHERE r.former_key = $1))"
)


class Release(StrEnum):
    """The outcome of `release`, as text for operators."""

    RELEASED = "released"
    UNKNOWN = "the ledger has no such username"
    UNDER_WAY = "an activation of the person who has this username is under way"
    WAS_GIVEN = "an activation ended with an account of this username"


async def reserve(
    pool: Pool,
    keys: KeyRing,
    *,
    person_key: str,
    candidates: Sequence[str],
    other_keys: Sequence[str] = (),
) -> str | None:
    """Reserve the first candidate that is free or this person's, and return it; None without one.

    A free name is reserved under `person_key`; a name under one of `other_keys` stays as it is.
    """
    for name in map(str.lower, candidates):
        of_person = [person_key, *other_keys]
        reserved = "SELECT reserve_username($1, $2, $3, $4)"
        if await pool.fetchval(reserved, name, kept(keys, name), person_key, of_person):
            return name
    return None


def kept(keys: KeyRing, name: str) -> str:
    """Return what stands for a name whose person has been erased."""
    return KEPT + keys.index("username", name)


async def note_owner(
    connection: Connection, person_keys: Sequence[str], marks: Sequence[str], *, made: bool
) -> None:
    """Keep whose the person's names are; where that is kept, only if an account was `made`."""
    await connection.execute(
        "UPDATE username SET owner_marks = $2 WHERE person_key = ANY($1)"
        " AND $2::text[] <> '{}' AND (owner_marks = '{}' OR $3)",
        person_keys,
        marks,
        made,
    )


async def conceal(connection: Connection, keys: KeyRing, person_keys: Sequence[str]) -> int:
    """Replace a person's names by what still reserves them; return how many there were."""
    names = await connection.fetch(
        "SELECT name FROM username WHERE person_key = ANY($1) AND name NOT LIKE '=%'", person_keys
    )
    clear = [row["name"] for row in names]
    done = await connection.fetch(
        "UPDATE username u SET name = n.kept, empty_entry_of = NULL"
        " FROM unnest($1::text[], $2::text[]) n (name, kept) WHERE u.name = n.name"
        " AND NOT EXISTS (SELECT FROM username o WHERE o.name = n.kept) RETURNING 1",
        clear,
        [kept(keys, name) for name in clear],
    )
    return len(done)


async def held_by(pool: Pool, *person_keys: str) -> str | None:
    """Return the name that this person reserved last, or None."""
    newest = (
        "SELECT name FROM username WHERE person_key = ANY($1) AND name NOT LIKE '=%'"
        " ORDER BY reserved_at DESC LIMIT 1"
    )
    name: str | None = await pool.fetchval(newest, person_keys)
    return name


async def note_empty_entry(
    pool: Pool, keys: KeyRing, *, person_keys: Sequence[str], name: str, reference: str
) -> None:
    """Record that this activation is about to add an entry without a password for this person."""
    await reserve(
        pool, keys, person_key=person_keys[0], candidates=[name], other_keys=person_keys[1:]
    )
    await pool.execute(
        "UPDATE username SET empty_entry_of = $3 WHERE name = lower($1) AND person_key = ANY($2)",
        name,
        person_keys,
        reference,
    )


async def has_empty_entry(pool: Pool, *, name: str, reference: str) -> bool:
    """Return whether this activation may have added this name's entry and has set no password.

    An entry that another activation added may have got a password by other means since.
    """
    noted = "username WHERE name = lower($1) AND empty_entry_of = $2"
    return await exists(pool, noted, name, reference)


async def release(pool: Pool, keys: KeyRing, name: str, heirs: Sequence[str] = ()) -> Release:
    """Free a name that no account was made or found under, and that no live activation may use.

    `heirs` are keys of one person, whose own account does not prevent it.
    """
    async with pool.acquire() as connection, connection.transaction():
        owner = await connection.fetchval(
            "SELECT person_key FROM username WHERE name IN (lower($1), $2) FOR UPDATE",
            name,
            kept(keys, name.lower()),
        )
        if owner is None:
            return Release.UNKNOWN
        if await exists(connection, _OF_OTHERS, keys.index("username", name.lower()), heirs):
            return Release.WAS_GIVEN
        if await exists(connection, _UNDER_WAY, owner):
            return Release.UNDER_WAY
        await connection.execute("DELETE FROM imported WHERE name = lower($1)", name)
        await connection.execute(
            "DELETE FROM username WHERE name IN (lower($1), $2)", name, kept(keys, name.lower())
        )
    return Release.RELEASED
