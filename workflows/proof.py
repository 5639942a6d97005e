"""The pin step: a code goes to a contact on file, and the right one comes back.

Sending runs beside the waiting, so that a code, another channel or staff's retry never waits for
a gateway. What was typed is judged by when it reached the portal, so that a code in time during
an outage counts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain import masks
    from domain.contracts.requests import (
        CheckPin,
        Delivery,
        Destination,
        Person,
        PinOutcome,
        ReserveSend,
        SendPin,
        SendReserved,
    )
    from domain.contracts.submissions import (
        ActivationStart,
        PinSubmission,
        ResendRequest,
        RetryRequest,
        Submission,
        UnlockRequest,
    )
    from domain.contracts.views import PinView, Verdict
    from domain.contracts.vocabulary import Channel, Step, WaitReason
    from domain.destinations import OTHER, reachable
    from workflows import calls
    from workflows.pins import PinBook
    from workflows.standing import Standing, background

_MASKS = {Channel.SMS: masks.mobile, Channel.EMAIL: masks.email}


@dataclass(frozen=True)
class Message:
    """A PIN message: which one it is, which code it carries and where it goes."""

    send_no: int
    code_no: int
    to: Destination


class Proof:
    def __init__(
        self, standing: Standing, start: ActivationStart, persons: Sequence[Person]
    ) -> None:
        self._standing = standing
        self._start = start
        self._contacts = reachable(persons)
        self._person_key = persons[0].person_key if len(persons) == 1 else None
        self._pins = PinBook(start.policy)
        self._sending: asyncio.Future[Delivery | None] | None = None
        self._message = self._compose(next(iter(self._contacts)))
        self._refused: set[Channel] = set()
        self._resend_asked: Submission | None = None
        self._closed_until: dict[Channel, datetime] = {}
        self._on_request = False

    @property
    def destination(self) -> Destination:
        return self._message.to

    @property
    def _channel(self) -> Channel:
        return self._message.to.channel

    async def wait(self, *, on_request: bool) -> None:
        """Return when the right code has come in time; `on_request`: send none before one is."""
        self._standing.stand(Step.PIN, WaitReason.WAITING_PIN)
        self._on_request = on_request
        if not on_request:
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
            UnlockRequest,
            or_when=self._sending_ended,
            until=self._pins.locked_until,
        )
        match submission:
            case PinSubmission():
                return await self._is_right(submission)
            case ResendRequest():
                self._resend(submission)
            case RetryRequest():
                self._send(self._message if self._sending else self._compose(self._channel))
                self._standing.settle()
            case UnlockRequest() if not self._pins.locked(workflow.now()):
                self._standing.reply(Verdict.OUT_OF_STEP)
            case None if self._sending_ended():
                await self._after_sending()
            case _:
                self._pins.unlock()
                self._standing.stand(Step.PIN, WaitReason.WAITING_PIN)
                self._standing.settle()
        return False

    # --- sending ---------------------------------------------------------------------------

    def _compose(self, channel: Channel) -> Message:
        send_no, code_no = self._pins.next_send(workflow.now())
        return Message(send_no, code_no, self._contacts[channel])

    def _send(self, message: Message) -> None:
        self._stop_sending()
        self._on_request = False
        self._message = message
        self._sending = background(self._hand_over(message))

    def _stop_sending(self) -> None:
        if self._sending:
            self._sending.cancel()
        self._sending = None
        self._answer_resend(Verdict.ACCEPTED)

    def _sending_ended(self) -> bool:
        return self._sending is not None and self._sending.done()

    async def may_invite(self) -> bool:
        """Count a message that carries no code against the budget as well."""
        reserved = await self._reserve(self._message)
        self._wait_for(WaitReason.WAITING_PIN)
        return reserved.not_before is None

    async def _reserve(self, message: Message) -> SendReserved:
        request = ReserveSend(
            reference=self._start.reference,
            send_no=message.send_no,
            destination=message.to,
            person_key=self._person_key,
        )
        return await calls.reserve_send(request, self._wait_for)

    async def _hand_over(self, message: Message) -> Delivery | None:
        """Return what became of the message; None when the contact has had enough of them."""
        reserved = await self._reserve(message)
        if reserved.not_before:
            self._closed_until[message.to.channel] = reserved.not_before
            self._answer_resend(Verdict.TOO_SOON)
            return None
        # The budget may have kept us waiting for longer than the code lives.
        code_no = self._pins.fresh(message.code_no, workflow.now())
        self._pins.reserved(code_no)
        self._answer_resend(Verdict.ACCEPTED)
        request = SendPin(
            reference=self._start.reference,
            send_no=message.send_no,
            code_no=code_no,
            destination=message.to,
            language=self._start.language,
            valid_for=self._pins.life_left(code_no, workflow.now()),
        )
        sent = await calls.send_pin(request, self._wait_for)
        if sent.outcome is Delivery.SENT:
            self._pins.handed_over(code_no, workflow.now())
        return sent.outcome

    def _wait_for(self, reason: WaitReason) -> None:
        """Say what is waited for, unless the step is over or codes are locked.

        The student's clock and answers go on meanwhile.
        """
        if self._standing.step is Step.PIN and not self._pins.locked(workflow.now()):
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
            elif outcome is Delivery.SENT and self._pins.is_over(workflow.now()):
                # What was repeated came too late to be of use.
                self._send(self._compose(self._channel))
        self._wait_for(WaitReason.WAITING_PIN)

    async def _go_round_undeliverable(self) -> None:
        """Take the other contact on file; when there is none left, support must help."""
        self._refused.add(self._channel)
        other = OTHER[self._channel]
        if other in self._refused or other not in self._contacts:
            await self._standing.park(WaitReason.UNDELIVERABLE)
            self._refused.clear()
            self._send(self._compose(self._channel))
        else:
            self._send(self._compose(other))

    def _resend(self, request: ResendRequest) -> None:
        now = workflow.now()
        # Whose message is held up by a gateway need not wait before taking the other way.
        held_up = self._on_request or self._standing.reason is not WaitReason.WAITING_PIN
        too_soon = not held_up and self._pins.resend_at is not None and now < self._pins.resend_at
        closed = now < self._closed_until.get(request.channel, now)
        if too_soon or closed or self._pins.locked(now) or request.channel not in self._contacts:
            self._standing.reply(Verdict.TOO_SOON)
        elif self._sending and request.channel is self._channel:
            # The message is still on its way: another one would only use up the budget.
            self._standing.settle()
        else:
            self._send(self._compose(request.channel))
            self._resend_asked = self._standing.put_off()

    def _answer_resend(self, verdict: Verdict) -> None:
        if self._resend_asked:
            self._standing.answer(self._resend_asked, verdict)
        self._resend_asked = None

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
        match await self._check(request):
            case PinOutcome.RIGHT:
                self._standing.proved_by = submission.submission_id
                return True
            case PinOutcome.EXPIRED:
                self._standing.reply(Verdict.EXPIRED)
            case _:
                self._count_wrong(at, now)
        return False

    async def _check(self, request: CheckPin) -> PinOutcome:
        """Compare; other codes queue meanwhile, so this does not look into the inbox."""
        before = self._standing.reason
        while True:
            check = background(calls.check_pin(request, self._standing.delayed))
            await workflow.wait([check])
            if not check.exception():
                self._standing.stand(Step.PIN, before)
                return check.result().outcome
            await self._standing.park(WaitReason.CONFIGURATION)

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
        other = OTHER[self._channel]
        opens = (self._pins.resend_at, self._closed_until.get(self._channel))
        return PinView(
            channel=self._channel,
            destination=_MASKS[self._channel](self._message.to.to),
            tries_left=self._pins.tries_left(now),
            expires_at=self._pins.expires_at(),
            resend_at=max(filter(None, opens), default=None),
            locked_until=self._pins.locked_until,
            other_channel=other if other in self._contacts else None,
            on_request=self._on_request,
        )
