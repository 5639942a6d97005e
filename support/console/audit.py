"""Serves the auditor's pages: the audit rows, the check of the hash chain, and the export."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from babel.numbers import format_decimal
from fastapi import APIRouter, Response

from domain.references import normalise
from ledger.audit import Row
from ledger.audit_heads import hash_of
from support.console import sheets
from support.console.audit_texts import ACTIONS
from support.console.console_request import ConsoleRequest, allowed_to
from support.console.labels import Labels
from support.verbs import audit
from support.verbs.audit import AT_ONCE, Format
from support.verbs.staff import Action
from translations import N_
from web import times

router = APIRouter()

_LONGEST_ID = 19

_TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.JSONL: "application/x-ndjson"}
_NO_DAY = N_("Write a day like 2026-11-23")
_NO_HEAD = N_("This is not a head: copy all of it, or all of the line in which it was sent")
_TOO_MANY = N_(
    "There are more than %(n)s rows, more than this page can give in its time. Choose a later day,"
    " or have them written by the command activation support audit export"
)
_MOST_ROWS = {Format.CSV: 200_000, Format.JSONL: 200_000, Format.XLSX: 50_000}
"""What is read and written within the time of a sheet, also on a busy machine."""
_ANY = N_("Everything")
_FILTERS = ("actor", "action", "reference")


@router.get("/audit")
async def page(ctx: ConsoleRequest = allowed_to(Action.AUDIT)) -> Response:
    asked = ctx.request.query_params
    chosen = {name: text for name in _FILTERS if (text := asked.get(name, "").strip())}
    fits = dict(chosen)
    if typed := chosen.get("reference"):
        fits["reference"] = normalise(typed) or typed
    before = asked.get("before", "")
    rows = await audit.read(
        ctx.staff_context,
        before=int(before)
        if before.isascii() and before.isdigit() and len(before) < _LONGEST_ID
        else None,
        **fits,
    )
    older = rows[-1].id if len(rows) == AT_ONCE else None
    return _page(ctx, rows, chosen=chosen, older=older)


@router.get("/audit/verify")
async def verify(ctx: ConsoleRequest = allowed_to(Action.AUDIT)) -> Response:
    typed = ctx.request.query_params.get("expect", "").strip()
    expect = hash_of(typed)
    if typed and expect is None:
        rows = await audit.read(ctx.staff_context)
        errors = {"expect": [ctx.say(_NO_HEAD)]}
        return _page(ctx, rows, chosen={}, errors=errors, expect=typed)
    chain = await audit.verify(ctx.staff_context, expect)
    return ctx.page("audit_verified", **asdict(chain), whole=chain.whole)


@router.get("/audit/export")
async def export(
    ctx: ConsoleRequest = allowed_to(Action.AUDIT, times.CONSOLE_SHEET_SECONDS),
) -> Response:
    asked = ctx.request.query_params
    asked_for = asked.get("format", "")
    form = Format(asked_for) if asked_for in set(Format) else Format.CSV
    since, errors = _day(ctx, asked.get("since", "").strip())
    if not errors and await audit.has_more_than(ctx.staff_context, _MOST_ROWS[form], since):
        most = format_decimal(_MOST_ROWS[form], locale=ctx.language)
        errors = {"since": [ctx.say(_TOO_MANY) % {"n": most}]}
    if errors:
        rows = await audit.read(ctx.staff_context)
        return _page(ctx, rows, chosen={}, errors=errors)
    if form is Format.XLSX:
        table = [cells async for cells in await audit.table(ctx.staff_context, since)]
        return await sheets.download(ctx, "audit", table)
    named = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    text = "".join([line async for line in await audit.export(ctx.staff_context, form, since)])
    return Response(text, media_type=_TYPES[form], headers=named)


def _page(ctx: ConsoleRequest, rows: Sequence[Row], **context: Any) -> Response:
    labels = Labels(ctx.language)
    named = sorted((labels.action(action), action) for action in ACTIONS)
    actions = [{"value": action, "text": text} for text, action in named]
    everything = {"value": "", "text": ctx.say(_ANY)}
    return ctx.page("audit", rows=rows, actions=[everything, *actions], **context)


def _day(ctx: ConsoleRequest, text: str) -> tuple[datetime | None, dict[str, list[str]]]:
    """Return the start of this day in the institution's time zone, and validation errors."""
    if not text:
        return None, {}
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, {"since": [ctx.say(_NO_DAY)]}
    zone = ctx.app.settings.institution.timezone
    return datetime.combine(day, datetime.min.time(), zone), {}
