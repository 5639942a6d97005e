"""Browser sessions: only the hash of the token is stored; they end by idle time or age.

A token is rotated when its session gains rights. For two minutes more the old token finds the
session, but only together with the submission that it was rotated for: a second click and a browser
that lost the answer get the same answer again, a copy of the old cookie gets nothing. A session
whose activation another session took over is marked `superseded`, and can no longer act on it.
A row that stands for an activation counts with its seal alone, which the portal's keys make.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from ledger import row_seals
from ledger.posts import AN_HOUR, IN_ALL, PostsSpent
from postgres import Pool, exists
from security.keys import KeyRing

_SEALED = (
    *("token_hash", "previous_hash", "rotated_for", "reference", "proofs", "superseded"),
    "created_at",
)
"""What the seal covers; `progress` and `typed` are encrypted for the activation."""
_ROW = ", ".join((*_SEALED, "seal"))
_FIND = f"""
WITH found AS (
    SELECT {_ROW}, typed, progress, progress_at, seen_at FROM session
    WHERE (token_hash = $1
        OR (previous_hash = $1 AND rotated_for = $2 AND rotated_at > now() - interval '2 min'))
    AND seen_at > now() - $3::interval - interval '1 min' AND created_at > now() - $4::interval
    AND created_at <= now()
), noted AS (
    UPDATE session SET seen_at = CASE WHEN $10::boolean THEN now() ELSE session.seen_at END,
        progress = CASE WHEN $5::boolean THEN NULL ELSE session.progress END
    FROM found WHERE session.token_hash = found.token_hash
    AND (($10 AND session.seen_at < now() - interval '1 min')
        OR ($5 AND session.progress IS NOT NULL))
    RETURNING found.progress, found.progress_at
)
SELECT {_ROW}, typed, token_hash <> $1 AS replaced,
    (SELECT progress FROM noted WHERE $5 AND progress_at > now() - $6::interval) AS progress,
    now() AS told_at, CASE WHEN $10 THEN now() ELSE seen_at + interval '1 min' END AS used_at,
    refused, opens
FROM found
LEFT JOIN LATERAL take_post(CASE WHEN NOT superseded THEN reference END, $7, $8, $9) ON true
"""  # noqa: S608 - constants of this module
_BEGIN = """
WITH dropped AS (
    DELETE FROM session WHERE token_hash = $1 OR created_at < now() - interval '1 day'
) INSERT INTO session (token_hash) VALUES ($2)
"""
_ROTATE = "token_hash = $2, previous_hash = $1, rotated_for = $3, rotated_at = now(), seal = $5"
_WITH_HASH = "session WHERE token_hash = $1"
_NO_ANSWER_YET = "progress = NULL, progress_run = NULL, progress_version = NULL"
_SERVES = timedelta(seconds=10)
"""How long an answer may serve the page after a redirect."""
_AS_IT_WAS = "token_hash = $1 AND seal IS NOT DISTINCT FROM $4"
_ROTATE_AND_KEEP = f"""
WITH old AS (
    SELECT token_hash AS hash, reference = $6
        AND (progress_run IS DISTINCT FROM $8 OR progress_version < $9) AS newer
    FROM session WHERE {_AS_IT_WAS} FOR UPDATE
)
UPDATE session SET {_ROTATE}, proofs = proofs || $3::text,
    progress = CASE WHEN newer THEN $7 ELSE progress END,
    progress_run = CASE WHEN newer THEN $8 ELSE progress_run END,
    progress_version = CASE WHEN newer THEN $9 ELSE progress_version END,
    progress_at = CASE WHEN newer THEN now() ELSE progress_at END
FROM old WHERE token_hash = hash RETURNING newer
"""  # noqa: S608 - constants of this module
_ATTACH = f"""
UPDATE session SET {_ROTATE}, reference = $6, typed = $7, proofs = '{{}}', {_NO_ANSWER_YET}
WHERE {_AS_IT_WAS} RETURNING true
"""  # noqa: S608 - constants of this module
_TAKE_OVER = f"""
UPDATE session SET {_NO_ANSWER_YET}, reference = $2, superseded = token_hash <> $1,
    proofs = CASE WHEN token_hash = $1 THEN array_remove(ARRAY[$3::text], NULL) ELSE proofs END,
    typed = CASE WHEN token_hash = $1 THEN $4 ELSE typed END, seal = sealed.seal
