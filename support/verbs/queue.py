"""Lists the open activations by what they need, and those that finished today.

All come from one listing of Temporal's visibility. What it does not hold, the next retry and a
failure of the last minute, is read by one describe call for each row shown.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from temporalio.client import Client

from domain.contracts.vocabulary import Step, WaitReason, Waker
from ledger import activations
from ledger.activations import ActivationRow
from postgres import UNAVAILABLE
from starter.client.connect import asking
from support.verbs import cases, pollers
from support.verbs.cases import ENGINE_WAITS, CaseState, CaseSummary
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext
from workflows import steps

MOST = 10_000
"""The most activations that are listed and counted."""
PER_PAGE = 25
_AT_ONCE = 20
_YOUNG = timedelta(seconds=60)
"""How long a failing attempt stays unpublished: the first retry window of the workflow."""
_MOST_YOUNG = 50


class Group(StrEnum):
    STUCK = "stuck"
    HUMAN = "human"
    HELD = "held"
    LOCKED = "locked"
    STUDENT = "student"
    WORKING = "working"
    FINISHED = "finished"


_BELONGS: Mapping[Group, Callable[[CaseSummary], bool]] = {
    Group.STUCK: lambda line: line.stuck and line.wait_reason is not WaitReason.HELD,
    Group.HUMAN: lambda line: (
        steps.woken_by(line.step, line.wait_reason) is Waker.STAFF
        and line.wait_reason is not WaitReason.HELD
    ),
    Group.HELD: lambda line: line.wait_reason is WaitReason.HELD,
    Group.LOCKED: lambda line: line.wait_reason is WaitReason.PIN_LOCKED,
    Group.STUDENT: lambda line: (
        line.wait_reason is not WaitReason.PIN_LOCKED
        and steps.woken_by(line.step, line.wait_reason) is Waker.STUDENT
    ),
    Group.WORKING: lambda line: line.wait_reason is None,
}
"""Which open activations are in each group."""


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


@dataclass(frozen=True)
class Count:
    """How many have the same cause, and since when the first has; `cause` as in `cause_of`."""

    number: int = 0
    oldest: datetime | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Overview:
    """The counts; `finished` is None while the ledger is away; `more`: the limit was reached."""

    groups: Mapping[Group, Count]
    causes: Sequence[Count]
    finished: Sequence[Count] | None
    more: bool


@dataclass(frozen=True)
class QueuePage:
    rows: Sequence[CaseSummary]
    number: int
    pages: int
    total: int
    more: bool


def cause_of(line: CaseSummary) -> str:
    """Return the cause of a stuck activation: its wait reason, or `failing` for an engine error."""
    if line.state is CaseState.FAILING:
        return CaseState.FAILING
    return line.wait_reason or line.step


async def overview(ctx: StaffContext) -> Overview:
    """Count the open activations by group and cause, and today's finished ones by outcome."""
    ctx.staff.check(Action.QUEUE)
    (lines, more), today = await asyncio.gather(open_lines(ctx), _finished_today(ctx))
    groups = {group: _count(filter(belongs, lines)) for group, belongs in _BELONGS.items()}
    stuck = _counted(filter(_BELONGS[Group.STUCK], lines), cause_of)
    if today is None:
        return Overview(groups, stuck, None, more)
    ended, more_ended = today
    finished = _counted(ended, lambda line: line.step)
    return Overview(groups, stuck, finished, more or more_ended)


def retriable(ctx: StaffContext, seen: Overview) -> frozenset[str]:
    """Return the causes that this person may retry in bulk."""
    if not ctx.staff.may(Action.RETRY_ALL):
        return frozenset()
    waits = {count.cause for count in seen.causes} & set(WaitReason)
    return frozenset(map(str, waits - cases.EACH_BY_ITSELF))


