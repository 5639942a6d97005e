"""The activity that mails support what cannot go on by itself.

Delivery is at least once: twice, with the same Message-ID, if the ledger becomes unavailable
between the mail and its record.
"""

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from adapters.errors import Misconfigured
from adapters.messaging.mail import Letter, MailRelay
from domain.contracts.message_io import Delivery
from domain.contracts.reports import MailStuckReport, StuckReported
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import reports
from postgres import UNAVAILABLE, Pool
from settings import Settings

StuckLetter = Callable[[], Awaitable[tuple[int, Letter] | None]]
"""Returns how many are stuck and the letter that says so; None if none is."""


class ReportActivities(Activities):
    def __init__(self, *, pool: Pool, settings: Settings, stuck_letter: StuckLetter) -> None:
        self._pool = pool
        self._institution = settings.institution
        self._stuck_letter = stuck_letter
        self._mail = MailRelay(settings.mail, settings.institution)

    async def close(self) -> None:
        await self._mail.close()

    @activity.defn(name=ActivityName.MAIL_STUCK_REPORT)
    async def mail_stuck_report(self, _: MailStuckReport) -> StuckReported:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            day = await reports.due(self._pool, reports.STUCK, self._institution.timezone)
        with guarded(FailureType.CONFIGURATION, ()):
            found = await self._stuck_letter() if day else None
            if day is None or found is None:
                return StuckReported()
            number, letter = found
            outcome = await self._mail.send(
                to=self._institution.support_email,
                content=letter,
                message_id=f"stuck report:{day}",
            )
            if outcome is Delivery.UNDELIVERABLE:
                raise Misconfigured("the desk's mailbox is refused")
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await reports.sent(self._pool, reports.STUCK, day)
        return StuckReported(activations=number)
