"""Counts and lists, for a secretariat, the students of its departments who have no account yet.

All departments are counted at once, in the background, for everybody who looks: one read of the
registrar takes many seconds, however many look at how many departments.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.contracts.vocabulary import Language
from domain.registrar.not_activated import WEEKS, DepartmentCount, Tally
from recognition.not_activated import judged
from starter.not_activated_texts import Sheet
from support.verbs import staff_limits
from support.verbs.histories import UnknownReference
from support.verbs.registrar_rows import opened
from support.verbs.staff import Action, StaffContext

FRESH = timedelta(minutes=10)
"""How long counts are shown before somebody who looks has them made anew."""
KEPT = timedelta(hours=1)
"""How long they are shown meanwhile, and while the registrar is away."""
_PAUSE = timedelta(seconds=30)
"""Until another try after one that failed."""


class Counts(NamedTuple):
    """The counts of departments, and from when they are."""

    at: datetime
    departments: Sequence[DepartmentCount]

    def of(self, department: str) -> DepartmentCount:
        """Return one department's; raises `UnknownReference` if it is not among these."""
        for each in self.departments:
            if each.department_id == department:
                return each
        raise UnknownReference


class SharedCounts:
    """The newest counts of all departments in this process."""

    def __init__(self) -> None:
        self._newest: Counts | None = None
        self._counting: asyncio.Task[Counts] | None = None
        self._begun: datetime | None = None

    async def in_sight(self, ctx: StaffContext, seconds: float) -> Counts | None:
        """Return the newest counts of whom this person may see; None: they are still being made.

        Waits for the first ones for so many `seconds`. Raises `AdapterError`, or what the ledger's
        driver does, if they could not be made.
        """
        ctx.staff.check(Action.NOT_ACTIVATED)
        newest = await self._latest(ctx, seconds)
        if newest is None:
            return None
        seen = [each for each in newest.departments if ctx.staff.sees(each.department_id)]
        lacking = (ctx.staff.departments or frozenset()) - {each.department_id for each in seen}
        # A department without a student is shown, so that nobody takes it for a fault.
        seen += [DepartmentCount(number, "", "", (), {}) for number in lacking]
        return newest._replace(departments=sorted(seen, key=lambda each: each.department_id))

    async def _latest(self, ctx: StaffContext, seconds: float) -> Counts | None:
        now = await ctx.now()
        if self._is_due(now):
            self._begun = now
            self._counting = asyncio.create_task(_count(ctx))
            self._counting.add_done_callback(self._keep)
        if self._newest and now - self._newest.at < KEPT:
            return self._newest
        assert self._counting is not None  # noqa: S101 - without fresh counts it is due
        done, _ = await asyncio.wait([self._counting], timeout=seconds)
        return self._counting.result() if done else None

    def _is_due(self, now: datetime) -> bool:
        if self._begun is None:
            return True
        if self._counting and not self._counting.done():
            return False
        failed = self._newest is None or self._newest.at < self._begun
        return now - self._begun >= (_PAUSE if failed else FRESH)

    def _keep(self, counting: asyncio.Task[Counts]) -> None:
        if not counting.cancelled() and not counting.exception():
            self._newest = counting.result()


async def _count(ctx: StaffContext) -> Counts:
    tally, at = Tally(), await ctx.now()
    async with opened(ctx) as registrar:
        rows = judged(registrar, ctx.pool, ctx.keys, ctx.settings, None)
        async with aclosing(rows):
            async for each in rows:
                tally.add(*each)
    today = at.astimezone(ctx.settings.institution.timezone).date()
    return Counts(at, tally.departments(today, WEEKS))


async def export(
    ctx: StaffContext, department: str, language: Language
) -> AsyncGenerator[Sequence[object]]:
    """Yield the lines of the spreadsheet after an audit row; raises `RateLimited` beyond a limit.

    Raises `UnknownReference` for a department that this person may not see, and `AdapterError`
    while the registrar is away.
    """
    await staff_limits.count(ctx, Action.NOT_ACTIVATED)
    ctx.check_sight(department)
    sheet = Sheet(language)
    async with opened(ctx) as registrar:
        await ctx.record(Action.NOT_ACTIVATED, reason=department)
        yield sheet.heading
        rows = judged(registrar, ctx.pool, ctx.keys, ctx.settings, [department])
        async with aclosing(rows):
            async for each in rows:
                if each.why:
                    yield sheet.cells(each.row, each.why)
