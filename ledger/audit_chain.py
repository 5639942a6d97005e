"""Verifies the chain of the audit, compares it with the heads that were sent, and cuts it.

Whoever has the database can rewrite chain, head and table of sent heads to an earlier state; only
heads that are kept elsewhere find this. An audit that was cut begins with the row of a sent head.
A row of the chain itself says so, which nobody adds without the keys: rows that anybody else
removed at the beginning are found.
"""

import hmac
import re
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from cryptography.exceptions import InvalidTag

from domain.counting import Counting, not_counted
from ledger import audit, audit_heads
from ledger.audit_hashes import NO_HASH, fits, has_valid_seal
from ledger.audit_heads import SentHead
from postgres import Connection, Pool
from security.keys import KeyRing

_PREFETCH = 2000
_CUT_SECONDS = 600.0
_CUT = "before row {}"
_CUT_READ = re.compile(r"before row (\d+)")


class CannotCut(Exception):
    """The audit was not cut; the text says why."""


@dataclass(frozen=True)
class Chain:
    """Result of verifying the whole chain; `bad` is the number of the first row that does not fit.

    `first`: the row with which it begins. `held`: whether the chain has the head that was expected;
    None when none was. `newest`: the newest of the sent heads that were compared; `missing`: those
    that the chain should have and has not; `early`: those of a day to come. `loose`: rows before
    the first were removed, but not as the engine cuts them.
    """

    rows: int
    first: int
    head: str
    bad: int | None
    held: bool | None
    newest: SentHead | None = None
    missing: tuple[SentHead, ...] = ()
    early: tuple[SentHead, ...] = ()
    loose: bool = False

    @property
    def whole(self) -> bool:
        wrong = self.held is False or self.missing or self.early or self.loose
        return self.bad is None and not wrong


@dataclass
class _Walk:
    """The state of going through the rows, the oldest first; `wanted` are sent heads by row."""

    keys: KeyRing
    last: int
    previous: bytes
    expect: str | None
    wanted: dict[int, list[SentHead]]
    bad: int | None = None
    seen: bool = False
    cut_before: int | None = None
    begun: bytes = NO_HASH
    missing: list[SentHead] = field(default_factory=list)

    def step(self, row: asyncpg.Record) -> bool:
        """Go to the next row; return False if it does not fit."""
        if row["id"] != self.last + 1 or not fits(self.keys, self.previous, row):
            self.bad = min(row["id"], self.last + 1)
            return False
        self.begun = self.begun or row["hash"]
        self.last, self.previous = row["id"], row["hash"]
        self.seen = self.seen or self.previous.hex() == self.expect
        for head in self.wanted.pop(self.last, ()):
            if not hmac.compare_digest(head.hash, self.previous):
                self.missing.append(head)
        if row["action"] == audit.CUT:
            self.cut_before = _cut_before(self.keys, row)
        return True


async def verify(
    pool: Pool,
    keys: KeyRing,
    now: datetime,
    expect: str | None = None,
    heads: Collection[SentHead] | None = None,
    *,
    counted: Counting = not_counted,
) -> Chain:
    """Verify the whole chain in one snapshot.

    `now` is the time where the institution is, by a clock that is not the ledger's. `expect` is the
    hash of a head that was kept elsewhere. `heads` are sent heads that were; None: those of the
    ledger's own table. `counted` is told how many rows of how many are done.
    """
    async with _snapshot(pool) as ledger:
        return await _verified(ledger, keys, now.date(), expect, heads, counted=counted)


async def verify_to_cut(
    pool: Pool,
    keys: KeyRing,
    now: datetime,
    term: timedelta,
    heads: Collection[SentHead] | None = None,
    *,
    counted: Counting = not_counted,
) -> tuple[Chain, SentHead | None]:
    """Verify as `verify`; return also the sent head behind which all rows are older than `term`.

    It is chosen in the same snapshot: what is changed afterwards makes no row older.
    """
    async with _snapshot(pool) as ledger:
        chain = await _verified(ledger, keys, now.date(), None, heads, counted=counted)
        return chain, await audit_heads.beginning(ledger, now - term, heads)


