"""Sends staff actions to an activation; each has a reason, an audit row and a result in text.

The workflow decides whether an action is possible when it arrives; `possible` only returns which
to offer. Actions are idempotent: a repeated `submission_id` changes nothing.
"""

import secrets
from collections.abc import Mapping

from domain.contracts.channels import Channel
from domain.contracts.staff import (
    CancelSubmission,
    HoldSubmission,
    ReleaseSubmission,
    RereadSubmission,
    ResolveSubmission,
    RetrySubmission,
    SendCodeSubmission,
    TakeBackInsuranceSubmission,
    UnlockSubmission,
)
from domain.contracts.submissions import Submission
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import Step, WaitReason, Waker
from ledger import posts
from starter.client.activations import ActivationEnded
from starter.output import UserError
from support.verbs import cases
from support.verbs.staff import Action, StaffContext
from translations import N_
from workflows import steps

SUBMISSIONS: Mapping[Action, type[Submission]] = {
    Action.RETRY: RetrySubmission,
    Action.RESEND: SendCodeSubmission,
    Action.UNLOCK: UnlockSubmission,
    Action.REREAD: RereadSubmission,
    Action.RESOLVE: ResolveSubmission,
    Action.INSURANCE: TakeBackInsuranceSubmission,
    Action.HOLD: HoldSubmission,
    Action.RELEASE: ReleaseSubmission,
    Action.CANCEL: CancelSubmission,
}
SUBMITTED_AS: Mapping[Action, str] = {
    action: model.model_fields["kind"].default for action, model in SUBMISSIONS.items()
}
"""The name of each action's submission, which the workflow's handler for it has as well."""
LABELS: Mapping[Action, str] = {
    Action.RETRY: N_("Try now"),
    Action.RESEND: N_("Send a six-digit code (pin)"),
    Action.UNLOCK: N_("Unlock"),
    Action.REOPEN: N_("Open the contact again"),
    Action.REREAD: N_("Read the registrar again"),
    Action.RESOLVE: N_("Resolve the dispute"),
    Action.INSURANCE: N_("Take back the insurance number"),
    Action.HOLD: N_("Hold"),
    Action.RELEASE: N_("Release"),
    Action.CANCEL: N_("Cancel the activation"),
    Action.NOTE: N_("Add a note"),
    Action.WITHDRAW: N_("Withdraw the consent"),
    Action.ERASE: N_("Erase the activation"),
    Action.RETRY_ALL: N_("Try now for all of them"),
}
EFFECTS: Mapping[Action, str] = {
    Action.RETRY: N_(
        "The engine now tries again whatever it waits for, and reads all of it again."
    ),
    Action.RESEND: N_(
        "A six-digit code (pin) is sent to the contact on file, by SMS or by e-mail,"
        " even if the student's limit of messages is reached. Staff have a limit of their"
        " own for each contact and hour."
    ),
    Action.UNLOCK: N_(
        "The student can type codes again at once; wrong codes stay invalid. If the"
        " limit of answers is reached, as many new answers are accepted."
    ),
    Action.REOPEN: N_(
        "Codes are sent again to the contacts of this activation that whoever got a"
        " message there has closed. Make sure first that the student has the contact and"
        " asks for it."
    ),
    Action.REREAD: N_(
        "The registrar is read now. What has changed there is shown to the student again."
    ),
    Action.RESOLVE: N_(
        "The dispute ends: the student gets a message, sees the details as the registrar"
        " has them now, and can agree or dispute again."
    ),
    Action.INSURANCE: N_(
        "The insurance number that the student typed is deleted, so that whoever has it can give"
        " it. Before the account is created, the student is asked for the number again and agrees"
        " again. Once the account is active it stays as it is, and the secretariat gets the right"
        " number from the student. Make sure first who is calling."
    ),
    Action.HOLD: N_(
        "The activation stops until staff release it. The student reads that support is"
        " checking it."
    ),
    Action.RELEASE: N_("The activation continues from where it was held."),
    Action.CANCEL: N_(
        "The activation ends, what it held is released, and the student is told. No"
        " account is created; the student can start again."
    ),
    Action.WITHDRAW: N_(
        "A choice, or without any the whole consent, is taken back as a new row. What the choice"
        " wrote leaves the directory. The account stays."
    ),
    Action.ERASE: N_(
        "The activation and all data that it kept of the student are erased, here and in"
        " Temporal; the proof of the consent stays, without what was shown. The account"
        " stays. This cannot be undone."
    ),
    Action.RETRY_ALL: N_("Each is tried at its own moment within half a minute."),
}
"""The effect of each action, as its page and its command show it."""
OVER = frozenset({Action.NOTE, Action.WITHDRAW, Action.ERASE})
"""Actions that are possible on a closed activation, whatever its outcome."""
_IMPOSSIBLE: Mapping[Action, str] = {
    Action.RETRY: N_(
        "A retry would not make it faster: it is the student's turn, or the activation is held."
    ),
    Action.RESEND: N_("No six-digit code (pin) is awaited now."),
    Action.UNLOCK: N_("It is not locked."),
    Action.REREAD: N_(
        "At this step the registrar is read automatically; what waits for support reads"
        " it on retry."
    ),
    Action.RESOLVE: N_("Nothing is disputed."),
    Action.INSURANCE: N_(
        "There is no typed insurance number to take back at this step: the secretariat has the"
        " number, the student is being asked for it, or the account is being created."
    ),
    Action.HOLD: N_("Only what waits for the student can be held."),
    Action.RELEASE: N_("It is not held."),
    Action.CANCEL: N_("The account is being created: it can no longer be cancelled."),
}
_ENDED = N_("The activation has ended.")
_REFUSALS: Mapping[Verdict, str] = {
    Verdict.TOO_SOON: N_(
        "No message can be sent there now: staff have sent as many as they can in an"
        " hour, or there is no such contact on file."
    ),
    Verdict.LOCKED: N_("It is locked after wrong codes: unlock it first."),
    Verdict.AWAY: N_("The registrar does not answer. Nothing was changed."),
}


