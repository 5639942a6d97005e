"""Commands of support staff to an activation."""

from typing import Literal

from domain.contracts.channels import Channel
from domain.contracts.submissions import Submission


class StaffRequest(Submission):
    """Base of the staff commands, which the limit on a student's submissions does not cover."""


class RetryRequest(StaffRequest):
    """Retry now what the activation would retry later.

    `of_many`: the command went to all activations with one wait reason, not to this one alone.
    """

    kind: Literal["retry"] = "retry"
    of_many: bool = False


class CancelRequest(StaffRequest):
    """Cancel this activation; refused once provisioning of the account has begun."""

    kind: Literal["cancel"] = "cancel"


class SendCodeRequest(StaffRequest):
    """Send a code by this channel; only the rate limit for staff applies."""

    kind: Literal["send_code"] = "send_code"
    channel: Channel


class UnlockRequest(StaffRequest):
    """Remove the lock after too many wrong codes or answers; ended codes stay invalid.

    `renews`: the ledger's count of answers had reached its limit and was reset.
    """

    kind: Literal["unlock"] = "unlock"
    renews: bool = False


class RereadRequest(StaffRequest):
    """Read the registrar again now, while the student is asked for data of it."""

    kind: Literal["reread"] = "reread"


class ResolveRequest(StaffRequest):
    """End a dispute; the details are read and shown again, corrected or not."""

    kind: Literal["resolve"] = "resolve"


class HoldRequest(StaffRequest):
    """Put an activation that waits for its student on hold until `ReleaseRequest`."""

    kind: Literal["hold"] = "hold"


class ReleaseRequest(StaffRequest):
    """Release an activation from hold."""

    kind: Literal["release"] = "release"
