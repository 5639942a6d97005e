"""Lists a group of the queue page by page: the open activations, or those that finished today."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ledger import activations, assignments, finished
from postgres import UNAVAILABLE
from starter.client.connect import asking
from support.verbs import groups, pollers, queue, windows
from support.verbs.cases import CaseSummary
from support.verbs.filters import Filter
from support.verbs.groups import BELONGS, Group
from support.verbs.staff import Action, StaffContext
from support.verbs.windows import Place, Window
from workflows.search_attributes import whole_millisecond


class Sort(StrEnum):
    REFERENCE = "reference"
    STEP = "step"
    CAUSE = "cause"
    SINCE = "since"
    DEPARTMENT = "department"


_KEYS: Mapping[Sort, Callable[[CaseSummary], str | datetime]] = {
    Sort.REFERENCE: lambda line: line.reference,
    Sort.STEP: lambda line: line.step,
    Sort.CAUSE: lambda line: line.wait_reason or "",
    Sort.SINCE: lambda line: line.since,
    Sort.DEPARTMENT: lambda line: line.department or "",
}
_ALL = Filter()
_NONE: Window = Window([], 1, 0, 0, None, None)


@dataclass(frozen=True)
class QueuePage:
    """One page of a list.

    `start` and `end` are the places of its lines among `total`. The page before it has what stands
    `before` a moment in this order, the next one what stands `after` one; None: there is none.
    """

    rows: Sequence[CaseSummary]
    start: int
    end: int
    total: int
    before: datetime | None
    after: datetime | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is on another page, so that it can be sorted by any column."""
        return self.before is None and self.after is None


async def page(
    ctx: StaffContext,
    group: Group,
    *,
    cause: str | None = None,
    sort: Sort = Sort.SINCE,
    descending: bool = False,
    place: Place | None = None,
    narrowed: Filter = _ALL,
) -> QueuePage:
    """Return the page of a group's list at this place, by how long each stands.

    What finished today is `narrowed` by department alone. Another order is possible only where
    everything is on one page.
    """
    ctx.staff.check(Action.QUEUE)
    falling = descending and sort is Sort.SINCE
    if group is Group.FINISHED:
        window = await _finished_today(ctx, cause, place, narrowed, descending=falling)
        lines, moved = list(window.lines), 0
    else:
        window, lines, moved = await _open(ctx, group, cause, place, narrowed, descending=falling)
    first, last = _edges(window, place)
    found = QueuePage(
        rows=[],
        start=window.start,
        end=max(window.start + len(lines) - 1, 0),
        total=window.total + moved,
        before=first if window.start > 1 else None,
        after=last if window.end < window.total else None,
    )
    lines.sort(key=lambda line: line.reference)
    order = sort if found.is_whole else Sort.SINCE
    lines.sort(key=_KEYS[order], reverse=descending and order is sort)
    rows = await queue.described(ctx.client, lines)
    return replace(found, rows=await _with_ledgers(ctx, rows))


def _edges(window: Window, place: Place | None) -> tuple[datetime | None, datetime | None]:
    if window.lines:
        return whole_millisecond(window.lines[0].since), whole_millisecond(window.lines[-1].since)
    return (place.moment, place.moment) if place else (None, None)


async def _open(
    ctx: StaffContext,
    group: Group,
    cause: str | None,
    place: Place | None,
    narrowed: Filter,
    *,
    descending: bool,
) -> tuple[Window, list[CaseSummary], int]:
    """Return what Temporal lists there, the lines as they are now, and how many more are in all.

    Those are failures of the last minute, which Temporal lists elsewhere.
    """
    with asking():
        at = await pollers.now(ctx.client)
    of_group = groups.of_cause(group, cause) if cause else groups.condition(group)
    query = queue.visible(ctx, of_group, *narrowed.conditions(at))
    if query is None:
        return _NONE, [], 0
    window, (before, now) = await asyncio.gather(
        windows.window(ctx.client, query, place, at, descending=descending), queue.young(ctx)
    )

    def belongs(line: CaseSummary) -> bool:
        of_cause = cause in (None, queue.cause_of(line))
        return BELONGS[group](line) and of_cause and narrowed.holds(line, at)

    moved = sum(map(belongs, now)) - sum(map(belongs, before))
    lines = queue.renewed(window.lines, now)
    return window, [line for line in lines if belongs(line) and window.holds(line.since)], moved


async def _finished_today(
    ctx: StaffContext,
    cause: str | None,
    place: Place | None,
    narrowed: Filter,
    *,
    descending: bool,
) -> Window:
    """Return a page of what finished today; empty while the ledger is away."""
    falling = descending != bool(place and place.back)
    try:
        rows, left, total = await finished.page(
            ctx.pool,
            since=await queue.midnight(ctx),
            departments=narrowed.departments(ctx.staff.departments),
            end=cause,
            beyond=place.moment if place else None,
            falling=falling,
            limit=windows.PER_PAGE,
        )
    except UNAVAILABLE:
        return _NONE
    lines = [queue.of_ledger(row) for row in rows]
    return windows.cut(lines, left, total, place, falling=falling)


async def _with_ledgers(ctx: StaffContext, rows: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Return the lines with their language and assignee, while the ledger answers."""
    references = [row.reference for row in rows]
    try:
        noted, assigned = await asyncio.gather(
            activations.noted(ctx.pool, references), assignments.of(ctx.pool, references)
        )
    except UNAVAILABLE:
        return list(rows)

    def full(row: CaseSummary) -> CaseSummary:
        language = noted[row.reference].language if row.reference in noted else row.language
        known = assigned.get(row.reference)
        return replace(row, language=language, assignee=known.assignee if known else None)

    return list(map(full, rows))