class ActionRefused(UserError):
    """The action is impossible now; its text says why and is in the translation catalogue."""


def possible(
    step: Step,
    reason: WaitReason | None,
    *,
    spent: bool = False,
    closed: bool = False,
    typed: bool = True,
) -> frozenset[Action]:
    """Return the actions to offer for an activation at this step and wait reason.

    `spent`: its limit of submissions is reached and it accepts no more for now. `closed`: a
    contact of it is closed. `typed`: the student may have typed an insurance number.
    """
    if step in steps.ENDS:
        # Only the engine's own work remains: release reservations and notify the student.
        engines = frozenset({Action.RETRY} if steps.woken_by(step, reason) else ())
        own = {Action.REOPEN: closed, Action.INSURANCE: typed and step is Step.ACTIVE}
        return OVER | engines | {action for action, offered in own.items() if offered}
    disputed = reason is WaitReason.DATA_DISPUTED
    students = steps.deadline_runs(step, reason)
    when = {
        Action.NOTE: True,
        Action.RETRY: steps.woken_by(step, reason) is not Waker.STUDENT
        and not disputed
        and reason is not WaitReason.HELD,
        Action.RESEND: step is Step.PIN and reason is not WaitReason.PIN_LOCKED,
        Action.REOPEN: closed,
        Action.UNLOCK: spent or reason is WaitReason.PIN_LOCKED,
        Action.REREAD: disputed or (students and step in {Step.INSURANCE, Step.REVIEW}),
        Action.RESOLVE: disputed,
        Action.INSURANCE: typed
        and (disputed or (students and step in {Step.REVIEW, Step.PASSWORD})),
        Action.HOLD: disputed or students,
        Action.RELEASE: reason is WaitReason.HELD,
        Action.CANCEL: step in steps.CANCELLABLE,
    }
    return frozenset(action for action, offered in when.items() if offered)


async def submit(
    ctx: StaffContext,
    action: Action,
    *,
    reference: str,
    reason: str,
    channel: Channel = Channel.SMS,
    submission_id: str | None = None,
) -> bool:
    """Write the audit row, then send the action; `channel` is how a code is delivered.

    Returns False when Temporal accepted it but no worker has applied it yet. Raises
    `ActionRefused`, `NotAllowed` or `UnknownReference`; nothing is sent without its audit row.
    """
    submission = SUBMISSIONS[action].model_validate(
        {
            "submission_id": submission_id or secrets.token_hex(16),
            "received_at": await ctx.now(),
            "channel": channel,
        }
    )
    ctx.check_sight((await cases.standing(ctx.client, reference)).department)
    await ctx.record(action, reference, reason)
    if isinstance(submission, UnlockSubmission):
        renews = await posts.renew(ctx.pool, reference)
        submission = submission.model_copy(update={"renews": renews})
    try:
        answer = await ctx.activations.submit(reference, SUBMITTED_AS[action], submission)
    except ActivationEnded:
        refusal: str | None = _ENDED
    else:
        refusals = {**_REFUSALS, Verdict.OUT_OF_STEP: _IMPOSSIBLE[action]}
        refusal = refusals.get(answer.verdict) if answer else None
    if refusal:
        await ctx.record_refusal(action, reference)
        raise ActionRefused(refusal)
    return answer is not None
