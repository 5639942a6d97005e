"""Counts how far this week's students came, by day of start, in the departments staff may see."""

from dataclasses import dataclass
from datetime import timedelta

from ledger import funnel
from support.verbs.staff import Action, StaffContext

STAGES = ("started", "proven", "agreed", "active")


@dataclass(frozen=True)
class Funnel:
    """Counts by stage; `today` is the last of the week's `days`, `week` their sum."""

    days: tuple[funnel.Day, ...]

    @property
    def today(self) -> dict[str, int]:
        return {stage: getattr(self.days[-1], stage) for stage in STAGES}

    @property
    def week(self) -> dict[str, int]:
        return {stage: sum(getattr(day, stage) for day in self.days) for stage in STAGES}


async def week(ctx: StaffContext) -> Funnel:
    """Return the counts from Monday to today, in the institution's time zone."""
    ctx.staff.check(Action.FUNNEL)
    zone = ctx.settings.institution.timezone
    today = (await ctx.now()).astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return Funnel(tuple(await funnel.by_day(ctx.pool, monday, today, zone, ctx.staff.departments)))


def table(seen: Funnel) -> list[tuple[object, ...]]:
    """Return the rows of the export, the heading first."""
    rows = [(day.day.isoformat(), *(getattr(day, stage) for stage in STAGES)) for day in seen.days]
    return [("day", *STAGES), *rows]
