"""Activities that mail requests for help to support, and support's answers to students.

Staff answer by replying, or from the console. Of the student's input, the validated e-mail address
alone enters a header, and the text is plain text in the body; no copy goes to that address, because
its owner is unknown. A letter whose text the relay refuses has ended, as the console has it:
anybody may write one. Delivery is at least once: twice, with the same Message-ID, if the ledger
becomes unavailable between the mail and its record.
"""

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from adapters.errors import Misconfigured
from adapters.messaging.mail import ContentRefused, Letter, MailRelay
from adapters.messaging.message_templates import Words
from domain.contracts.message_io import Delivery, MailSupportAnswer, MailSupportRequest, Sent
from domain.contracts.outbox import FindLeftBehind, LeftBehind
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import support_requests
from ledger.support_requests import HelpLetter
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing
from settings import Settings


class DeskActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._institution = settings.institution
        self._budget = settings.send_budget
        self._requests = f"{settings.console.public_url.rstrip('/')}/requests"
        self._words = Words(settings)
        self._mail = MailRelay(settings.mail, settings.institution)

    async def close(self) -> None:
        await self._mail.close()

    @activity.defn(name=ActivityName.MAIL_SUPPORT_REQUEST)
    async def mail_support_request(self, request: MailSupportRequest) -> Sent:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            asked = await support_requests.unmailed(self._pool, self._keys, request.request_id)
            budget = self._budget
            told = asked and await support_requests.take_letter(self._pool, asked.id, budget)
        if asked:
            with guarded(FailureType.CONFIGURATION, ()):
                outcome = Delivery.SENT
                if told is HelpLetter.OWN:
                    outcome = await self._hand_over(asked)
                elif told is HelpLetter.MORE:
                    outcome = await self._tell_of_more(asked)
            with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                await support_requests.mailed(self._pool, asked.id, outcome)
            return Sent(outcome=outcome)
        return Sent(outcome=Delivery.SENT)

    @activity.defn(name=ActivityName.MAIL_SUPPORT_ANSWER)
    async def mail_support_answer(self, request: MailSupportAnswer) -> Sent:
        """Mail the answer, with replies to support; record for staff that it was refused."""
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            found = await support_requests.standing(self._pool, self._keys, request.request_id)
        if found is None or found.answer is None or found.line.delivery:
            return Sent(outcome=Delivery.SENT)
        asked = found.request
        with guarded(FailureType.CONFIGURATION, ()):
            words = {"reference": asked.reference, "text": found.answer}
            letter = self._words.plain_letter("support_answer", asked.language, **words)
            try:
                outcome = await self._mail.send(
                    to=asked.reply_to,
                    content=letter,
                    message_id=f"answer:{asked.id}",
                    reply_to=self._institution.support_email,
                )
            except ContentRefused:
                outcome = Delivery.UNDELIVERABLE
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await support_requests.delivered(self._pool, asked.id, outcome)
        return Sent(outcome=outcome)

    async def _hand_over(self, asked: support_requests.HelpRequest) -> Delivery:
        letter = self._words.plain_letter(
            "support_request",
            self._institution.default_language,
            reference=asked.reference,
            step=asked.step,
            written_in=asked.language.value,
            name=asked.name,
            reply_to=asked.reply_to,
            phone=asked.phone,
            text=asked.text,
        )
        return await self._send(letter, f"support:{asked.id}", asked.reply_to)

    async def _tell_of_more(self, asked: support_requests.HelpRequest) -> Delivery:
        """Tell support that requests wait in the console, of which they get no letters."""
        language = self._institution.default_language
        letter = self._words.plain_letter("support_more", language, requests_url=self._requests)
        return await self._send(letter, f"support-more:{asked.id}")

    async def _send(self, letter: Letter, message_id: str, reply_to: str | None = None) -> Delivery:
        try:
            outcome = await self._mail.send(
                to=self._institution.support_email,
                content=letter,
                message_id=message_id,
                reply_to=reply_to,
            )
        except ContentRefused:
            return Delivery.UNDELIVERABLE
        if outcome is Delivery.UNDELIVERABLE:
            raise Misconfigured("the desk's mailbox is refused")
        return outcome


class OutboxActivities(Activities):
    """Finds requests for help in the ledger's outbox that Temporal did not receive."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=ActivityName.FIND_LEFT_BEHIND)
    async def find_left_behind(self, _: FindLeftBehind) -> LeftBehind:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            return LeftBehind(
                requests=tuple(await support_requests.left_behind(self._pool)),
                replies=tuple(await support_requests.answers_left_behind(self._pool)),
            )
