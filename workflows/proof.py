"""Runs the pin step: sends a code to a contact on file and waits for the right code.

Sending is a background task, so that a submitted code, another channel or staff's retry never
waits for a gateway. A code is checked by the time it reached the portal, so that a code submitted
in time during an outage counts. Only the ledger numbers and counts messages, codes and tries: this
run may be reset, and keeps no more than the ledger's last answer.

Times of codes, locks and limits come from the ledger and are compared with the ledger's clock
only, because Temporal's clock may differ.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain import identity, masks
    from domain.contracts.channels import Channel
    from domain.contracts.message_io import Delivery, ReserveSend, SendPin, SendReserved, Sent
    from domain.contracts.people import Destination, Person
    from domain.contracts.staff import RetrySubmission, SendCodeSubmission, UnlockSubmission
    from domain.contracts.submissions import ActivationStart, PinSubmission, ResendRequest
    from domain.contracts.views import PinView, Verdict
    from domain.contracts.vocabulary import Purse, Step, WaitReason
    from domain.destinations import has, next_channel, reachable
    from workflows import calls
    from workflows.code_check import CodeCheck
    from workflows.step_machine import StepMachine
    from workflows.tasks import background


@dataclass(frozen=True)
class CodeMessage:
    """A PIN message that this run requests: its number, destination and budget."""

    request_no: int
    to: Destination
    purse: Purse = Purse.ORDINARY


class Proof:
    def __init__(
        self, machine: StepMachine, start: ActivationStart, persons: Sequence[Person]
    ) -> None:
        self._machine = machine
        self._start = start
        self._persons = persons
        self._contacts = reachable(persons, channels=start.channels, always_ask=start.always_ask)
        self._person_key = persons[0].person_key if len(persons) == 1 else None
        self._requests = 0
        self._expires_at: datetime | None = None
        self._resend_at: datetime | None = None
        self._codes = CodeCheck(machine, start)
        self._sending: asyncio.Future[Sent | None] | None = None
        self._message = self._compose(next(iter(self._contacts)))
        self._sent: CodeMessage | None = None
        self._refused: set[Channel] = set()
        self._resend_asked: ResendRequest | None = None
        self._closed: dict[Channel, SendReserved] = {}
        self._on_request = False
        self._send_no: int | None = None
        self._clock = machine.ledger_clock

    @property
    def destination(self) -> Destination:
        return self._message.to

    @property
    def _channel(self) -> Channel:
        return self._message.to.channel

    async def wait(self, *, on_request: bool) -> None:
        """Return once the right code was submitted in time.

        With `on_request` no code is sent until the student asks for one.
        """
        self._machine.move_to(Step.PIN, WaitReason.WAITING_PIN)
        self._on_request = on_request
        if not on_request:
            self._send(self._message)
        try:
            while not await self._one_event():
                pass
        finally:
            self._stop_sending()

    async def _one_event(self) -> bool:
        submission = await self._machine.next(
            PinSubmission,
            ResendRequest,
            SendCodeSubmission,
            RetrySubmission,
            UnlockSubmission,
            or_when=self._sending_ended,
            until=self._codes.locked_until and self._codes.locked_until - self._clock.ahead,
        )
        match submission:
            case PinSubmission():
                return await self._codes.is_right(submission)
            case ResendRequest():
                self._resend(submission)
            case SendCodeSubmission():
                await self._send_for_staff(submission)
            case RetrySubmission() if not self._sending and workflow.patched(
                f"code-awaited-at-retry-{self._requests}"
            ):
                self._machine.reply(Verdict.OUT_OF_STEP)
            case RetrySubmission():
                self._send(self._message if self._sending else self._compose(self._channel))
                self._machine.accept()
            case UnlockSubmission() if not self._codes.locked:
                self._machine.reply(Verdict.OUT_OF_STEP)
            case UnlockSubmission():
                await self._unlock(submission)
            case None if self._sending_ended():
                await self._after_sending()
            case _:
                self._resume_codes()
        return False

    # --- sending ---------------------------------------------------------------------------

    def _compose(self, channel: Channel, purse: Purse = Purse.ORDINARY) -> CodeMessage:
        self._requests += 1
        return CodeMessage(self._requests, self._contacts[channel], purse)

    def _send(self, message: CodeMessage) -> None:
        self._stop_sending()
        self._on_request = False
        self._resend_at = workflow.now() + self._start.policy.resend_after
        self._message = message
        self._sending = background(self._reserve_and_send(message))

    def _stop_sending(self) -> None:
        if self._sending:
            self._sending.cancel()
        self._sending = None
        self._answer_resend(Verdict.ACCEPTED)

    def _sending_ended(self) -> bool:
        return self._sending is not None and self._sending.done()

    async def may_invite(self) -> bool:
        """Count a message that carries no code against the budget as well."""
        reserved = await self._reserve(self._message, carries_code=False)
        self._wait_for(WaitReason.WAITING_PIN)
        return reserved.send_no is not None

    async def _reserve(self, message: CodeMessage, *, carries_code: bool = True) -> SendReserved:
        request, asked_at = self._send_request(message, carries_code=carries_code), workflow.now()
        reserved = await calls.reserve_send(request, self._wait_for)
        self._clock.learn(reserved.told_at, asked_at)
        return reserved

    def _send_request(self, message: CodeMessage, *, carries_code: bool = True) -> ReserveSend:
        return ReserveSend(
            reference=self._start.reference,
            request_no=message.request_no,
            destination=message.to,
            person_key=self._person_key,
            carries_code=carries_code,
            purse=message.purse,
        )

    async def _reserve_and_send(self, message: CodeMessage) -> Sent | None:
        """Reserve and send the message; returns the result, None if the ledger allows none now."""
        reserved = await self._reserve(message)
        self._codes.tries_left = reserved.tries_left
        if reserved.send_no is None or reserved.code_no is None or reserved.valid_for is None:
            self._closed[message.to.channel] = reserved
            self._show_refused(message)
            self._answer_resend(self._refusal(reserved))
            return None
        self._closed.pop(message.to.channel, None)
        self._send_no = reserved.send_no
        self._answer_resend(Verdict.ACCEPTED)
        request = SendPin(
            reference=self._start.reference,
            send_no=reserved.send_no,
            code_no=reserved.code_no,
            destination=message.to,
            language=self._start.language,
            valid_for=reserved.valid_for,
        )
        asked_at = workflow.now()
        sent = await calls.send_pin(request, self._wait_for)
        self._clock.learn(sent.told_at, asked_at)
        return sent

    def _wait_for(self, reason: WaitReason) -> None:
        """Set the wait reason, unless the step is over or codes are locked.

        The student's deadline and submissions continue meanwhile.
        """
        if self._machine.step is Step.PIN and not self._codes.locked:
            self._machine.wait_for(reason)

    async def _after_sending(self) -> None:
        sending, self._sending = self._sending, None
        assert sending is not None  # noqa: S101 - only called when a sending has ended
        try:
            sent = sending.result()
        except FailureError:
            await self._machine.park(WaitReason.CONFIGURATION)
            self._send(self._message)
        else:
            await self._handle_sent(sent)
        self._wait_for(self._student_reason())

    def _student_reason(self) -> WaitReason:
        """Return why the student is awaited: for a code, or until the send limit allows another."""
        closed = self._closed.get(self._channel)
        return WaitReason.SEND_LIMIT if closed and closed.spent else WaitReason.WAITING_PIN

    async def _handle_sent(self, sent: Sent | None) -> None:
        """Continue after a message was sent, could not be delivered, or expired."""
        if sent is None:
            return
        if sent.outcome is Delivery.UNDELIVERABLE:
            await self._use_next_channel()
            return
        self._expires_at, self._sent = sent.expires_at, self._message
        if sent.expires_at and not self._clock.is_future(sent.expires_at):
            # The code expired while its sending was retried.
            self._send(self._compose(self._channel, self._message.purse))
        else:
            self._resend_at = workflow.now() + self._start.policy.resend_after

    async def _use_next_channel(self) -> None:
        """Send by the next channel to a contact on file; without one, wait for support."""
        self._refused.add(self._channel)
        other = next_channel(self._contacts, self._channel, self._refused)
        if other is None:
            await self._machine.park(WaitReason.UNDELIVERABLE)
            self._refused.clear()
            other = self._channel
        self._send(self._compose(other, self._message.purse))

    def _resend(self, request: ResendRequest) -> None:
        now, purse = workflow.now(), self._purse(request)
        # While a gateway delays the message, another channel may be chosen at once.
        held_up = self._on_request or self._machine.reason is not WaitReason.WAITING_PIN
        too_soon = not held_up and self._resend_at is not None and now < self._resend_at
        closed = purse is Purse.ORDINARY and self._clock.is_future(
            self._not_before(request.channel)
        )
        if self._codes.locked:
            self._machine.reply(Verdict.LOCKED)
        elif too_soon or closed or request.channel not in self._contacts:
            if closed and not self._sending:
                self._show_refused(CodeMessage(0, self._contacts[request.channel]))
            self._machine.reply(self._resend_refusal(request))
        elif self._sending and request.channel is self._channel:
            # The message is still being sent: another one would only use up the budget.
            self._machine.accept()
        else:
            self._send(self._compose(request.channel, purse))
            self._machine.defer()
            self._resend_asked = request

    async def _send_for_staff(self, request: SendCodeSubmission) -> None:
        """Send a code at staff's request; when staff's own limit is used up, nothing changes."""
        if self._codes.locked:
            self._machine.reply(Verdict.LOCKED)
            return
        if request.channel not in self._contacts:
            self._machine.reply(Verdict.TOO_SOON)
            return
        message, asked_at = self._compose(request.channel, Purse.STAFF), workflow.now()
        reserved = await self._machine.run_for_submission(
            calls.reserve_send, self._send_request(message)
        )
        self._clock.learn(reserved.told_at, asked_at)
        if reserved.send_no is None:
            self._machine.reply(self._refusal(reserved))
        else:
            self._send(message)
            self._machine.accept()

    def _refusal(self, reserved: SendReserved) -> Verdict:
        """Return why no message may be sent, and note a lock."""
        if reserved.locked_until is None:
            return Verdict.TOO_SOON
        self._codes.lock(reserved.locked_until)
        return Verdict.LOCKED

    def _not_before(self, channel: Channel) -> datetime | None:
        closed = self._closed.get(channel)
        return closed.not_before if closed else None

    def _show_refused(self, refused: CodeMessage) -> None:
        """Show why this message was not sent, unless a code sent before is still valid."""
        holds = self._clock.is_future(self._expires_at)
        self._message = self._sent if self._sent and holds else refused

    def _purse(self, request: ResendRequest) -> Purse:
        """Return the kept purse if the answers match a second datum, else the ordinary one."""
        to = self._contacts.get(request.channel)
        asked = [person for person in self._persons if to and has(person, to)]
        return Purse.KEPT if identity.vouches(request.answers, asked) else Purse.ORDINARY

    def _resend_refusal(self, request: ResendRequest) -> Verdict:
        """Return why no message is sent; a wrong second datum takes precedence over a limit."""
        wrong = request.answers and self._purse(request) is Purse.ORDINARY
        return Verdict.WRONG if wrong else Verdict.TOO_SOON

    def _answer_resend(self, verdict: Verdict) -> None:
        asked, self._resend_asked = self._resend_asked, None
        if asked:
            refused = verdict is Verdict.TOO_SOON
            self._machine.answer(asked, self._resend_refusal(asked) if refused else verdict)

    # --- locks -----------------------------------------------------------------------------

    async def _unlock(self, request: UnlockSubmission) -> None:
        """Lift the lock in the ledger; the next message carries a new code."""
        await self._codes.unlock(request)
        self._resume_codes()

    def _resume_codes(self) -> None:
        self._codes.open()
        if not (self._on_request or self._sent or self._sending):
            # A run that was reset while codes were locked has sent none.
            self._on_request = workflow.patched("on-request-after-lock")
        self._machine.move_to(Step.PIN, self._student_reason())
        self._machine.accept()

    # --- showing ---------------------------------------------------------------------------

    def view(self) -> PinView:
        closed = self._closed.get(self._channel)
        resend_at = self._resend_at and self._resend_at + self._clock.ahead
        return PinView(
            channel=self._channel,
            destination=masks.contact(self._channel.contact, self._message.to.to),
            tries_left=self._codes.tries_left or 0,
            expires_at=self._expires_at,
            resend_at=max(filter(None, (resend_at, self._not_before(self._channel))), default=None),
            locked_until=self._codes.locked_until,
            other_channels=tuple(each for each in self._contacts if each is not self._channel),
            on_request=self._on_request,
            spent=closed.spent if closed else None,
            last_sent_at=closed.last_sent_at if closed else None,
            kept_at=closed.kept_at if closed else None,
            send_no=self._send_no,
        )
