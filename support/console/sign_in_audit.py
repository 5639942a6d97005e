"""Notes sign-ins in the audit, and failed ones in few rows, however many attempts there are.

Those rows are by name and network, of the first attempt of a window and of each tenfold number. A
name with which nobody has signed in may be a mistyped password, and is not noted.
"""

from datetime import timedelta

from ledger import audit, budgets
from ledger.budgets import Bound
from settings.section import MOST
from support.console.console_request import ConsoleRequest
from support.console.sign_in_limits import SignInLimits
from support.verbs.staff import lasting
from web.limits import networks

FAILED = "sign_in_failed"
WRONG_CODE = "second_factor_failed"
UNKNOWN = "-"
"""The actor of the rows whose name nobody has signed in with."""
_NOTED = {10**power for power in range(10)}


async def note(ctx: ConsoleRequest, name: str, action: str, reason: str = "") -> None:
    await audit.record(
        ctx.app.pool, ctx.app.keys, actor=name, action=action, reference=None, reason=reason
    )


async def note_failure(ctx: ConsoleRequest, limits: SignInLimits, action: str = FAILED) -> None:
    """Count a failed attempt, and write the audit row if this number is to have one."""
    index, rates = ctx.app.keys.index, ctx.app.settings.limits
    window = timedelta(hours=rates.failed_sign_ins_hours)
    who, most = UNKNOWN, rates.failed_sign_ins_of_unknown
    # Only after the right password is there a code.
    if action == WRONG_CODE or await limits.is_name_known():
        who, most = limits.name, rates.failed_sign_ins_per_name
    network = [*networks(ctx.host).values()][-1]
    attempts = Bound(f"failed:{index('staff', f'{action} {who} {network}')}", MOST, window)
    number = MOST - (await budgets.take(ctx.app.pool, [attempts]))[attempts.bucket].left
    if number in _NOTED and await _has_room(ctx, action, who, most):
        await note(ctx, who, action, f"{number} times: {network}")


async def note_refusal(ctx: ConsoleRequest, name: str, action: str, reason: str = "") -> None:
    """Write the audit row of a right sign-in without a role, which any student can repeat."""
    most = ctx.app.settings.limits.failed_sign_ins_per_name
    if await _has_room(ctx, action, lasting(name), most):
        await note(ctx, name, action, reason)


async def _has_room(ctx: ConsoleRequest, action: str, who: str, most: int) -> bool:
    """Count a row of this kind, and return whether the window has fewer than so many."""
    window = timedelta(hours=ctx.app.settings.limits.failed_sign_ins_hours)
    rows = f"failed_rows:{ctx.app.keys.index('staff', f'{action} {who}')}"
    taken = await budgets.take(ctx.app.pool, [Bound(rows, most, window)])
    return budgets.latest(taken) is None
