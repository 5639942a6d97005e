"""Sessions of staff: their rights as of sign-in; only the hash of the token is stored."""

from dataclasses import dataclass
from datetime import timedelta

from ledger.sessions import token_hash
from postgres import Pool


@dataclass(frozen=True)
class SignedIn:
    """A signed-in member of staff; `departments` None: all of them."""

    name: str
    roles: tuple[str, ...]
    departments: tuple[str, ...] | None


async def create(pool: Pool, token: str, who: SignedIn) -> None:
    """Insert the session of a new token, and delete sessions older than a day."""
    await pool.execute("DELETE FROM staff_session WHERE created_at < now() - interval '1 day'")
    await pool.execute(
        "INSERT INTO staff_session (token_hash, name, roles, departments) VALUES ($1, $2, $3, $4)",
        token_hash(token),
        who.name,
        who.roles,
        who.departments,
    )


async def find(pool: Pool, token: str, *, idle: timedelta, absolute: timedelta) -> SignedIn | None:
    """Return who has this live session and record its use; None when there is none.

    The use is written once a minute, so that a session lives up to a minute longer than `idle`.
    """
    row = await pool.fetchrow(
        "WITH found AS (SELECT token_hash, name, roles, departments, seen_at FROM staff_session"
        " WHERE token_hash = $1 AND seen_at > now() - $2::interval - interval '1 min'"
        " AND created_at > now() - $3::interval), noted AS ("
        "UPDATE staff_session SET seen_at = now() FROM found"
        " WHERE staff_session.token_hash = found.token_hash"
        " AND found.seen_at < now() - interval '1 min')"
        " SELECT name, roles, departments FROM found",
        token_hash(token),
        idle,
        absolute,
    )
    if row is None:
        return None
    departments = row["departments"]
    return SignedIn(
        row["name"], tuple(row["roles"]), None if departments is None else tuple(departments)
    )


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
