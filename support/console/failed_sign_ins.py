"""Notes failed sign-ins in the audit: few rows, however many attempts there are.

Rows are by name and network, of the first attempt of a window and of each tenfold number. A name
with which nobody has signed in may be a mistyped password, and is not noted.
"""

from datetime import timedelta

from ledger import audit, budgets
from ledger.budgets import Bound
from settings.section import MOST
from support.console.console_request import ConsoleRequest
from support.console.sign_in_limits import SignInLimits
from web.limits import networks

FAILED = "sign_in_failed"
UNKNOWN = "-"
"""The actor of the rows whose name nobody has signed in with."""
_NOTED = {10**power for power in range(10)}


async def note(ctx: ConsoleRequest, limits: SignInLimits) -> None:
    """Count a failed attempt, and write the audit row if this number is to have one."""
    keys, rates = ctx.app.keys, ctx.app.settings.limits
    window = timedelta(hours=rates.failed_sign_ins_hours)
    who, most = UNKNOWN, rates.failed_sign_ins_of_unknown
    if await limits.is_name_known():
        who, most = limits.name, rates.failed_sign_ins_per_name
    network = [*networks(ctx.host).values()][-1]
    attempts = Bound(f"failed:{keys.index('staff', f'{who} {network}')}", MOST, window)
    number = MOST - (await budgets.take(ctx.app.pool, [attempts]))[attempts.bucket].left
    if number not in _NOTED:
        return
    rows = Bound(f"failed_rows:{keys.index('staff', who)}", most, window)
    if budgets.latest(await budgets.take(ctx.app.pool, [rows])) is None:
        reason = f"{number} times: {network}"
        await audit.record(
            ctx.app.pool, keys, actor=who, action=FAILED, reference=None, reason=reason
        )
