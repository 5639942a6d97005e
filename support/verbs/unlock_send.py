"""Unlocks an activation and sends a code in one act, as one call needs it."""

from enum import StrEnum

from domain.contracts.channels import Channel
from ledger import posts
from support.verbs import actions, cases
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_

LABEL = N_("Unlock and send a code")
EFFECT = N_(
    "The student can type codes again at once, and a new six-digit code (pin) is sent to the"
    " contact on file. Wrong codes stay invalid. Staff can send as often as their own limit for"
    " each contact and hour allows."
)
_UNSENT = N_(
    "It is unlocked, but no six-digit code (pin) was sent: staff have sent as many as they can in"
    " an hour, there is no such contact on file, or a code is no longer awaited."
)


class UnlockOutcome(StrEnum):
    """What was done: both, only the code was sent, or no worker has applied it yet."""

    BOTH = "done"
    SENT = "sent"
    TAKEN = "taken"


async def unlock_and_send(
    ctx: StaffContext,
    *,
    reference: str,
    reason: str,
    channel: Channel,
    submission_id: str | None = None,
) -> UnlockOutcome:
    """Do both, each with its audit row; raises as `actions.submit`.

    What is not locked, such as after a first try whose message was refused, is only sent.
    """
    ctx.staff.check(Action.RESEND)
    line = await cases.standing(ctx.client, reference)
    ctx.check_sight(line.department)
    spent = await posts.spent(ctx.pool, reference) is not None
    locked = Action.UNLOCK in actions.possible(line.step, line.wait_reason, spent=spent)
    if locked:
        await actions.submit(
            ctx, Action.UNLOCK, reference=reference, reason=reason, submission_id=submission_id
        )
    try:
        at_once = await actions.submit(
            ctx,
            Action.RESEND,
            reference=reference,
            reason=reason,
            channel=channel,
            submission_id=f"{submission_id}s" if submission_id else None,
        )
    except ActionRefused:
        if locked:
            raise ActionRefused(_UNSENT) from None
        raise
    if not at_once:
        return UnlockOutcome.TAKEN
    return UnlockOutcome.BOTH if locked else UnlockOutcome.SENT
