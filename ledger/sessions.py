"""Browser sessions: only the hash of the token is stored, and it ends by idleness or age.

A token is replaced when its session is worth more. For two minutes more the old one finds the
session, but only together with the submission that it was replaced for: a second click and a
browser that lost the answer get the same answer again, a copy of the old cookie gets nothing.
A session whose activation was taken over by another one is told so, and may do nothing more to it.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from postgres import Pool

_ROTATED = "token_hash = $2, previous_hash = $1, rotated_for = $3, rotated_at = now()"
_NOT_YET = "token_hash = $1 AND rotated_for IS DISTINCT FROM $3"


@dataclass(frozen=True)
class Session:
    """A live session.

    `superseded`: the activation goes on in another browser; `typed`: what began it, in a box;
    `proofs`: the submissions it was given a new token for since then, of which one may have proved
    who is there; `replaced`: it was found by its old token.
    """

    reference: str | None
    superseded: bool = False
    typed: bytes | None = None
    proofs: tuple[str, ...] = ()
    replaced: bool = False


def token_hash(token: str) -> str:
    """Return what is stored of a token; staff's sessions go by it too."""
    return hashlib.sha256(token.encode()).hexdigest()


async def create(pool: Pool, token: str) -> None:
    """Start the session of a new token."""
    await pool.execute("INSERT INTO session (token_hash) VALUES ($1)", token_hash(token))


async def find(
    pool: Pool, token: str, submission_id: str | None, *, idle: timedelta, absolute: timedelta
) -> Session | None:
    """Return the live session of this token and note its use; None when there is none."""
    row = await pool.fetchrow(
        "UPDATE session SET seen_at = now() WHERE (token_hash = $1"
        " OR (previous_hash = $1 AND rotated_for = $2 AND rotated_at > now() - interval '2 min'))"
        " AND seen_at > now() - $3::interval AND created_at > now() - $4::interval"
        " RETURNING reference, superseded, typed, proofs, token_hash <> $1 AS replaced",
        token_hash(token),
        submission_id,
        idle,
        absolute,
    )
    return Session(**dict(row) | {"proofs": tuple(row["proofs"])}) if row else None


async def attach(
    pool: Pool,
    token: str,
    fresh: str,
    submission_id: str,
    *,
    reference: str,
    typed: bytes | None = None,
) -> bool:
    """As `rotate`, and let the session stand for this activation from now on."""
    await pool.execute(
        f"UPDATE session SET {_ROTATED}, reference = $4, typed = $5, proofs = '{{}}'"  # noqa: S608 - constants of ours
        f" WHERE {_NOT_YET}",
        token_hash(token),
        token_hash(fresh),
        submission_id,
        reference,
        typed,
    )
    return await _lives(pool, fresh)


async def take_over(
    pool: Pool, token: str, reference: str, proof: str | None, typed: bytes | None = None
) -> None:
    """Let this session stand for another activation, and no other session act on it any more.

    `proof` is the submission that proved the contact there; `typed` is what this browser typed,
    encrypted for that activation.
    """
    await pool.execute(
        "UPDATE session SET reference = $2, superseded = token_hash <> $1, proofs ="
        " CASE WHEN token_hash = $1 THEN array_remove(ARRAY[$3::text], NULL) ELSE proofs END,"
        " typed = CASE WHEN token_hash = $1 THEN $4 ELSE typed END"
        " WHERE token_hash = $1 OR reference = $2",
        token_hash(token),
        reference,
        proof,
        typed,
    )


async def rotate(pool: Pool, token: str, fresh: str, submission_id: str) -> bool:
    """Let `fresh` take the token's place for this submission, and tell whether it has.

    Once more with the same changes nothing, be it with the old token or with the new one.
    """
    await pool.execute(
        f"UPDATE session SET {_ROTATED}, proofs = proofs || $3 WHERE {_NOT_YET}",  # noqa: S608 - constants of ours
        token_hash(token),
        token_hash(fresh),
        submission_id,
    )
    return await _lives(pool, fresh)


async def _lives(pool: Pool, token: str) -> bool:
    query = "SELECT EXISTS (SELECT FROM session WHERE token_hash = $1)"
    return bool(await pool.fetchval(query, token_hash(token)))


async def drop(pool: Pool, token: str) -> None:
    """End the session of this token, not of one it was replaced by; clear away the aged ones."""
    await pool.execute(
        "DELETE FROM session WHERE token_hash = $1 OR created_at < now() - interval '1 day'",
        token_hash(token),
    )
