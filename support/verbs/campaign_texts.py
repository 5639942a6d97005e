"""Says in words what a campaign sends, where it stands, and what became of its invitations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from adapters.messaging.port import Preview, wirings
from domain.campaigns import InvitationState, NotInvited, StopCause
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Language
from domain.receipts import Receipt
from ledger.campaigns import CampaignRow
from ledger.invitations import NOT_TOLD, InvitationCount
from settings import Settings
from translations import N_

TEXTS = ("invitation", "invitation_again")
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
_CUT_SHORT: Mapping[str, str] = {
    InvitationState.PLANNED: N_("not sent: the campaign was stopped before"),
    InvitationState.SENDING: N_("in doubt: it was being sent when the campaign was stopped"),
}
"""What these states mean once a campaign is over, when nothing changes them any more."""
_WHY: Mapping[str, str] = {
    NotInvited.ACTIVE: N_("not sent: has an account by now"),
    NotInvited.UNDER_WAY: N_("not sent: is activating now"),
    NotInvited.NO_CONTACT: N_("not sent: has no contact on file any more"),
    NotInvited.INVITED: N_("not sent: was invited already"),
    NotInvited.SHARED: N_("not sent: others have the same contact, and it went there once"),
    NotInvited.NOT_ENROLLED: N_("not sent: is no longer enrolled"),
    NotInvited.OBJECTED: N_("not sent: wants no invitations"),
}

_RECEIPTS: Mapping[str, str] = {
    Receipt.DELIVERED: N_("of these: delivered"),
    Receipt.EXPIRED: N_("of these: not delivered, the phone or mailbox could not be reached"),
    Receipt.FAILED: N_("of these: not delivered, refused"),
    NOT_TOLD: N_("of these: no delivery receipt yet"),
}


class PreviewedText(NamedTuple):
    """One text of a campaign as students read it; `name` is one of `TEXTS`."""

    name: str
    language: Language
    channel: Channel
    shown: Preview


def previews(settings: Settings, languages: Iterable[Language]) -> Iterator[PreviewedText]:
    """Yield every text of a campaign, in the order of the languages; nobody's data are needed."""
    for language in languages:
        for name in TEXTS:
            for wiring in wirings():
                content = wiring.writer(settings)(name, language, reference=None)
                yield PreviewedText(name, language, wiring.channel, wiring.preview(content))


def stands(campaign: CampaignRow) -> str:
    """Return where a campaign stands, in the translation catalogue."""
    if campaign.stopped_at:
        return _STOPPED.get(campaign.stopped_why, _STOPPED[StopCause.STAFF])
    if campaign.ended_at:
        return N_("ended")
    return N_("in progress") if campaign.started_at else N_("prepared, nothing is sent")


def became(count: InvitationCount, campaign: CampaignRow) -> str:
    """Return what became of these invitations, in the translation catalogue."""
    if campaign.over and count.state in _CUT_SHORT:
        return _CUT_SHORT[count.state]
    return _WHY.get(count.why or "") or _STATES[count.state]


def receipt(told: str) -> str:
    """Return what delivery receipts told of some of these, in the translation catalogue."""
    return _RECEIPTS[told]
