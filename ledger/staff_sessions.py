"""Sessions of staff: their rights as of sign-in; only the hash of the token is stored.

A row counts with its seal alone, which the console's keys make (`ledger.row_seals`).
"""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from ledger import clock, row_seals
from ledger.sessions import token_hash
from postgres import Pool
from security.keys import KeyRing


@dataclass(frozen=True)
class SignedIn:
    """A signed-in member of staff; `departments` None: all of them."""

    name: str
    roles: tuple[str, ...]
    departments: tuple[str, ...] | None


async def create(pool: Pool, keys: KeyRing, token: str, who: SignedIn) -> None:
    """Insert the session of a new token, and delete sessions older than a day."""
    await pool.execute("DELETE FROM staff_session WHERE created_at < now() - interval '1 day'")
    fields = token_hash(token), who.name, who.roles, who.departments, await clock.now(pool)
    await pool.execute(
        "INSERT INTO staff_session (token_hash, name, roles, departments, created_at, seal)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        *fields,
        row_seals.seal(keys, "staff_session", *fields),
    )


async def find(
    pool: Pool,
    keys: KeyRing,
    token: str,
    *,
    idle: timedelta,
    absolute: timedelta,
    used: bool = True,
) -> SignedIn | None:
    """Return who has this live session and record that it is `used`; None when there is none.

    The use is written once a minute, so that a session lives up to a minute longer than `idle`.
    """
    row = await pool.fetchrow(
        "WITH found AS (SELECT * FROM staff_session"
        " WHERE token_hash = $1 AND seen_at > now() - $2::interval - interval '1 min'"
        " AND created_at > now() - $3::interval), noted AS ("
        "UPDATE staff_session SET seen_at = now() FROM found"
        " WHERE staff_session.token_hash = found.token_hash"
        " AND $4 AND found.seen_at < now() - interval '1 min')"
        " SELECT token_hash, name, roles, departments, created_at, seal FROM found",
        token_hash(token),
        idle,
        absolute,
        used,
    )
    if row is None:
        return None
    *fields, found = row
    if not row_seals.fits(keys, found, "staff_session", *fields):
        return None
    return signed_in(row)


def signed_in(row: asyncpg.Record) -> SignedIn:
    """Return the member of staff of a row."""
    departments = None if row["departments"] is None else tuple(row["departments"])
    return SignedIn(row["name"], tuple(row["roles"]), departments)


async def recent(pool: Pool, keys: KeyRing) -> list[SignedIn]:
    """Return who has signed in within a day, each with the rights of the newest sign-in."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (name) token_hash, name, roles, departments, created_at, seal"
        " FROM staff_session WHERE created_at > now() - interval '1 day'"
        " ORDER BY name, created_at DESC"
    )
    return [
        signed_in(row)
        for row in rows
        if row_seals.fits(keys, row["seal"], "staff_session", *tuple(row)[:-1])
    ]


async def drop_all(pool: Pool, name: str) -> int:
    """Delete every session of this person, also those under way; return how many there were.

    A provider's account is known by the digest after the tilde, as its owner may be renamed.
    """
    await pool.execute("DELETE FROM sign_in_under_way WHERE name = $1", name)
    ended = await pool.fetch(
        "DELETE FROM staff_session WHERE name = $1"
        " OR nullif(split_part(name, '~', 2), '') = split_part($1, '~', 2) RETURNING 1",
        name,
    )
    return len(ended)


async def drop(pool: Pool, token: str) -> None:
    await pool.execute("DELETE FROM staff_session WHERE token_hash = $1", token_hash(token))