FROM unnest($5::text[], $6::bytea[]) AS sealed (hash, seal) WHERE token_hash = hash
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True)
class Session:
    """A live session.

    `superseded`: the activation goes on in another browser; `typed`: the form that began it,
    encrypted; `proofs`: the submissions that its token was rotated for since then, of which one may
    have proved the contact; `replaced`: it was found by its old token; `progress`: the newest
    answer of the engine, encrypted, if it is seconds old and no page was drawn from it. `told_at`
    is the ledger's time, `seen_at` the last use as far as the row has it. `spent` is the limit that
    refuses the answer that was to be counted.
    """

    reference: str | None
    superseded: bool = False
    typed: bytes | None = None
    proofs: tuple[str, ...] = ()
    replaced: bool = False
    progress: bytes | None = None
    told_at: datetime | None = field(default=None, compare=False)
    began_at: datetime | None = field(default=None, compare=False)
    seen_at: datetime | None = field(default=None, compare=False)
    spent: PostsSpent | None = None


class Newest(NamedTuple):
    """An answer of the engine: the progress, encrypted, and which answer of which run it is."""

    reference: str
    run: str
    version: int
    progress: bytes


def token_hash(token: str) -> str:
    """Return the hash under which a token is stored, for sessions of students and of staff."""
    return hashlib.sha256(token.encode()).hexdigest()


async def begin(pool: Pool, token: str, old: str | None = None) -> None:
    """Create a session, and delete the one of this old token and all older than a day."""
    await pool.execute(_BEGIN, token_hash(old) if old else None, token_hash(token))


async def find(
    pool: Pool,
    keys: KeyRing,
    token: str,
    submission_id: str | None,
    *,
    idle: timedelta,
    absolute: timedelta,
    take: bool = False,
    counts: str | None = None,
    used: bool = True,
) -> Session | None:
    """Return the live session of this token and record that it is `used`; None without one.

    The use is written once a minute, so that a session lives up to a minute longer than `idle`.
    `take`: return the newest answer as well, and forget it, so that it serves one page.
    `counts`: count this submission for the session's activation, like `posts.take`.
    """
    lives, limits = (idle, absolute), (counts, AN_HOUR, IN_ALL)
    row = await pool.fetchrow(
        _FIND, token_hash(token), submission_id, *lives, take, _SERVES, *limits, used
    )
    if row is None or not _counts(keys, row):
        return None
    return Session(
        row["reference"],
        superseded=row["superseded"],
        typed=row["typed"],
        proofs=tuple(row["proofs"]),
        replaced=row["replaced"],
        progress=row["progress"],
        told_at=row["told_at"],
        began_at=row["created_at"],
        seen_at=row["used_at"],
        spent=PostsSpent(row["opens"]) if row["refused"] else None,
    )


async def keep(pool: Pool, token: str, newest: Newest) -> bool:
    """Keep an answer of the engine for the next page; return False if it is not new.

    A form that is sent again brings its answer of then, although staff may have acted since.
    """
    kept = await pool.fetchval(
        "UPDATE session SET progress = $3, progress_run = $4, progress_version = $5,"
        " progress_at = now() WHERE token_hash = $1 AND reference = $2"
        " AND (progress_run IS DISTINCT FROM $4 OR progress_version < $5) RETURNING true",
        token_hash(token),
        newest.reference,
        newest.progress,
        newest.run,
        newest.version,
    )
    return bool(kept)


