"""Unlocks an activation and sends a code in one act, as one call needs it."""

from domain.contracts.channels import Channel
from support.verbs import actions
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


async def unlock_and_send(
    ctx: StaffContext, *, reference: str, reason: str, channel: Channel, submission_id: str
) -> bool:
    """Do both, each with its audit row; returns and raises as `actions.submit`."""
    ctx.staff.check(Action.RESEND)
    await actions.submit(
        ctx, Action.UNLOCK, reference=reference, reason=reason, submission_id=submission_id
    )
    try:
        return await actions.submit(
            ctx,
            Action.RESEND,
            reference=reference,
            reason=reason,
            channel=channel,
            submission_id=f"{submission_id}s",
        )
    except ActionRefused:
        raise ActionRefused(_UNSENT) from None
