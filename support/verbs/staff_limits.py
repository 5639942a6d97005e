"""Limits what one of staff searches, looks up, decodes and lists.

Whoever is stopped is in the audit, once for each window, and operators get an alert.
"""

from collections.abc import Mapping

from ledger import budgets
from postgres import Connection
from support.verbs.staff import Action, StaffContext, lasting
from web.limits import Purpose, RateLimited, RateLimits, count_refusal

PURPOSES: Mapping[Action, Purpose] = {
    Action.SEARCH: Purpose.SEARCHES,
    Action.REGISTRAR: Purpose.LOOK_UPS,
    Action.OBJECTION: Purpose.LOOK_UPS,
    Action.DECODE: Purpose.DECODES,
    Action.NOT_ACTIVATED: Purpose.SHEETS,
}
_STOPPED = {f"stopped:{purpose}": purpose for purpose in PURPOSES.values()}


async def count(ctx: StaffContext, action: Action, once: str | None = None) -> None:
    """Check the role and count one use, a named one once; raises `NotAllowed`, `RateLimited`."""
    ctx.staff.check(action)
    purpose, name = PURPOSES[action], lasting(ctx.staff.name)
    bound = RateLimits(ctx.pool, ctx.keys, ctx.settings.limits).by(purpose, "staff", name)
    taken = await budgets.take(ctx.pool, [bound], once)
    opens = budgets.latest(taken)
    if opens is None:
        return
    count_refusal(taken)
    if await budgets.is_first(ctx.pool, f"stopped:{purpose}", name, bound.window):
        await ctx.record_refusal(action, None)
    raise RateLimited(opens)


async def stopped(ledger: Connection) -> dict[str, int]:
    """Return how many of staff a limit has stopped lately, by what is limited."""
    found = await budgets.counted(ledger, [*_STOPPED])
    return {_STOPPED[bucket]: number for bucket, number in found.items()}
