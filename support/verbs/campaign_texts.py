"""Says in words where a campaign stands and what became of its invitations."""

from collections.abc import Mapping

from domain.campaigns import InvitationState, NotInvited, StopCause
from domain.receipts import Receipt
from ledger.campaigns import CampaignRow
from ledger.invitations import NOT_TOLD, InvitationCount
from translations import N_

_STOPPED: Mapping[str | None, str] = {
    StopCause.STAFF: N_("stopped by staff"),
    StopCause.BUDGET: N_("stopped, because its SMS were used up"),
    StopCause.RESTORED: N_("stopped, because an older state of the database came back"),
}
_STATES: Mapping[str, str] = {
    InvitationState.PLANNED: N_("to be sent"),
    InvitationState.SENDING: N_("being sent"),
    InvitationState.SENT: N_("sent"),
    InvitationState.UNDELIVERABLE: N_("cannot be delivered"),
    InvitationState.SKIPPED: N_("not sent"),
    InvitationState.IN_DOUBT: N_("in doubt: perhaps it arrived, and is not sent again"),
}
_WHY: Mapping[str, str] = {
    NotInvited.ACTIVE: N_("not sent: has an account by now"),
    NotInvited.UNDER_WAY: N_("not sent: is activating now"),
    NotInvited.NO_CONTACT: N_("not sent: has no contact on file any more"),
    NotInvited.INVITED: N_("not sent: was invited already"),
    NotInvited.SHARED: N_("not sent: others have the same contact, and it went there once"),
    NotInvited.NOT_ENROLLED: N_("not sent: is no longer enrolled"),
}

_RECEIPTS: Mapping[str, str] = {
    Receipt.DELIVERED: N_("of these: delivered"),
    Receipt.EXPIRED: N_("of these: not delivered, the phone or mailbox could not be reached"),
    Receipt.FAILED: N_("of these: not delivered, refused"),
    NOT_TOLD: N_("of these: no delivery receipt yet"),
}


def stands(campaign: CampaignRow) -> str:
    """Return where a campaign stands, in the translation catalogue."""
    if campaign.stopped_at:
        return _STOPPED.get(campaign.stopped_why, _STOPPED[StopCause.STAFF])
    if campaign.ended_at:
        return N_("ended")
    return N_("in progress") if campaign.started_at else N_("prepared, nothing is sent")


def became(count: InvitationCount, campaign: CampaignRow) -> str:
    """Return what became of these invitations, in the translation catalogue."""
    if campaign.over and count.state is InvitationState.PLANNED:
        return N_("not sent: the campaign was stopped before")
    return _WHY.get(count.why or "") or _STATES[count.state]


def receipt(told: str) -> str:
    """Return what delivery receipts told of some of these, in the translation catalogue."""
    return _RECEIPTS[told]
