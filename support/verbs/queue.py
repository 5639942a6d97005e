"""Counts the open activations by what they need, and those that finished today.

Open ones are counted and listed by Temporal's visibility. What it does not hold, the next retry and
a failure of the last minute, is read by one describe call for each row shown.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from temporalio.client import Client

from domain.contracts.vocabulary import Step, WaitReason
from ledger import finished
from ledger.activations import ActivationRow
from postgres import UNAVAILABLE
from starter.client.connect import asking
from support.verbs import cases, groups, pollers, windows
from support.verbs.cases import ENGINE_WAITS, CaseState, CaseSummary
from support.verbs.groups import BELONGS, Group
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext
from workflows import steps

_AT_ONCE = 20
_YOUNG = timedelta(seconds=60)
"""How long a failing attempt stays unpublished: the first retry window of the workflow."""
_MOST_YOUNG = 50
_STUCK_OR_HELD = (Group.STUCK, Group.HELD)


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
    (groups, causes), ended = await asyncio.gather(_open_counts(ctx), _finished_counts(ctx))
    return Overview(groups, causes, ended)


async def _open_counts(ctx: StaffContext) -> tuple[dict[Group, Count], list[Count]]:
    """Count by group, and the stuck ones by cause; a failure of the last minute counts as one."""
    numbers, (before, now) = await asyncio.gather(
        asyncio.gather(*(number(ctx, groups.condition(group)) for group in BELONGS)), young(ctx)
    )
    counts = {}
    for (group, belongs), counted in zip(BELONGS.items(), numbers, strict=True):
        moved = sum(map(belongs, now)) - sum(map(belongs, before))
        counts[group] = Count(counted + moved)
    causes = await _causes(ctx, now, counts[Group.STUCK].number)
    oldest = min((count.oldest for count in causes if count.oldest), default=None)
    counts[Group.STUCK] = Count(sum(count.number for count in causes), oldest)
    return counts, sorted(causes, key=lambda count: (-count.number, count.cause or ""))


async def _causes(ctx: StaffContext, now: Sequence[CaseSummary], stuck: int) -> list[Count]:
    """Count the stuck activations by cause: by a query each where they are too many to list."""
    query = visible(ctx, groups.condition(Group.STUCK))
    if query is None or not stuck:
        return []
    if stuck <= windows.LISTED_WHOLE:
        listed = await cases.listed(
            ctx.client, query, limit=windows.LISTED_WHOLE, page_size=windows.PER_PAGE
        )
        return _by_cause(filter(BELONGS[Group.STUCK], renewed(listed, now)))
    causes = groups.causes(Group.STUCK)
    conditions = [groups.of_cause(Group.STUCK, cause) for cause in causes]
    counted = await asyncio.gather(*(number(ctx, each) for each in conditions))
    numbers = Counter(dict(zip(causes, counted, strict=True)))
    numbers.update(cause_of(line) for line in now if BELONGS[Group.STUCK](line))
    return [Count(n, cause=cause) for cause, n in numbers.items() if n]


def _by_cause(lines: Iterable[CaseSummary]) -> list[Count]:
    since: dict[str, list[datetime]] = {}
    for line in lines:
        since.setdefault(cause_of(line), []).append(line.since)
    return [Count(len(each), min(each), cause) for cause, each in since.items()]


def retriable(ctx: StaffContext, seen: Overview) -> frozenset[str]:
    """Return the causes that this person may retry in bulk."""
    if not ctx.staff.may(Action.RETRY_ALL):
        return frozenset()
    waits = {count.cause for count in seen.causes} & set(WaitReason)
    return frozenset(map(str, waits - cases.EACH_BY_ITSELF))


async def number(ctx: StaffContext, condition: str | None) -> int:
    """Return how many open activations of this condition this person may see."""
    query = visible(ctx, condition)
    return 0 if query is None else await windows.count(ctx.client, query)


def visible(ctx: StaffContext, *conditions: str | None) -> str | None:
    """Return the query for what this person may see; None: nothing, as for a condition None."""
    departments = ctx.staff.departments
    if None in conditions or (departments is not None and not departments):
        return None
    return " AND ".join((groups.open_in(departments), *filter(None, conditions)))


def renewed(listed: Iterable[CaseSummary], now: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Return what was listed, with what was looked at by itself (`now`) as it is now, and first."""
    known = {line.reference for line in now}
    return [*now, *(line for line in listed if line.reference not in known)]


async def young(ctx: StaffContext) -> tuple[list[CaseSummary], list[CaseSummary]]:
    """Return what may be failing without having published it: as listed, and as it is now."""
    with asking():
        now = await pollers.now(ctx.client)
    query = visible(ctx, groups.young(now - _YOUNG))
    if query is None:
        return [], []
    listed = await cases.listed(ctx.client, query, limit=_MOST_YOUNG, page_size=_MOST_YOUNG)
    before = [line for line in listed if line.step not in steps.ENDS]
    told = await _described(ctx.client, before)
    return before, [told[line.reference] for line in before]


async def batches(ctx: StaffContext, *, stuck: bool) -> AsyncIterator[list[CaseSummary]]:
    """Yield the open activations, those first that have waited longest, as the console lists them.

    `stuck`: only those that are stuck or held.
    """
    _, now = await young(ctx)
    either = " OR ".join(f"({groups.condition(each)})" for each in _STUCK_OR_HELD)
    query = visible(ctx, *([f"({either})"] if stuck else []))
    if query is None:
        return
    listed = await cases.listed(ctx.client, query, page_size=windows.PER_PAGE)
    lines = [
        line
        for line in renewed(listed, now)
        if not stuck or any(BELONGS[group](line) for group in _STUCK_OR_HELD)
    ]
    lines.sort(key=lambda line: (line.since, line.reference))
    for first in range(0, max(len(lines), 1), windows.PER_PAGE):
        yield await described(ctx.client, lines[first : first + windows.PER_PAGE])


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
        found = await finished.counts(
            ctx.pool, since=await midnight(ctx), departments=ctx.staff.departments
        )
    except UNAVAILABLE:
        return None
    return [Count(number, cause=end) for end, number in found]


async def midnight(ctx: StaffContext) -> datetime:
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
