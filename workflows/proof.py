"""The pin step: a code goes to a contact on file, and the right one comes back.

Sending runs beside the waiting, so that a code, another channel or staff's retry never waits for
a gateway. What was typed is judged by when it reached the portal, so that a code in time during
an outage counts.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain import masks
    from domain.contracts import (
        ActivationStart,
        Channel,
        CheckPin,
        Delivery,
        Destination,
        Person,
        PinOutcome,
        PinSubmission,
        PinView,
        ResendRequest,
        ReserveSend,
        RetryRequest,
        SendPin,
        Step,
        Verdict,
        WaitReason,
    )
    from workflows import calls
    from workflows.pins import PinBook
    from workflows.standing import Standing, background

OTHER = {Channel.SMS: Channel.EMAIL, Channel.EMAIL: Channel.SMS}
_MASKS = {Channel.SMS: masks.mobile, Channel.EMAIL: masks.email}


@dataclass(frozen=True)
class Message:
    """A PIN message: which one it is, which code it carries and where it goes."""

    send_no: int
    code_no: int
    to: Destination


class Proof:
    def __init__(self, standing: Standing, start: ActivationStart, person: Person) -> None:
        self._standing = standing
        self._start = start
        self._person = person
        self._pins = PinBook(start.policy)
        self._sending: asyncio.Future[Delivery | None] | None = None
        self._message = self._compose(Channel.SMS if person.sms_to else Channel.EMAIL)
        self._refused: set[Channel] = set()

    @property
    def channel(self) -> Channel:
        return self._message.to.channel

    async def wait(self) -> None:
        """Return when the right code has come in time."""
        self._standing.stand(Step.PIN, WaitReason.WAITING_PIN)
        self._send(self._message)
        try:
            while not await self._one_event():
                pass
        finally:
            self._stop_sending()

    async def _one_event(self) -> bool:
        submission = await self._standing.next(
            PinSubmission,
            ResendRequest,
            RetryRequest,
            or_when=self._sending_ended,
            until=self._pins.locked_until,
        )
        match submission:
            case PinSubmission():
                return await self._is_right(submission)
            case ResendRequest():
                self._resend(submission)
            case RetryRequest():
                self._send(self._message)
                self._standing.settle()
            case None if self._sending_ended():
                await self._after_sending()
            case None:
                self._pins.unlock()
                self._standing.stand(Step.PIN, WaitReason.WAITING_PIN)
        return False

    # --- sending ---------------------------------------------------------------------------

    def _compose(self, channel: Channel) -> Message:
        to = on_file(self._person, channel)
        if to is None:
            raise LookupError("no contact on file for this channel")
        send_no, code_no = self._pins.next_send(workflow.now())
        return Message(send_no, code_no, to)

    def _send(self, message: Message) -> None:
        self._stop_sending()
        self._message = message
        self._sending = background(self._hand_over(message))

    def _stop_sending(self) -> None:
        if self._sending:
            self._sending.cancel()
        self._sending = None

    def _sending_ended(self) -> bool:
        return self._sending is not None and self._sending.done()

    async def _hand_over(self, message: Message) -> Delivery | None:
        """Return what became of the message; None when the contact has had enough of them."""
        reserve = ReserveSend(
            reference=self._start.reference,
            send_no=message.send_no,
            person_key=self._person.person_key,
            destination=message.to,
        )
        reserved = await calls.reserve_send(reserve, self._delayed)
        if reserved.not_before:
            self._pins.resend_at = reserved.not_before
            return None
        request = SendPin(
            reference=self._start.reference,
            send_no=message.send_no,
            code_no=message.code_no,
            destination=message.to,
            language=self._start.language,
        )
        sent = await calls.send_pin(request, self._delayed)
        if sent.outcome is Delivery.SENT:
            self._pins.handed_over(message.code_no, workflow.now())
        return sent.outcome

    def _delayed(self, reason: WaitReason) -> None:
        """Say why no message came; the student's clock and answers go on meanwhile."""
        if not self._pins.locked(workflow.now()):
            self._standing.stand(Step.PIN, reason)

    async def _after_sending(self) -> None:
        sending, self._sending = self._sending, None
        assert sending is not None  # noqa: S101 - only called when a sending has ended
        try:
            outcome = sending.result()
        except FailureError:
            await self._standing.park(WaitReason.CONFIGURATION)
            self._send(self._message)
        else:
            if outcome is Delivery.UNDELIVERABLE:
                await self._go_round_undeliverable()
        if not self._pins.locked(workflow.now()):
            self._standing.stand(Step.PIN, WaitReason.WAITING_PIN)

    async def _go_round_undeliverable(self) -> None:
        """Take the other contact on file; when there is none left, support must help."""
        self._refused.add(self.channel)
        other = OTHER[self.channel]
        if other in self._refused or on_file(self._person, other) is None:
            await self._standing.park(WaitReason.UNDELIVERABLE)
            self._refused.clear()
            self._send(self._compose(self.channel))
        else:
            self._send(self._compose(other))

    def _resend(self, request: ResendRequest) -> None:
        now = workflow.now()
        early = self._pins.resend_at is not None and now < self._pins.resend_at
        if early or self._pins.locked(now) or on_file(self._person, request.channel) is None:
            self._standing.reply(Verdict.TOO_SOON)
        else:
            self._send(self._compose(request.channel))
            self._standing.settle()

    # --- judging ---------------------------------------------------------------------------

    async def _is_right(self, submission: PinSubmission) -> bool:
        now = workflow.now()
        if self._pins.locked(now):
            self._standing.reply(Verdict.LOCKED)
            return False
        at = self._pins.judging_time(submission.received_at, now)
        live = self._pins.live(at)
        if not live:
            self._standing.reply(Verdict.EXPIRED)
            return False
        request = CheckPin(
            reference=self._start.reference,
            pin=submission.pin,
            live=live,
            expired=self._pins.dead(at),
        )
        match (await calls.check_pin(request, self._standing.delayed)).outcome:
            case PinOutcome.RIGHT:
                return True
            case PinOutcome.EXPIRED:
                self._standing.reply(Verdict.EXPIRED)
            case PinOutcome.WRONG:
                self._count_wrong(at, now)
        return False

    def _count_wrong(self, at: datetime, now: datetime) -> None:
        self._pins.wrong_try(at, now)
        if self._pins.locked(now):
            self._standing.reply(Verdict.LOCKED)
            self._standing.stand(Step.PIN, WaitReason.PIN_LOCKED)
        else:
            self._standing.reply(Verdict.WRONG)

    # --- showing ---------------------------------------------------------------------------

    def view(self) -> PinView:
        now = workflow.now()
        other = OTHER[self.channel]
        return PinView(
            channel=self.channel,
            destination=_MASKS[self.channel](self._message.to.to),
            tries_left=self._pins.tries_left(now),
            expires_at=self._pins.expires_at(),
            resend_at=self._pins.resend_at,
            locked_until=self._pins.locked_until,
            other_channel=other if on_file(self._person, other) else None,
        )


def on_file(person: Person, channel: Channel) -> Destination | None:
    """Return the person's contact of this kind, the one that matched before any other."""
    if channel is Channel.SMS:
        to = person.sms_to or person.mobile
    else:
        to = person.email_to or person.email
    return Destination(channel=channel, to=to) if to else None
