"""Audit log: what staff did, to which activation, and why; append-only, a chain of hashes.

A row's hash is an HMAC over the previous row's hash and all its fields; the head, sealed with the
same key, says which row is the newest. Without the keys, a writer to the database can neither add
a row nor repair the chain after a row that was changed or deleted. Restoring an older state of the
whole database leaves no trace in it: only a head that is kept elsewhere detects this.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from ledger.audit_hashes import NO_HASH, has_valid_seal, row_hash, seal
from postgres import Connection, Pool, exists
from security.keys import KeyRing

REFUSED = "refused"
"""The action of a further row, for an act that was recorded and turned out to be impossible."""
CUT = "audit_cut"
"""The action of the row that says before which row the audit was cut."""
_BEYOND = 10**14
"""Rows from this number on are not the engine's: it goes on below, and `verify` reports them."""
_PREFETCH = 2000
_ADD = (
    "WITH added AS (INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7))"
    " INSERT INTO audit_head (id, hash, seal) VALUES ($1, $7, $8)"
    " ON CONFLICT (one) DO UPDATE SET id = $1, hash = $7, seal = $8"
)
_IN_SIGHT = (
    "($1::text[] IS NULL OR reference IS NULL OR EXISTS (SELECT FROM activation a"
    " WHERE a.reference = audit.reference AND a.department = ANY ($1)))"
)
_PAGE = (
    f"SELECT * FROM audit WHERE {_IN_SIGHT} AND ($2::text IS NULL OR actor = $2)"  # noqa: S608 - constants of this module
    " AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR reference = $4)"
    " AND ($5::bigint IS NULL OR id < $5) AND action <> ALL($7) ORDER BY id DESC LIMIT $6"
)
_FROM = f"audit WHERE {_IN_SIGHT} AND ($2::timestamptz IS NULL OR at >= $2)"
_SINCE = f"SELECT * FROM {_FROM} ORDER BY id"  # noqa: S608 - constants of this module

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Row:
    """One row of the log; `reason` is None if the stored one does not decrypt: it was changed."""

    id: int
    at: datetime
    actor: str
    action: str
    reference: str | None
    reason: str | None
    hash: str


async def record(
    pool: Pool, keys: KeyRing, *, actor: str, action: str, reference: str | None, reason: str
) -> None:
    """Append a row to the chain; a lock admits one writer at a time."""
    await record_each(pool, keys, actor=actor, action=action, references=[reference], reason=reason)


async def record_each(
    pool: Pool,
    keys: KeyRing,
    *,
    actor: str,
    action: str,
    references: Iterable[str | None],
    reason: str,
) -> None:
    """Append a row for each reference, all or none; a lock admits one writer at a time."""
    async with pool.acquire() as connection, connection.transaction():
        await lock(connection)
        await append(
            connection, keys, actor=actor, action=action, references=references, reason=reason
        )


async def lock(connection: Connection) -> None:
    """Admit no other writer until the transaction ends; who may not write cannot take this lock."""
    await connection.execute("LOCK TABLE audit_head IN SHARE ROW EXCLUSIVE MODE")


async def append(
    connection: Connection,
    keys: KeyRing,
    *,
    actor: str,
    action: str,
    references: Iterable[str | None],
    reason: str,
) -> None:
    """Append a row for each reference, in a transaction that holds the lock of the audit."""
    last, previous, at = await _newest(connection, keys)
    for number, reference in enumerate(references, last + 1):
        row = {
            "id": number,
            "at": at,
            "actor": actor,
            "action": action,
            "reference": reference,
            "reason": keys.encrypt("audit", str(number), reason),
        }
        previous = row_hash(keys, previous, row)
        await connection.execute(_ADD, *row.values(), previous, seal(keys, number, previous))


async def _newest(connection: Connection, keys: KeyRing) -> tuple[int, bytes, datetime]:
    """Return number and hash of the newest row, and the time.

    After a head that is missing or forged a new chain begins: work goes on, and `verify` reports
    the row that does not fit.
    """
    now = await connection.fetchrow(
        "SELECT clock_timestamp() AS at, (SELECT max(id) FROM audit WHERE id < $1) AS last, head.*"
        " FROM (VALUES (1)) AS always LEFT JOIN audit_head head ON true",
        _BEYOND,
    )
    assert now is not None  # noqa: S101 - the left side is one row
    last = now["last"] or 0
    if has_valid_seal(keys, now) and now["id"] >= last:
        # Rows before the head that somebody removed leave a gap.
        previous = now["hash"] if now["id"] == last else NO_HASH
        last = now["id"]
    else:
        previous = NO_HASH
    if last and not previous:
        log.error("the audit has lost its head", part="ledger", outcome="forged")
    return last, previous, now["at"]


async def page(
    pool: Pool,
    keys: KeyRing,
    *,
    actor: str | None = None,
    action: str | None = None,
    reference: str | None = None,
    before: int | None = None,
    limit: int = 50,
    departments: Collection[str] | None = None,
    without: Collection[str] = (),
) -> list[Row]:
    """Return a page of the rows that match, newest first; pagination by id, below `before`.

    `without` are actions that are left out. With `departments` without the rows about activations
    of others (None: all of them).
    """
    rows = await pool.fetch(_PAGE, departments, actor, action, reference, before, limit, [*without])
    return [_decrypted(keys, row) for row in rows]


async def last_of_each(pool: Pool, action: str) -> dict[str, datetime]:
    """Return by actor when they did this last."""
    rows = await pool.fetch(
        "SELECT actor, max(at) AS at FROM audit WHERE action = $1 GROUP BY actor", action
    )
    return {row["actor"]: row["at"] for row in rows}


async def since(
    pool: Pool,
    keys: KeyRing,
    at: datetime | None = None,
    departments: Collection[str] | None = None,
) -> AsyncIterator[Row]:
    """Yield every row from this time on (None: all), the oldest first; `departments` as `page`."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(_SINCE, departments, at, prefetch=_PREFETCH):
            yield _decrypted(keys, row)


async def has_more_than(
    pool: Pool, most: int, at: datetime | None, departments: Collection[str] | None
) -> bool:
    """Return whether `since` yields more than so many rows."""
    return await exists(pool, f"{_FROM} OFFSET $3", departments, at, most)


def _decrypted(keys: KeyRing, row: asyncpg.Record) -> Row:
    try:
        reason = keys.decrypt("audit", str(row["id"]), row["reason"])
    except InvalidTag:
        reason = None
    return Row(**{**row, "reason": reason, "hash": row["hash"].hex()})
