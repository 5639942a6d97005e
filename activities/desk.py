"""Activities that mail requests for help to support, and support's answers to students.

Staff answer by replying, or from the console. The text is plain text in the body; of the student's
input only the validated e-mail address enters a header, and no copy goes to that address, because
its owner is unknown. A mail is sent at least once: twice, with the same Message-ID, if the ledger
goes away between the mail and its record.
"""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.errors import guarded
from adapters.errors import Misconfigured
from adapters.messaging.mail import MailRelay
from adapters.messaging.message_templates import Words
from domain.contracts.message_io import Delivery, MailSupportAnswer, MailSupportRequest, Sent
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import support_requests
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings import Settings


class DeskActivities:
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._institution = settings.institution
        self._words = Words(settings)
        self._mail = MailRelay(settings.mail, settings.institution)

    def all(self) -> list[Callable[..., Any]]:
        return [self.mail_support_request, self.mail_support_answer]

    @activity.defn(name=ActivityName.MAIL_SUPPORT_REQUEST)
    async def mail_support_request(self, request: MailSupportRequest) -> Sent:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            asked = await support_requests.unmailed(self._pool, self._keys, request.request_id)
        if asked:
            with guarded(FailureType.CONFIGURATION, ()):
                await self._hand_over(asked)
            with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                await support_requests.mailed(self._pool, asked.id)
        return Sent(outcome=Delivery.SENT)

    @activity.defn(name=ActivityName.MAIL_SUPPORT_ANSWER)
    async def mail_support_answer(self, request: MailSupportAnswer) -> Sent:
        """Mail the answer, with replies to support; record a refused mailbox for the staff."""
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            answered = await support_requests.answered(self._pool, self._keys, request.request_id)
        if answered is None:
            return Sent(outcome=Delivery.SENT)
        asked, text = answered
        with guarded(FailureType.CONFIGURATION, ()):
            letter = self._words.plain_letter(
                "support_answer", asked.language, reference=asked.reference, text=text
            )
            outcome = await self._mail.send(
                to=asked.reply_to,
                content=letter,
                message_id=f"answer:{asked.id}",
                reply_to=self._institution.support_email,
            )
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await support_requests.delivered(self._pool, asked.id, outcome)
        return Sent(outcome=outcome)

    async def _hand_over(self, asked: support_requests.HelpRequest) -> None:
        letter = self._words.plain_letter(
            "support_request",
            self._institution.default_language,
            reference=asked.reference,
            step=asked.step,
            written_in=asked.language.value,
            name=asked.name,
            reply_to=asked.reply_to,
            text=asked.text,
        )
        outcome = await self._mail.send(
            to=self._institution.support_email,
            content=letter,
            message_id=f"support:{asked.id}",
            reply_to=asked.reply_to,
        )
        if outcome is Delivery.UNDELIVERABLE:
            raise Misconfigured("the desk's mailbox is refused")
