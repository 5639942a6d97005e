"""Browser sessions: only the hash of the token is stored, and it ends by idleness or age.

A token that was rotated is good for half a minute more, so that the second of two clicks still
finds its session. A session whose activation was taken over by another one is told so, and may do
nothing more to it.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from ledger.pool import Pool

_THIS = "(token_hash = $1 OR (previous_hash = $1 AND rotated_at > now() - interval '30 seconds'))"


@dataclass(frozen=True)
class Session:
    """`superseded`: the activation goes on in another browser; `typed`: what began it, in a box."""

    reference: str | None
    superseded: bool = False
    typed: bytes | None = None


def token_hash(token: str) -> str:
    """Return what is stored of a token; staff's sessions go by it too."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create(pool: Pool, token: str) -> None:
    """Start the session of a new token."""
    await pool.execute("INSERT INTO session (token_hash) VALUES ($1)", token_hash(token))


async def find(pool: Pool, token: str, *, idle: timedelta, absolute: timedelta) -> Session | None:
    """Return the live session of this token and note its use; None when there is none."""
    row = await pool.fetchrow(
        f"UPDATE session SET seen_at = now() WHERE {_THIS}"  # noqa: S608 - a constant of ours
        " AND seen_at > now() - $2::interval AND created_at > now() - $3::interval"
        " RETURNING reference, superseded, typed",
        token_hash(token),
        idle,
        absolute,
    )
    return Session(**row) if row else None


async def attach(pool: Pool, token: str, reference: str, typed: bytes | None = None) -> None:
    """Let this session stand for this activation from now on."""
    await pool.execute(
        f"UPDATE session SET reference = $2, typed = $3 WHERE {_THIS}",  # noqa: S608 - as above
        token_hash(token),
        reference,
        typed,
    )


async def take_over(pool: Pool, token: str, reference: str) -> None:
    """As `attach`, and from now on no other session may act on this activation."""
    await pool.execute(
        f"UPDATE session SET reference = $2, superseded = {_THIS} IS NOT TRUE"  # noqa: S608 - as above
        f" WHERE {_THIS} OR reference = $2",
        token_hash(token),
        reference,
    )


async def rotate(pool: Pool, token: str, fresh: str) -> None:
    """Let `fresh` take the token's place; a second time with the same two changes nothing."""
    await pool.execute(
        "UPDATE session SET token_hash = $2, previous_hash = $1, rotated_at = now()"
        " WHERE token_hash = $1",
        token_hash(token),
        token_hash(fresh),
    )


async def drop(pool: Pool, token: str) -> None:
    """End this session, and clear away those that age has ended."""
    await pool.execute(
        f"DELETE FROM session WHERE {_THIS}"  # noqa: S608 - as above
        " OR created_at < now() - interval '1 day'",
        token_hash(token),
    )
