"""Sends each day's head of the audit away from the machine, by the channels of the alerts.

The leader among the processes of alerts takes the head as the day begins, writes it to the log, and
sends it until each channel has taken it; the ledger keeps which have. It reads no row of the audit
and has no key of it: whoever rewrites the audit afterwards cannot change what was sent.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog

from ledger import audit_heads, clock
from ledger.audit_heads import SentHead
from postgres import Connection
from settings import Settings
from support.verbs.alert_channels import deliver, head_channels
from translations import N_, translator

UNSENT = "AUDIT_HEAD_UNSENT"
BEHIND = "AUDIT_CUT_OFF"
CAUSES = (UNSENT, BEHIND)
HEAD = "AUDIT_HEAD"
_TITLE = N_("Head of the audit")
_KEEP = N_(
    "Keep this in a place that whoever administers the database cannot change. With it"
    " `activation support audit verify --heads FILE` finds whether rows were removed"
    " since."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HeadMessage:
    """A head of the audit as a channel delivers it."""

    head: SentHead
    title: str
    text: str
    cause: str = HEAD

    @property
    def subject(self) -> str:
        return f"{self.title}, {self.head.day}"

    @property
    def letter(self) -> str:
        return f"{self.head}\n\n{self.text}"

    @property
    def message_id(self) -> str:
        return f"audit head:{self.head}"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON body of the webhook."""
        head = self.head
        return {
            "cause": self.cause,
            "day": head.day.isoformat(),
            "row": head.id,
            "head": str(head),
            "text": f"{self.title}: {head}",
        }


class HeadLetters:
    def __init__(self, settings: Settings) -> None:
        self._channels = head_channels(settings)
        self._zone = settings.institution.timezone
        self._say = translator(settings.institution.default_language).gettext
        self._logged: date | None = None

    async def send(self, ledger: Connection) -> dict[str, int]:
        """Send the day's head to each channel that lacks it; return what operators must know."""
        found = {BEHIND: 1} if await audit_heads.is_behind(ledger) else {}
        today = (await clock.now(ledger)).astimezone(self._zone).date()
        taken = await audit_heads.of_day(ledger, today)
        if taken is None:
            return found
        head, told = taken
        if self._logged != today:
            log.info("audit head", head=str(head))
            self._logged = today
        message = HeadMessage(head, self._say(_TITLE), self._say(_KEEP))
        for channel in self._channels:
            if channel.name in told:
                continue
            if await deliver(channel, message):
                found |= {f"{UNSENT} {channel.name}": 1}
            else:
                await audit_heads.told(ledger, today, channel.name)
        return found
