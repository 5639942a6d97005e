"""What staff did, to which activation, and why: append-only, and each row vouches for the last.

A row's hash is made with a key over the hash before it and all its fields; the head, sealed with
the same key, says which row is the newest. Who writes to the database without the keys can
neither add a row nor mend the chain behind one that was changed or taken out. To undo everything
since an older state of the whole database leaves no trace in it: a head kept elsewhere tells.
"""

import hmac
import json
from collections.abc import AsyncIterator, Iterable, Mapping
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
"""The action of the row that follows an act which turned out to be impossible."""
_BEGIN = b""
_AT_ONCE = 2000
_CHOSEN = (
    "SELECT * FROM audit WHERE ($1::text IS NULL OR actor = $1)"
    " AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR reference = $3)"
    " AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Row:
    """`reason` is None where what is stored cannot be read: somebody changed it."""

    id: int
    at: datetime
    actor: str
    action: str
    reference: str | None
    reason: str | None
    hash: str


@dataclass(frozen=True)
class Chain:
    """What a look at the whole chain found; `bad` is the first row that does not fit.

    `held`: whether the head that was kept elsewhere is in it; None when none was given.
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
    """Add a row to the chain, one writer at a time."""
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
    """Add a row for each reference, all of them or none, one writer at a time."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.AUDIT)
        last, previous, at = await _follows(connection, keys)
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
            await _add(connection, row, previous, _seal(keys, number, previous))


async def _add(connection: Connection, row: Mapping[str, Any], linked: bytes, seal: bytes) -> None:
    await connection.execute(
        "WITH added AS (INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7))"
        " INSERT INTO audit_head (id, hash, seal) VALUES ($1, $7, $8)"
        " ON CONFLICT (one) DO UPDATE SET id = $1, hash = $7, seal = $8",
        *row.values(),
        linked,
        seal,
    )


async def _follows(connection: Connection, keys: KeyRing) -> tuple[int, bytes, datetime]:
    """Return number and hash of the row to follow, and the time.

    After a head that is gone or not ours the chain begins anew: work goes on, and the row that
    does not fit stays for all to see.
    """
    now = await connection.fetchrow(
        "SELECT clock_timestamp() AS at, (SELECT max(id) FROM audit) AS last, head.*"
        " FROM (VALUES (1)) AS always LEFT JOIN audit_head head ON true"
    )
    assert now is not None  # noqa: S101 - the left side is one row
    last = max(now["last"] or 0, now["id"] or 0)
    if _is_ours(keys, now) and now["id"] == last:
        return last, now["hash"], now["at"]
    if last:
        log.error("the audit has lost its head", part="ledger", outcome="forged")
    return last, _BEGIN, now["at"]


async def verify(pool: Pool, keys: KeyRing, expect: str | None = None) -> Chain:
    """Walk the whole chain, as it is at one moment; `expect` is a head that was kept elsewhere."""
    last, previous, bad, seen = 0, _BEGIN, None, False
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        head = await connection.fetchrow("SELECT * FROM audit_head")
        async for row in connection.cursor("SELECT * FROM audit ORDER BY id", prefetch=_AT_ONCE):
            if row["id"] != last + 1 or row["hash"] != _hash(keys, previous, row):
                bad = min(row["id"], last + 1)
                break
            last, previous = row["id"], row["hash"]
            seen = seen or previous.hex() == expect
        count = await connection.fetchval("SELECT count(*) FROM audit")
    if bad is None and not _ends(keys, head, last, previous):
        bad = last + 1
    return Chain(rows=count, head=previous.hex(), bad=bad, held=seen if expect else None)


def _ends(keys: KeyRing, head: asyncpg.Record | None, last: int, previous: bytes) -> bool:
    """Whether the chain ends where its head says; before its first row there is none."""
    if head is None:
        return last == 0
    return _is_ours(keys, head) and (head["id"], head["hash"]) == (last, previous)


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
    """Return the newest rows that fit, or those older than row `before`."""
    rows = await pool.fetch(_CHOSEN, actor, action, reference, before, limit)
    return [_opened(keys, row) for row in rows]


async def since(pool: Pool, keys: KeyRing, at: datetime | None = None) -> AsyncIterator[Row]:
    """Yield every row from this time on, the oldest first."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in connection.cursor(
            "SELECT * FROM audit WHERE $1::timestamptz IS NULL OR at >= $1 ORDER BY id",
            at,
            prefetch=_AT_ONCE,
        ):
            yield _opened(keys, row)


def _opened(keys: KeyRing, row: asyncpg.Record) -> Row:
    try:
        reason = keys.decrypt("audit", str(row["id"]), row["reason"])
    except InvalidTag:
        reason = None
    return Row(**{**row, "reason": reason, "hash": row["hash"].hex()})


def _hash(keys: KeyRing, previous: bytes, row: Any) -> bytes:
    fields = [row["id"], row["at"].isoformat(), row["actor"], row["action"], row["reference"]]
    told = json.dumps([previous.hex(), *fields, row["reason"].hex()])
    return hmac.digest(keys.audit_key, told.encode(), "sha256")


def _seal(keys: KeyRing, last: int, linked: bytes) -> bytes:
    return hmac.digest(keys.audit_key, f"head {last} {linked.hex()}".encode(), "sha256")


def _is_ours(keys: KeyRing, head: asyncpg.Record) -> bool:
    if head["id"] is None:
        return False
    return hmac.compare_digest(head["seal"], _seal(keys, head["id"], head["hash"]))
