"""Takes back the insurance number that a student typed, before and after the account is made."""

from ledger import insurance
from support.verbs import actions, cases
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_
from workflows import steps


async def take_back(
    ctx: StaffContext, *, reference: str, reason: str, submission_id: str | None = None
) -> bool:
    """Have the activation ask again; of one that has ended, delete the number from the ledger.

    Returns and raises as `actions.submit`.
    """
    standing = await cases.standing(ctx.client, reference)
    if standing.step not in steps.ENDS:
        return await actions.submit(
            ctx,
            Action.INSURANCE,
            reference=reference,
            reason=reason,
            submission_id=submission_id,
        )
    ctx.check_sight(standing.department)
    await ctx.record(Action.INSURANCE, reference, reason)
    if not await insurance.release_of(ctx.pool, reference):
        await ctx.record_refusal(Action.INSURANCE, reference)
        raise ActionRefused(N_("No insurance number that the student typed is stored."))
    return True