@asynccontextmanager
async def _snapshot(pool: Pool) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def _verified(
    ledger: "PoolConnectionProxy[asyncpg.Record]",
    keys: KeyRing,
    today: date,
    expect: str | None,
    heads: Collection[SentHead] | None,
    *,
    counted: Counting,
) -> Chain:
    head = await ledger.fetchrow("SELECT * FROM audit_head")
    start = await ledger.fetchrow("SELECT id, previous FROM audit_start")
    first, previous = start or (1, NO_HASH)
    own = await audit_heads.sent(ledger)
    compared = own if heads is None else heads
    walk = _Walk(keys, first - 1, previous, expect, _by_row(compared, first))
    async for row in ledger.cursor("SELECT * FROM audit ORDER BY id", prefetch=_PREFETCH):
        if not walk.step(row):
            break
        counted(walk.last - first + 1, (head["id"] if head else walk.last) - first + 1)
    if walk.bad is None and not _ends_at_head(keys, head, walk.last, walk.previous):
        walk.bad = walk.last + 1
    # What comes after a row that does not fit cannot be compared.
    beyond = [] if walk.bad else [each for of_row in walk.wanted.values() for each in of_row]
    was_sent = any((each.id, each.hash) == (first, walk.begun) for each in (*own, *compared))
    return Chain(
        rows=await ledger.fetchval("SELECT count(*) FROM audit"),
        first=first,
        head=walk.previous.hex(),
        bad=walk.bad,
        held=walk.seen if expect else None,
        newest=max(
            (each for each in compared if each.id >= first and each.day <= today),
            key=lambda each: (each.day, each.id),
            default=None,
        ),
        missing=(*walk.missing, *beyond),
        early=tuple(each for each in compared if each.day > today),
        loose=start is not None and not (was_sent and walk.cut_before == first),
    )


async def cut(
    pool: Pool, keys: KeyRing, *, actor: str, first: int, before: SentHead, note: str = ""
) -> int:
    """Delete the rows before that of this head, after a row that says so; return their number.

    `first` is the row with which the chain began when it was verified. Raises `CannotCut` if it
    begins with another one by now, or if the head's row is not part of the chain.
    """
    async with pool.acquire() as connection, connection.transaction():
        await audit.lock(connection)
        previous = await _before(connection, keys, first, before)
        reason = ", ".join(filter(None, (_CUT.format(before.id), note)))
        await audit.append(
            connection, keys, actor=actor, action=audit.CUT, references=[None], reason=reason
        )
        gone: int = await connection.fetchval(
            "SELECT cut_audit($1, $2)", before.id, previous, timeout=_CUT_SECONDS
        )
        return gone


async def _before(connection: Connection, keys: KeyRing, first: int, head: SentHead) -> bytes:
    """Return the hash after which this row comes; a chain that had lost its head begins anew."""
    begun = await connection.fetchval("SELECT id FROM audit_start")
    if (begun or 1) != first:
        raise CannotCut("somebody else has cut the audit meanwhile")
    rows = await connection.fetch(
        "SELECT * FROM audit WHERE id BETWEEN $1::bigint - 1 AND $1 ORDER BY id DESC", head.id
    )
    hashes = [row["hash"] for row in rows[1:]] + [NO_HASH]
    if rows and (rows[0]["id"], rows[0]["hash"]) == (head.id, head.hash):
        for previous in hashes:
            if fits(keys, previous, rows[0]):
                return bytes(previous)
    raise CannotCut(f"row {head.id} is no part of the chain")


def _by_row(heads: Iterable[SentHead], first: int) -> dict[int, list[SentHead]]:
    """Return the heads by row, without those of rows that were cut."""
    found: dict[int, list[SentHead]] = {}
    for head in heads:
        if head.id >= first:
            found.setdefault(head.id, []).append(head)
    return found


def _cut_before(keys: KeyRing, row: asyncpg.Record) -> int | None:
    """Return the row before which a row of the audit says that the audit was cut."""
    try:
        told = keys.decrypt("audit", str(row["id"]), row["reason"])
    except InvalidTag:
        return None
    said = _CUT_READ.match(told)
    return int(said[1]) if said else None


def _ends_at_head(keys: KeyRing, head: asyncpg.Record | None, last: int, previous: bytes) -> bool:
    """Return whether the chain ends where its head says; an empty chain has no head."""
    if head is None:
        return last == 0
    return has_valid_seal(keys, head) and (head["id"], head["hash"]) == (last, previous)
