"""Counts and lists the open activations by what they need, and those that finished today.

Open ones are counted and listed by Temporal's visibility. What it does not hold, the next retry and
a failure of the last minute, is read by one describe call for each row shown.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from temporalio.client import Client

from domain.contracts.vocabulary import Step, WaitReason
from ledger import activations
from ledger.activations import ActivationRow
from postgres import UNAVAILABLE
from starter.client.connect import asking
from support.verbs import cases, groups, pollers
from support.verbs.cases import ENGINE_WAITS, CaseState, CaseSummary
from support.verbs.groups import BELONGS, Group
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext
from web import times
from workflows import steps

MOST = 500
"""The most activations that one list holds: the newest ones; counts have no limit."""
PER_PAGE = 25
_AT_ONCE = 20
_BATCH = 100
_YOUNG = timedelta(seconds=60)
"""How long a failing attempt stays unpublished: the first retry window of the workflow."""
_MOST_YOUNG = 50


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
    """How many have the same cause (see `cause_of`), and since when the first of them has.

    `oldest` is None where not all of them are listed.
    """

    number: int = 0
    oldest: datetime | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Overview:
    """The counts; `finished` is None while the ledger is away."""

    groups: Mapping[Group, Count]
    causes: Sequence[Count]
    finished: Sequence[Count] | None


@dataclass(frozen=True)
class QueuePage:
    """One page of a list; `total` counts also what is not listed, when there is `more`."""

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


def known_cause(given: str | None) -> str | None:
    """Return this cause, or outcome of what has finished; None for any other text."""
    return given if given in {CaseState.FAILING, *WaitReason, *Step} else None


async def overview(ctx: StaffContext) -> Overview:
    """Count the open activations by group and cause, and today's finished ones by outcome."""
    ctx.staff.check(Action.QUEUE)
    (groups, causes), finished = await asyncio.gather(_open_counts(ctx), _finished_counts(ctx))
    return Overview(groups, causes, finished)


