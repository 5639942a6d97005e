"""Audit log: what staff did, to which activation, and why; append-only, a chain of hashes.

A row's hash is an HMAC over the previous row's hash and all its fields; the head, sealed with the
same key, says which row is the newest. Without the keys, a writer to the database can neither add
a row nor repair the chain after a row that was changed or deleted. Restoring an older state of the
whole database leaves no trace in it: only a head that is kept elsewhere detects this.
"""

import hmac
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from ledger import locks
from postgres import Connection, Pool
from security.keys import KeyRing

REFUSED = "refused"
"""The action of a further row, for an act that was recorded and turned out to be impossible."""
_NO_HASH = b""
_PREFETCH = 2000
_ADD = (
    "WITH added AS (INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7))"
    " INSERT INTO audit_head (id, hash, seal) VALUES ($1, $7, $8)"
    " ON CONFLICT (one) DO UPDATE SET id = $1, hash = $7, seal = $8"
)
_PAGE = (
    "SELECT * FROM audit WHERE ($1::text IS NULL OR actor = $1)"
    " AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR reference = $3)"
    " AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5"
)

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


@dataclass(frozen=True)
class Chain:
    """Result of verifying the whole chain; `bad` is the number of the first row that does not fit.

    `held`: whether the chain has the head that was kept elsewhere; None when none was given.
    """

    rows: int
    head: str
    bad: int | None
    held: bool | None

    @property
    def whole(self) -> bool:
        return self.bad is None and self.held is not False


async def record(
    pool: Pool, keys: KeyRing, *, actor: str, action: str, reference: str | None, reason: str
) -> None:
    """Append a row to the chain; an advisory lock admits one writer at a time."""
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
        await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.AUDIT)
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
            previous = _hash(keys, previous, row)
            await connection.execute(_ADD, *row.values(), previous, _seal(keys, number, previous))


async def _newest(connection: Connection, keys: KeyRing) -> tuple[int, bytes, datetime]:
    """Return number and hash of the newest row, and the time.

    After a head that is missing or forged a new chain begins: work goes on, and `verify` reports
    the row that does not fit.
    """
    now = await connection.fetchrow(
        "SELECT clock_timestamp() AS at, (SELECT max(id) FROM audit) AS last, head.*"
        " FROM (VALUES (1)) AS always LEFT JOIN audit_head head ON true"
    )
    assert now is not None  # noqa: S101 - the left side is one row
    last = max(now["last"] or 0, now["id"] or 0)
    if _has_valid_seal(keys, now) and now["id"] == last:
        return last, now["hash"], now["at"]
    if last:
        log.error("the audit has lost its head", part="ledger", outcome="forged")
    return last, _NO_HASH, now["at"]


async def verify(pool: Pool, keys: KeyRing, expect: str | None = None) -> Chain:
    """Verify the whole chain in one snapshot; `expect` is a head that was kept elsewhere."""
    last, previous, bad, seen = 0, _NO_HASH, None, False
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        head = await connection.fetchrow("SELECT * FROM audit_head")
        async for row in connection.cursor("SELECT * FROM audit ORDER BY id", prefetch=_PREFETCH):
            fits = hmac.compare_digest(row["hash"], _hash(keys, previous, row))
            if row["id"] != last + 1 or not fits:
                bad = min(row["id"], last + 1)
                break
            last, previous = row["id"], row["hash"]
            seen = seen or previous.hex() == expect
        count = await connection.fetchval("SELECT count(*) FROM audit")
    if bad is None and not _ends_at_head(keys, head, last, previous):
        bad = last + 1
    return Chain(rows=count, head=previous.hex(), bad=bad, held=seen if expect else None)


def _ends_at_head(keys: KeyRing, head: asyncpg.Record | None, last: int, previous: bytes) -> bool:
    """Return whether the chain ends where its head says; an empty chain has no head."""
    if head is None:
        return last == 0
    return _has_valid_seal(keys, head) and (head["id"], head["hash"]) == (last, previous)


async def page(
    pool: Pool,
    keys: KeyRing,
    *,
    actor: str | None = None,
    action: str | None = None,
    reference: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Row]:
    """Return a page of the rows that match, newest first; pagination by id, below `before`."""
    rows = await pool.fetch(_PAGE, actor, action, reference, before, limit)
    return [_decrypted(keys, row) for row in rows]


async def since(pool: Pool, keys: KeyRing, at: datetime | None = None) -> AsyncIterator[Row]:
    """Yield every row from this time on (None: all), the oldest first."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(
            "SELECT * FROM audit WHERE $1::timestamptz IS NULL OR at >= $1 ORDER BY id",
            at,
            prefetch=_PREFETCH,
        ):
            yield _decrypted(keys, row)


def _decrypted(keys: KeyRing, row: asyncpg.Record) -> Row:
    try:
        reason = keys.decrypt("audit", str(row["id"]), row["reason"])
    except InvalidTag:
        reason = None
    return Row(**{**row, "reason": reason, "hash": row["hash"].hex()})


def _hash(keys: KeyRing, previous: bytes, row: Any) -> bytes:
    fields = [row["id"], row["at"].isoformat(), row["actor"], row["action"], row["reference"]]
    text = json.dumps([previous.hex(), *fields, row["reason"].hex()])
    return hmac.digest(keys.audit_key, text.encode(), "sha256")


def _seal(keys: KeyRing, last: int, linked: bytes) -> bytes:
    return hmac.digest(keys.audit_key, f"head {last} {linked.hex()}".encode(), "sha256")


def _has_valid_seal(keys: KeyRing, head: asyncpg.Record) -> bool:
    if head["id"] is None:
        return False
    return hmac.compare_digest(head["seal"], _seal(keys, head["id"], head["hash"]))