async def page(
    ctx: StaffContext,
    group: Group,
    *,
    cause: str | None = None,
    sort: Sort = Sort.SINCE,
    descending: bool = False,
    number: int = 1,
) -> QueuePage:
    """Return one page of a group's list; the order is stable while nothing changes."""
    ctx.staff.check(Action.QUEUE)
    if group is Group.FINISHED:
        lines, more = await _finished_today(ctx) or ([], False)
        lines = [line for line in lines if cause in (None, line.step)]
    else:
        lines, more = await open_lines(ctx)
        lines = [
            line for line in lines if _BELONGS[group](line) and cause in (None, cause_of(line))
        ]
    lines.sort(key=lambda line: line.reference)
    lines.sort(key=_KEYS[sort], reverse=descending)
    pages = max(-(-len(lines) // PER_PAGE), 1)
    number = min(max(number, 1), pages)
    rows = lines[(number - 1) * PER_PAGE : number * PER_PAGE]
    rows = await described(ctx.client, rows)
    return QueuePage(await _with_language(ctx, rows), number, pages, len(lines), more)


async def open_lines(ctx: StaffContext) -> tuple[list[CaseSummary], bool]:
    """Return the open activations this person may see, newest first, and whether more exist."""
    departments = ctx.staff.departments
    if departments is not None and not departments:
        return [], False
    found = await cases.listed(ctx.client, cases.open_in(departments), limit=MOST + 1)
    theirs = found[:MOST]
    with asking():
        now = await pollers.now(ctx.client)
    young = [line for line in theirs if _may_fail(line, now)][:_MOST_YOUNG]
    told = await _described(ctx.client, young)
    return [told.get(line.reference, line) for line in theirs], len(found) > MOST


async def described(client: Client, lines: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Return the summaries, with the next retry of those that wait for a system."""
    asked = [
        line
        for line in lines
        if line.is_open
        and line.step is not Step.NEEDS_SUPPORT
        and (line.wait_reason in ENGINE_WAITS or line.wait_reason is None)
    ]
    told = await _described(client, asked)
    return [told.get(line.reference, line) for line in lines]


async def _described(client: Client, lines: Iterable[CaseSummary]) -> dict[str, CaseSummary]:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def ask(line: CaseSummary) -> CaseSummary:
        async with turns:
            try:
                return await cases.standing(client, line.reference)
            except UnknownReference:
                return line  # It was deleted after the listing.

    return {line.reference: line for line in await asyncio.gather(*map(ask, lines))}


def _may_fail(line: CaseSummary, now: datetime) -> bool:
    """Whether an attempt may be failing that is not published yet."""
    works = line.wait_reason in {None, WaitReason.WAITING_PIN}
    return works and line.step not in steps.ENDS and now - line.since < _YOUNG


async def _finished_today(ctx: StaffContext) -> tuple[list[CaseSummary], bool] | None:
    """Return what ended since the institution's local midnight, and whether more exist.

    None while the ledger is away.
    """
    zone = ctx.settings.institution.timezone
    try:
        today = (await ctx.now()).astimezone(zone).date()
        midnight = datetime.combine(today, time(), zone)
        rows = await activations.finished(
            ctx.pool, since=midnight, departments=ctx.staff.departments, limit=MOST + 1
        )
    except UNAVAILABLE:
        return None
    return [of_ledger(row) for row in rows[:MOST]], len(rows) > MOST


def of_ledger(noted: ActivationRow, *, state: CaseState = CaseState.FORGOTTEN) -> CaseSummary:
    """Build a summary from the ledger; `state` is that of an activation without an outcome."""
    if noted.end:
        state = CaseState.ENDED
    return CaseSummary(
        reference=noted.reference,
        step=noted.end or Step.LOOKUP,
        wait_reason=None,
        since=noted.ended_at or noted.started_at,
        next_try_at=None,
        department=noted.department,
        state=CaseState.ERASED if noted.erased else state,
        language=noted.language,
    )


async def _with_language(ctx: StaffContext, rows: Sequence[CaseSummary]) -> list[CaseSummary]:
    try:
        noted = await activations.noted(ctx.pool, [row.reference for row in rows])
    except UNAVAILABLE:
        return list(rows)
    return [
        replace(row, language=noted[row.reference].language) if row.reference in noted else row
        for row in rows
    ]


def _count(lines: Iterable[CaseSummary], cause: str | None = None) -> Count:
    since = [line.since for line in lines]
    return Count(len(since), min(since, default=None), cause)


def _counted(lines: Iterable[CaseSummary], key: Callable[[CaseSummary], str]) -> list[Count]:
    """Count by this key, the largest count first."""
    alike: dict[str, list[CaseSummary]] = {}
    for line in lines:
        alike.setdefault(key(line), []).append(line)
    counts = [_count(group, cause) for cause, group in alike.items()]
    return sorted(counts, key=lambda count: (-count.number, count.cause or ""))