async def _open_counts(ctx: StaffContext) -> tuple[dict[Group, Count], list[Count]]:
    """Count by group, and the stuck ones by cause; a failure of the last minute counts as one."""
    numbers, listed, (before, now) = await asyncio.gather(
        asyncio.gather(*(_number(ctx, groups.condition(group)) for group in BELONGS)),
        _listed(ctx, groups.condition(Group.STUCK), limit=MOST + 1),
        _young(ctx),
    )
    counts = {}
    for (group, belongs), number in zip(BELONGS.items(), numbers, strict=True):
        moved = sum(map(belongs, now)) - sum(map(belongs, before))
        counts[group] = Count(number + moved)
    stuck = list(filter(BELONGS[Group.STUCK], _renewed(listed, now)))
    if len(listed) > MOST:
        causes = await _counted_causes(ctx)
    else:
        causes = _by_cause(stuck)
        counts[Group.STUCK] = _count(stuck)
    return counts, sorted(causes, key=lambda count: (-count.number, count.cause or ""))


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
        lines, total = await _finished_today(ctx, cause)
    else:
        lines, total = await _of_group(ctx, group, cause)
    more = len(lines) > MOST
    lines = lines[:MOST]
    lines.sort(key=lambda line: line.reference)
    lines.sort(key=_KEYS[sort], reverse=descending)
    pages = max(-(-len(lines) // PER_PAGE), 1)
    number = min(max(number, 1), pages)
    rows = lines[(number - 1) * PER_PAGE : number * PER_PAGE]
    rows = await described(ctx.client, rows)
    return QueuePage(await _with_language(ctx, rows), number, pages, total, more)


async def _of_group(
    ctx: StaffContext, group: Group, cause: str | None
) -> tuple[list[CaseSummary], int]:
    """Return the newest of a group, more than MOST if there are more, and how many there are."""
    condition = groups.of_cause(group, cause) if cause else groups.condition(group)
    listed, (_, now) = await asyncio.gather(_listed(ctx, condition, limit=MOST + 1), _young(ctx))
    kept = filter(BELONGS[group], _renewed(listed, now))
    lines = [each for each in kept if cause in (None, cause_of(each))]
    total = len(lines) if len(listed) <= MOST else await _number(ctx, condition)
    return sorted(lines, key=lambda line: line.since, reverse=True), total


async def _counted_causes(ctx: StaffContext) -> list[Count]:
    """Count the stuck activations by cause, listed or not."""
    causes = groups.causes(Group.STUCK)
    conditions = [groups.of_cause(Group.STUCK, cause) for cause in causes]
    numbers = await asyncio.gather(*(_number(ctx, each) for each in conditions))
    found = zip(causes, numbers, strict=True)
    return [Count(number, cause=cause) for cause, number in found if number]


async def _number(ctx: StaffContext, condition: str | None) -> int:
    query = _visible(ctx, condition)
    if query is None:
        return 0
    with asking():
        return (await ctx.client.count_workflows(query, rpc_timeout=times.CONSOLE_RPC)).count


async def _listed(ctx: StaffContext, condition: str | None, *, limit: int) -> list[CaseSummary]:
    """Return the newest open activations of this condition that this person may see."""
    query = _visible(ctx, condition)
    return [] if query is None else await cases.listed(ctx.client, query, limit=limit)


def _visible(ctx: StaffContext, *conditions: str | None) -> str | None:
    """Return the query for what this person may see; None: nothing, as for a condition None."""
    departments = ctx.staff.departments
    if None in conditions or (departments is not None and not departments):
        return None
    return " AND ".join((groups.open_in(departments), *filter(None, conditions)))


def _renewed(listed: Iterable[CaseSummary], now: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Return what was listed, with what was looked at by itself (`now`) as it is now, and first."""
    known = {line.reference for line in now}
    return [*now, *(line for line in listed if line.reference not in known)]


async def _young(ctx: StaffContext) -> tuple[list[CaseSummary], list[CaseSummary]]:
    """Return what may be failing without having published it: as listed, and as it is now."""
    with asking():
        now = await pollers.now(ctx.client)
    listed = await _listed(ctx, groups.young(now - _YOUNG), limit=_MOST_YOUNG)
    before = [line for line in listed if line.step not in steps.ENDS]
    told = await _described(ctx.client, before)
    return before, [told[line.reference] for line in before]


async def batches(ctx: StaffContext, *, stuck: bool) -> AsyncIterator[list[CaseSummary]]:
    """Yield the open activations as Temporal lists them; `stuck`: only those that are stuck.

    Those that may be failing without having published it come first.
    """
    _, now = await _young(ctx)
    asked = {line.reference for line in now}
    yield [line for line in now if line.stuck or not stuck]
    either = " OR ".join(f"({groups.condition(each)})" for each in (Group.STUCK, Group.HELD))
    query = _visible(ctx, *([f"({either})"] if stuck else []))
    if query is None:
        return
    batch: list[CaseSummary] = []
    with asking():
        async for execution in ctx.client.list_workflows(
            query, page_size=_BATCH, rpc_timeout=times.CONSOLE_RPC
        ):
            line = cases.of_listing(execution)
            if line.reference not in asked:
                batch.append(line)
            if len(batch) == _BATCH:
                yield await described(ctx.client, batch)
                batch = []
    yield await described(ctx.client, batch)


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


async def _finished_counts(ctx: StaffContext) -> list[Count] | None:
    """Count what finished today by outcome; None while the ledger is away."""
    try:
        found = await activations.finished_counts(
            ctx.pool, since=await _midnight(ctx), departments=ctx.staff.departments
        )
    except UNAVAILABLE:
        return None
    return [Count(number, cause=end) for end, number in found]


async def _finished_today(ctx: StaffContext, cause: str | None) -> tuple[list[CaseSummary], int]:
    """Return the newest that finished today, one more than MOST if there are more, and the total.

    Both are empty while the ledger is away.
    """
    try:
        since = await _midnight(ctx)
        departments = ctx.staff.departments
        ends = dict(
            await activations.finished_counts(ctx.pool, since=since, departments=departments)
        )
        rows = await activations.finished(
            ctx.pool, since=since, departments=departments, end=cause, limit=MOST + 1
        )
    except UNAVAILABLE:
        return [], 0
    total = sum(ends.values()) if cause is None else ends.get(cause, 0)
    return [of_ledger(row) for row in rows], total


async def _midnight(ctx: StaffContext) -> datetime:
    """Return the beginning of today at the institution, by the ledger's clock."""
    zone = ctx.settings.institution.timezone
    return datetime.combine((await ctx.now()).astimezone(zone).date(), time(), zone)


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


def _by_cause(lines: Iterable[CaseSummary]) -> list[Count]:
    alike: dict[str, list[CaseSummary]] = {}
    for line in lines:
        alike.setdefault(cause_of(line), []).append(line)
    return [_count(group, cause) for cause, group in alike.items()]
