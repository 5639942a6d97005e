"""Opens again, for staff, the contacts that whoever got an unexpected message has closed."""

from ledger import activations, unasked
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_


async def reopen(ctx: StaffContext, *, reference: str, reason: str) -> None:
    """Write the audit row, then open the contacts of this activation; raises `ActionRefused`."""
    ctx.staff.check(Action.REOPEN)
    noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    ctx.check_sight(noted.department if noted else None)
    if await unasked.closed_until(ctx.pool, reference) is None:
        raise ActionRefused(N_("No contact of this activation is closed."))
    await ctx.record(Action.REOPEN, reference, reason)
    await unasked.open_again(ctx.pool, reference)
