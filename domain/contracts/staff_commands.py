"""What staff say to an activation."""

from typing import Literal

from domain.contracts.channels import Channel
from domain.contracts.submissions import Submission


class StaffRequest(Submission):
    """What staff ask for: never held back by how much a student has sent."""


class RetryRequest(StaffRequest):
    """Try now whatever the engine is waiting to try.

    `of_many`: staff said so of all that wait for one cause, and looked into none of them.
    """

    kind: Literal["retry"] = "retry"
    of_many: bool = False


class CancelRequest(StaffRequest):
    """End this activation; refused once the account is being made."""

    kind: Literal["cancel"] = "cancel"


class SendCodeRequest(StaffRequest):
    """Send a code there, beyond every limit of messages but the one that staff have themselves."""

    kind: Literal["send_code"] = "send_code"
    channel: Channel


class UnlockRequest(StaffRequest):
    """Open the lock of too many wrong codes, or of too many answers; dead codes stay dead.

    `renews`: the ledger had taken as many answers as it takes, and takes new ones now.
    """

    kind: Literal["unlock"] = "unlock"
    renews: bool = False


class RereadRequest(StaffRequest):
    """Read the registrar again now, while the student is asked for what stands there."""

    kind: Literal["reread"] = "reread"


class ResolveRequest(StaffRequest):
    """End a dispute: the details are shown anew, be they corrected or right as they were."""

    kind: Literal["resolve"] = "resolve"


class HoldRequest(StaffRequest):
    """Stop an activation that waits for its student, until staff let it go on."""

    kind: Literal["hold"] = "hold"


class ReleaseRequest(StaffRequest):
    """Let go on what is held."""

    kind: Literal["release"] = "release"