async def attach(
    pool: Pool,
    keys: KeyRing,
    token: str,
    fresh: str,
    submission_id: str,
    *,
    reference: str,
    typed: bytes | None = None,
) -> bool:
    """Rotate the token like `rotate`, and bind the session to this activation."""
    changes = {"reference": reference, "proofs": []}
    while named := await _rotation(pool, keys, token, fresh, submission_id, **changes):
        if await pool.fetchval(_ATTACH, *named, reference, typed):
            return True
    return await exists(pool, _WITH_HASH, token_hash(fresh))


async def take_over(
    pool: Pool,
    keys: KeyRing,
    token: str,
    reference: str,
    proof: str | None,
    *,
    typed: bytes | None = None,
) -> None:
    """Bind this session to another activation, and mark that one's other sessions as superseded.

    `proof` is the submission that proved the contact there; `typed` is what this browser typed,
    encrypted for that activation.
    """
    ours = token_hash(token)
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            f"SELECT {_ROW}, token_hash = $1 AS own FROM session"  # noqa: S608 - constants of this module
            " WHERE token_hash = $1 OR reference = $2 ORDER BY token_hash FOR UPDATE",
            ours,
            reference,
        )
        seals = {}
        for row in rows:
            if _counts(keys, row):
                proofs = {"proofs": [proof] if proof else []} if row["own"] else {}
                changes = {"reference": reference, "superseded": not row["own"]} | proofs
                seals[row["token_hash"]] = seal(keys, {**row, **changes})
        await connection.execute(
            _TAKE_OVER, ours, reference, proof, typed, [*seals], [*seals.values()]
        )


async def rotate(
    pool: Pool,
    keys: KeyRing,
    token: str,
    fresh: str,
    submission_id: str,
    *,
    newest: Newest | None = None,
) -> bool | None:
    """Replace the token by `fresh` for this submission, and keep the answer to it like `keep`.

    Returns None if no session has `fresh` now, else what `keep` returns; True without an answer.
    Idempotent by submission, with the old token as well as with the new one.
    """
    reference, run, version, progress = newest or (None, None, None, None)
    answer = reference, progress, run, version
    row = None
    while row is None and (named := await _rotation(pool, keys, token, fresh, submission_id)):
        row = await pool.fetchrow(_ROTATE_AND_KEEP, *named, *answer)
    if row is None and not await exists(pool, _WITH_HASH, token_hash(fresh)):
        return None
    if newest is None:
        return True
    return bool(row["newer"]) if row else await keep(pool, fresh, newest)


async def _rotation(
    pool: Pool, keys: KeyRing, token: str, fresh: str, submission_id: str, **changes: object
) -> tuple[str, str, str, bytes | None, bytes] | None:
    """Return what rotates the token: both hashes, the submission, and the seals before and after.

    None if no session has it any more, or if it was rotated for this submission before. Where
    others change the row meanwhile, its seal is another one, and the caller asks again.
    """
    before, after = token_hash(token), token_hash(fresh)
    row = await pool.fetchrow(f"SELECT {_ROW} FROM {_WITH_HASH}", before)  # noqa: S608 - constants of this module
    if row is None or row["rotated_for"] == submission_id or not _counts(keys, row):
        return None
    rotated = {"token_hash": after, "previous_hash": before, "rotated_for": submission_id}
    proofs = {"proofs": [*row["proofs"], submission_id]}
    sealed = seal(keys, {**row} | rotated | proofs | changes)
    return before, after, submission_id, row["seal"], sealed


def _counts(keys: KeyRing, row: asyncpg.Record) -> bool:
    """Return whether a row has its seal, or stands for nothing yet."""
    fields = [row[name] for name in _SEALED]
    return row["reference"] is None or row_seals.fits(keys, row["seal"], "session", *fields)


def seal(keys: KeyRing, row: Mapping[str, Any]) -> bytes:
    """Return the seal of a session's row."""
    return row_seals.seal(keys, "session", *(row[name] for name in _SEALED))


async def drop(pool: Pool, token: str) -> None:
    """Delete the session of this current token, and all sessions older than a day."""
    await pool.execute(
        "DELETE FROM session WHERE token_hash = $1 OR created_at < now() - interval '1 day'",
        token_hash(token),
    )
