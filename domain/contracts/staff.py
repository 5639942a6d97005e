"""Submissions of support staff to an activation."""

from typing import Literal

from domain.contracts.channels import Channel
from domain.contracts.submissions import Submission


class StaffSubmission(Submission):
    """Base of what staff submit, which the limit on a student's submissions does not cover."""


class RetrySubmission(StaffSubmission):
    """Retry now what the activation would retry later.

    `of_many`: the command went to all activations with one wait reason, not to this one alone.
    """

    kind: Literal["retry"] = "retry"
    of_many: bool = False


class CancelSubmission(StaffSubmission):
    """Cancel this activation; refused once provisioning of the account has begun."""

    kind: Literal["cancel"] = "cancel"


class SendCodeSubmission(StaffSubmission):
    """Send a code by this channel; only the rate limit for staff applies."""

    kind: Literal["send_code"] = "send_code"
    channel: Channel


class UnlockSubmission(StaffSubmission):
    """Remove the lock after too many wrong codes or answers; ended codes stay invalid.

    `renews`: the ledger's count of answers had reached its limit and was reset.
    """

    kind: Literal["unlock"] = "unlock"
    renews: bool = False


class RereadSubmission(StaffSubmission):
    """Read the registrar again now, while the student is asked for data of it."""

    kind: Literal["reread"] = "reread"


class ResolveSubmission(StaffSubmission):
    """End a dispute; the details are read and shown again, corrected or not."""

    kind: Literal["resolve"] = "resolve"


class TakeBackInsuranceSubmission(StaffSubmission):
    """Take back the insurance number that the student typed; the student is asked again."""

    kind: Literal["take_back_insurance"] = "take_back_insurance"


class HoldSubmission(StaffSubmission):
    """Put an activation that waits for its student on hold until `ReleaseSubmission`."""

    kind: Literal["hold"] = "hold"


class ReleaseSubmission(StaffSubmission):
    """Release an activation from hold."""

    kind: Literal["release"] = "release"
