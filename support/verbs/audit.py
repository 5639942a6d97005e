"""Reads, verifies, exports and cuts the audit; each use writes an audit row as well."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum

from domain.counting import Counting, not_counted
from ledger import audit, audit_chain
from ledger.audit_chain import CannotCut, Chain
from ledger.audit_heads import SentHead
from starter import spreadsheet, workbook
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_

AT_ONCE = 50
_CLOCKS_APART = timedelta(days=1)
"""By so much the ledger's clock may differ from this machine's for rows to be cut as old."""
_NO_ROOM = N_(
    "There are more rows than an Excel workbook has room for: choose a later day, or CSV."
)
_COLUMNS = ("id", "at", "actor", "action", "reference", "reason", "hash")


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


async def read(
    ctx: StaffContext,
    *,
    actor: str | None = None,
    action: str | None = None,
    reference: str | None = None,
    before: int | None = None,
) -> list[audit.Row]:
    """Record the read, then return the newest matching rows, or those before row `before`.

    Rows about activations of other departments than this person's are left out, here and in
    `export`; the chain is verified with all rows.
    """
    await ctx.record(Action.AUDIT, reason="read")
    return await audit.page(
        ctx.pool,
        ctx.keys,
        actor=actor,
        action=action,
        reference=reference,
        before=before,
        limit=AT_ONCE,
        departments=ctx.staff.departments,
    )


class NotWhole(Exception):
    """The audit is not cut, because its chain is not whole."""

    def __init__(self, chain: Chain) -> None:
        super().__init__("the chain of the audit is not whole")
        self.chain = chain


async def verify(
    ctx: StaffContext,
    expect: str | None = None,
    heads: Collection[SentHead] | None = None,
    *,
    counted: Counting = not_counted,
) -> Chain:
    """Verify the hash chain and record the result.

    `expect` is a head kept elsewhere; `heads` are sent ones that were, None those of the ledger.
    `counted` is told how many rows of how many are done.
    """
    ctx.staff.check(Action.AUDIT)
    chain = await audit_chain.verify(ctx.pool, ctx.keys, _now(ctx), expect, heads, counted=counted)
    await ctx.record(Action.AUDIT, reason=f"verify: {_result(chain)}")
    return chain


def _result(chain: Chain) -> str:
    if chain.bad is not None:
        return f"row {chain.bad} does not fit"
    if chain.loose:
        return f"row {chain.first} is no beginning"
    if chain.missing or chain.held is False:
        return "head not found"
    return "head of a day to come" if chain.early else "whole"


def _now(ctx: StaffContext) -> datetime:
    """Return the time where the institution is, by the clock of this machine."""
    return datetime.now(ctx.settings.institution.timezone)


async def cut(
    ctx: StaffContext,
    heads: Collection[SentHead] | None = None,
    *,
    although_broken: bool,
    counted: Counting = not_counted,
) -> int:
    """Delete the rows that are old enough behind a sent head; return how many there were.

    Raises `NotWhole` instead of deleting what may prove something, unless `although_broken`, and
    `CannotCut` where the ledger's clock, which dated the rows, is not that of this machine.
    """
    ctx.staff.check(Action.CUT)
    now = _now(ctx)
    if abs(await ctx.now() - now) > _CLOCKS_APART:
        raise CannotCut("the clocks of the ledger and of this machine differ by more than a day")
    term = timedelta(ctx.settings.retention.audit_days)
    chain, before = await audit_chain.verify_to_cut(
        ctx.pool, ctx.keys, now, term, heads, counted=counted
    )
    if not chain.whole and not although_broken:
        raise NotWhole(chain)
    if before is None or before.id <= chain.first:
        return 0
    return await audit_chain.cut(
        ctx.pool,
        ctx.keys,
        actor=ctx.staff.name,
        first=chain.first,
        before=before,
        note="" if chain.whole else _result(chain),
    )


async def has_more_than(ctx: StaffContext, most: int, since: datetime | None) -> bool:
    """Return whether an export from this time on has more than so many rows."""
    ctx.staff.check(Action.AUDIT)
    return await audit.has_more_than(ctx.pool, most, since, ctx.staff.departments)


async def export(
    ctx: StaffContext, form: Format, since: datetime | None = None
) -> AsyncIterator[str]:
    """Record the export, then yield all rows from this time on, one line each."""
    await ctx.record(Action.AUDIT, reason=f"export: {form}, {since or 'all'}")
    return _lines(ctx, form, since)


async def table(
    ctx: StaffContext, since: datetime | None = None
) -> AsyncIterator[Sequence[object]]:
    """Record the export, then yield the heading and the rows from this time on, as cells.

    Raises `ActionRefused` before anything if a workbook has not room for all.
    """
    if await has_more_than(ctx, workbook.MOST_ROWS - 1, since):
        raise ActionRefused(_NO_ROOM)
    await ctx.record(Action.AUDIT, reason=f"export: {Format.XLSX}, {since or 'all'}")
    return _cells(ctx, since)


async def _lines(ctx: StaffContext, form: Format, since: datetime | None) -> AsyncIterator[str]:
    if form is Format.CSV:
        async for cells in _cells(ctx, since):
            yield spreadsheet.line(cells)
        return
    async for fields in _fields(ctx, since):
        yield json.dumps(fields, ensure_ascii=False) + "\n"


async def _cells(ctx: StaffContext, since: datetime | None) -> AsyncIterator[Sequence[object]]:
    yield _COLUMNS
    async for fields in _fields(ctx, since):
        yield [fields[name] for name in _COLUMNS]


async def _fields(ctx: StaffContext, since: datetime | None) -> AsyncIterator[dict[str, object]]:
    async for row in audit.since(ctx.pool, ctx.keys, since, ctx.staff.departments):
        yield asdict(row) | {"at": row.at.isoformat()}
