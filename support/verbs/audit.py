"""Reads, verifies and exports the audit for the auditor; each use writes an audit row as well."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum

from ledger import audit
from starter import spreadsheet
from support.verbs.staff import Action, StaffContext

AT_ONCE = 50
_COLUMNS = ("id", "at", "actor", "action", "reference", "reason", "hash")


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


async def read(
    ctx: StaffContext,
    *,
    actor: str | None = None,
    action: str | None = None,
    reference: str | None = None,
    before: int | None = None,
) -> list[audit.Row]:
    """Record the read, then return the newest matching rows, or those before row `before`."""
    await ctx.record(Action.AUDIT, reason="read")
    return await audit.page(
        ctx.pool,
        ctx.keys,
        actor=actor,
        action=action,
        reference=reference,
        before=before,
        limit=AT_ONCE,
    )


async def verify(ctx: StaffContext, expect: str | None = None) -> audit.Chain:
    """Verify the hash chain and record the result; `expect` is a head kept elsewhere."""
    ctx.staff.check(Action.AUDIT)
    chain = await audit.verify(ctx.pool, ctx.keys, expect)
    found = "whole" if chain.whole else "head not found"
    if chain.bad is not None:
        found = f"row {chain.bad} does not fit"
    await ctx.record(Action.AUDIT, reason=f"verify: {found}")
    return chain


async def export(
    ctx: StaffContext, form: Format, since: datetime | None = None
) -> AsyncIterator[str]:
    """Record the export, then yield all rows from this time on, one line each."""
    await ctx.record(Action.AUDIT, reason=f"export: {form}, {since or 'all'}")
    return _lines(ctx, form, since)


async def _lines(ctx: StaffContext, form: Format, since: datetime | None) -> AsyncIterator[str]:
    if form is Format.CSV:
        yield spreadsheet.line(_COLUMNS)
    async for row in audit.since(ctx.pool, ctx.keys, since):
        fields = asdict(row) | {"at": row.at.isoformat()}
        if form is Format.CSV:
            yield spreadsheet.line([fields[name] for name in _COLUMNS])
        else:
            yield json.dumps(fields, ensure_ascii=False) + "\n"
