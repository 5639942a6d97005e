"""Serves the secretariat's page: who has no account yet, as picture, tables and spreadsheet."""

from collections.abc import Collection
from contextlib import aclosing
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from adapters.errors import AdapterError
from domain.registrar.not_activated import LATER, latest, per_cent, together
from starter.not_activated_texts import WHY, Explained
from support.console import sheets
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs.not_activated import Counts, export
from support.verbs.staff import Action
from translations import N_
from web import times
from web.context import REFRESHED

router = APIRouter()

_AWAY = N_("The registrar does not answer at the moment, so nothing can be counted.")
_MOST_YEARS = 12
"""The years of a page; older ones are summed up, so that it stays small whatever is on file."""


@router.get("/not-activated")
async def show(ctx: ConsoleRequest = allowed_to(Action.NOT_ACTIVATED)) -> Response:
    try:
        counts = await _counts(ctx)
    except AdapterError:
        return ctx.error(503, sentence=ctx.say(_AWAY))
    if counts is None:
        again = urlencode({**ctx.request.query_params, REFRESHED: ""})
        look_again = {"Refresh": f"5; url=/not-activated?{again}"}
        return ctx.page("not_activated_waiting", headers=look_again)
    departments = counts.departments
    asked = ctx.request.query_params.get("department")
    alone = asked is None and len(departments) == 1
    chosen = departments[0] if alone else None if asked is None else counts.of(asked)
    shown = chosen or together(departments)
    return ctx.page(
        "not_activated",
        departments=departments,
        chosen=chosen,
        shown=shown,
        years=latest(shown.years, _MOST_YEARS) if chosen else (),
        later=LATER,
        share=per_cent(shown.students - shown.activated, shown.students),
        at=counts.at.astimezone(ctx.app.settings.institution.timezone),
        why={reason.value: Explained(*map(ctx.say, texts)) for reason, texts in WHY.items()},
        top=_ceiling(shown.weeks.values()),
        points=_points(shown.weeks.values()),
        ticks=_ticks([*shown.weeks]),
    )


@router.get("/not-activated/export")
async def take(
    ctx: ConsoleRequest = allowed_to(Action.NOT_ACTIVATED, times.CONSOLE_SHEET_SECONDS),
) -> Response:
    try:
        counts = await _counts(ctx)
        if counts is None:
            return ctx.see("/not-activated")
        department = counts.of(ctx.request.query_params.get("department", "")).department_id
        async with aclosing(export(ctx.staff_context, department, ctx.language)) as rows:
            listed = [cells async for cells in rows]
    except AdapterError:
        return ctx.error(503, sentence=ctx.say(_AWAY))
    return await sheets.download(ctx, "not-activated", listed, delimiter=";")


async def _counts(ctx: ConsoleRequest) -> Counts | None:
    return await ctx.app.not_activated.in_sight(ctx.staff_context, times.CONSOLE_COUNTS_SECONDS)


def _ceiling(numbers: Collection[int]) -> int:
    """Return the number at the top of the picture: round, even, and at least the highest."""
    most = max([2, *numbers])
    step: int = 2 * 10 ** (len(str(most)) - 1)
    return -(-most // step) * step


def _points(numbers: Collection[int]) -> list[tuple[float, float]]:
    """Return the points of the picture's line in a square of 100, from the left to the right."""
    steps, top = max(len(numbers) - 1, 1), _ceiling(numbers)
    return [
        (round(100 * at / steps, 2), round(100 - 100 * number / top, 2))
        for at, number in enumerate(numbers)
    ]


def _ticks(days: list[date]) -> list[date]:
    """Return the days that are named below the picture, at its ends and between."""
    return [days[at * (len(days) - 1) // 3] for at in range(4)] if days else []
