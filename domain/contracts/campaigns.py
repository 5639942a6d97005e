"""Models of campaigns: ids, counts and times; contacts only of the students of one batch."""

from datetime import datetime, timedelta
from typing import Literal

from domain.contracts import Model
from domain.contracts.people import Destination
from domain.contracts.vocabulary import Language


class RunCampaign(Model):
    """Send the invitations of a campaign; `failures`: how many batches failed one after another."""

    kind: Literal["run_campaign"] = "run_campaign"
    campaign: str
    failures: int = 0


class StopCampaign(Model):
    """Look at once whether the ledger says that the campaign is stopped."""

    kind: Literal["stop_campaign"] = "stop_campaign"


class NextInvitations(Model):
    """Choose at most so many students who are to get a message now."""

    kind: Literal["next_invitations"] = "next_invitations"
    campaign: str
    most: int


class Recipient(Model):
    """A student to whom a message goes, by the number of the invitation in the ledger.

    `other_keys` are the person's keys besides that of the invited enrolment.
    """

    kind: Literal["recipient"] = "recipient"
    invitation: int
    destination: Destination
    language: Language
    other_keys: tuple[str, ...] = ()


class InvitationBatch(Model):
    """Outcome of `NextInvitations`: whom to send to until a time, how long to wait, or the end."""

    kind: Literal["invitation_batch"] = "invitation_batch"
    recipients: tuple[Recipient, ...] = ()
    per_minute: int = 1
    reminder: bool = False
    until: datetime | None = None
    wait: timedelta | None = None
    over: bool = False


class SendInvitations(Model):
    """Send to these students by one channel at this pace, and to nobody after `until`.

    Those for whom the time of a batch is not enough stay planned, and come first in the next one.
    """

    kind: Literal["send_invitations"] = "send_invitations"
    recipients: tuple[Recipient, ...]
    per_minute: int
    reminder: bool = False
    until: datetime | None = None


class InvitationsSent(Model):
    """Outcome of `SendInvitations`: how many messages were handed over."""

    kind: Literal["invitations_sent"] = "invitations_sent"
    sent: int


class CampaignEnded(Model):
    """The result of a run: nothing is left to send, or the campaign was stopped."""

    kind: Literal["campaign_ended"] = "campaign_ended"
