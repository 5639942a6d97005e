"""Where an activation stands, and how it waits: the ground the steps in `activation.py` walk on.

One place moves the step (by the table), publishes it to the search attributes, answers the
submission that moved it, and runs the clock, which counts only while the student is awaited: it
reminds once, and ends what was left for too long.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.contracts.message_io import NoticeKind
    from domain.contracts.staff_commands import (
        CancelRequest,
        HoldRequest,
        ReleaseRequest,
        RetryRequest,
        StaffRequest,
    )
    from domain.contracts.submissions import Policy, ResendRequest, Submission
    from domain.contracts.views import Answer, Progress, Verdict
    from domain.contracts.vocabulary import Step, Waker
    from domain.contracts.vocabulary import WaitReason as Reason
    from workflows import steps
    from workflows.deadline import DeadlineClock
    from workflows.inbox import Inbox, Kind, Kinds
    from workflows.ledger_clock import LedgerClock
    from workflows.long_wait import LongWait
    from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP
    from workflows.tasks import background, log_mistake

_WHILE_HELD: Kinds = (StaffRequest, ResendRequest)
"""What is answered at once while it is held; a code asked for then would only die unread."""

Delayed = Callable[[Reason], None]
Done = TypeVar("Done")
Given = ParamSpec("Given")
Request = TypeVar("Request")


class StepMachine(ABC):
    def __init__(self, policy: Policy) -> None:
        self.inbox = Inbox()
        self.ledger_clock = LedgerClock()
        self.step = Step.LOOKUP
        self.reason: Reason | None = None
        self.department: str | None = None
        self.since = workflow.now()
        self.deadline_at: datetime | None = None
        self.next_try_at: datetime | None = None
        self.proved_by: str | None = None
        self._deadline = policy.deadline
        self.wait = LongWait(policy.notify_after)
        self.clock = DeadlineClock(self, policy)
        self._parked: Step | None = None
        self._parked_for: Reason | None = None
        self._with_support: tuple[Reason, datetime] | None = None
        self.mistake: BaseException | None = None
        self._handling: Submission | None = None

    @abstractmethod
    def snapshot(self) -> Progress:
        """Return what the student may see now."""

    @abstractmethod
    def write(self, kind: NoticeKind) -> None:
        """Write to a student who has proved a contact; nothing waits for it."""

    @abstractmethod
    def remind(self) -> bool:
        """Tell a student who has left that something is still to do; False: not yet."""

    # --- moving ----------------------------------------------------------------------------

    def stand(
        self,
        step: Step,
        reason: Reason | None,
        *,
        publish: bool = True,
        since: datetime | None = None,
    ) -> None:
        """Move to this step and reason; whose submission led to another step is answered.

        `publish` False: the engine moves on in a moment, too short for a search attribute; should
        it be held up, that is published. `since`: it stood so before, and was tried in vain. Work
        of the engine's that turns out to be held up has been waited for since it began.
        """
        steps.check(self.step, step, reason, parked=self._parked)
        moved, changed = step is not self.step, reason is not self.reason
        held_up = self.reason is None and steps.woken_by(step, reason) is Waker.ENGINE
        self.step, self.reason = step, reason
        if not steps.deadline_runs(step, reason):
            self.deadline_at = None
        elif moved or self.deadline_at is None:
            self.deadline_at = workflow.now() + self._deadline
        if moved or changed:
            if moved or not held_up:
                self.since = since or workflow.now()
            if publish:
                self._publish()
        if moved:
            self.accept()

    def delayed(self, reason: Reason) -> None:
        """Say that the engine waits for a part that is away."""
        self.wait_for(reason)
        self.accept()

    def wait_for(self, reason: Reason) -> None:
        """Stand here for this reason; a part that the step knows nothing of is set up wrongly."""
        known = reason in steps.REASONS[self.step]
        self.stand(self.step, reason if known else Reason.CONFIGURATION)

    def _publish(self) -> None:
        reason = REASON.value_set(self.reason) if self.reason else REASON.value_unset()
        updates: list[SearchAttributeUpdate[Any]] = [
            STEP.value_set(self.step),
            reason,
            SINCE.value_set(self.since),
        ]
        if self.department:
            updates.append(DEPARTMENT.value_set(self.department))
        workflow.upsert_search_attributes(updates)

    # --- answering -------------------------------------------------------------------------

    def reply(self, verdict: Verdict) -> None:
        """Answer the submission in hand; it did not move the step, or moves it later."""
        if self._handling:
            self.answer(self._handling, verdict)
            self._handling = None

    def accept(self) -> None:
        self.reply(Verdict.ACCEPTED)

    def defer(self) -> None:
        """Take the submission in hand out of it, to be answered by itself later."""
        self._handling = None

    def answer(self, submission: Submission, verdict: Verdict) -> None:
        """Answer a submission; only the first answer to it counts."""
        if verdict is Verdict.OUT_OF_STEP and self.inbox.renewed_by(submission):
            verdict = Verdict.ACCEPTED
        self.inbox.answer(submission, Answer(verdict=verdict, progress=self.snapshot()))

    # --- waiting ---------------------------------------------------------------------------

    async def next(
        self,
        *kinds: type[Kind],
        or_when: Callable[[], bool] = lambda: False,
        until: datetime | None = None,
        hears: Kinds = (Submission,),
    ) -> Kind | None:
        """Return the next submission of these kinds; others are answered "out of step".

        What it does not hear stays in the inbox for a later time. Returns None when `or_when`
        comes true or `until` has passed; raises `Ended` when the student's time is up.
        """
        while True:
            self._call_back(hears)
            self.next_try_at = until
            limit = max(until - workflow.now(), timedelta()) if until else None
            try:
                await workflow.wait_condition(
                    lambda: self.inbox.has(hears) or or_when() or self._is_over(), timeout=limit
                )
            except TimeoutError:
                return None
            finally:
                self.next_try_at = None
            submission = self.inbox.take(hears)
            if submission is None:
                if blunder := self._mistaken():
                    self.mistake = None
                    raise blunder
                # What arrived in time is dealt with first, however late the clock is read.
                if self._abandoned():
                    raise steps.Ended(Step.EXPIRED)
                return None
            if isinstance(submission, CancelRequest) and self.step in steps.CANCELLABLE:
                self.accept()
                self._handling = submission
                raise steps.Ended(Step.CANCELLED)
            if isinstance(submission, HoldRequest) and self._awaits_others():
                self.accept()
                self._handling = submission
                await self.park(Reason.HELD, ReleaseRequest)
                continue
            if isinstance(submission, kinds):
                self.accept()
                self._handling = submission
                self._note_turn(submission)
                return submission
            self.answer(submission, Verdict.OUT_OF_STEP)

    # --- whose turn it is ------------------------------------------------------------------

    def _note_turn(self, submission: Submission) -> None:
        """Note since when the student, who has just answered, waits for the engine."""
        if not isinstance(submission, StaffRequest):
            self._with_support = None  # What it leads to is not what was tried before.
            now = workflow.now()
            # By signal it came while no worker was there, and the student was told "received".
            signalled = self.inbox.signalled(submission)
            received_at = submission.received_at - self.ledger_clock.ahead
            self.wait.begin(min(received_at, now) if signalled else now)

    def _call_back(self, hears: Kinds) -> None:
        """Write to a student whose turn comes after a long wait; once, and to a proved contact."""
        if self.deadline_at is None:
            self.wait.go_on()
        elif not self.inbox.has(hears):
            notice = self.wait.end()
            if notice and self.proved_by:
                self.write(notice)

    def _awaits_others(self) -> bool:
        """Whether no work of the engine's is under way that could end meanwhile."""
        return self.deadline_at is not None or self.reason is Reason.DATA_DISPUTED

    def _is_over(self) -> bool:
        """Whether something beside this wait ends it: the student's time, or a mistake."""
        return self._abandoned() or self._mistaken() is not None

    def _mistaken(self) -> BaseException | None:
        """Return the mistake made beside this wait; what is parked or over is past it."""
        past = self.step in steps.ENDS or self.step is Step.NEEDS_SUPPORT
        return None if past else self.mistake

    def _abandoned(self) -> bool:
        return self.deadline_at is not None and self.deadline_at <= workflow.now()

    async def expect(self, *kinds: type[Kind]) -> Kind:
        """Return the next submission of these kinds, the student's newest where several came."""
        submission = await self.next(*kinds)
        assert submission is not None  # noqa: S101 - nothing else can end this wait
        if isinstance(submission, StaffRequest):
            return submission
        of_students = tuple(kind for kind in kinds if not issubclass(kind, StaffRequest))
        for later in self.inbox.take_all(of_students):
            # Sent while no worker was there to answer: the last word counts.
            self.reply(Verdict.STALE)
            self._handling = submission = later
        return submission

    async def run_until_done(
        self,
        call: Callable[[Request, Delayed], Awaitable[Done]],
        request: Request,
        *,
        hears: Kinds = (Submission,),
    ) -> Done:
        """Await the engine's own work; staff's retry begins it anew, a failure parks it.

        Meanwhile no clock runs: what the student has done cannot expire.
        """
        while True:
            self.deadline_at = None
            task = background(call(request, self.delayed))
            try:
                if await self.next(RetryRequest, or_when=task.done, hears=hears) is None:
                    return await task
            except FailureError:
                await self.park(Reason.CONFIGURATION)
            finally:
                task.cancel()
            self.accept()

    async def judged(
        self, call: Callable[[Request, Delayed], Awaitable[Done]], request: Request
    ) -> Done:
        """Await what judges the submission in hand; the student's other answers queue meanwhile.

        The student's clock goes on as it was, unless a part that was away held it up.
        """
        step, before = self.step, self.reason
        since, due = self.since, self.deadline_at
        outcome = await self.run_until_done(call, request, hears=(StaffRequest,))
        if self.since == since:
            self.deadline_at = due
        self.stand(step, before)
        return outcome

    async def park(
        self,
        reason: Reason,
        until: type[StaffRequest] = RetryRequest,
        *,
        or_at: datetime | None = None,
    ) -> StaffRequest | None:
        """Wait with support until staff say so, then stand where it stood before.

        `or_at`: it goes on then by itself, and None is returned.

        What a student hands in while it is held is not refused: it counts once it goes on. What
        is over already keeps its end.
        """
        if self.step is not Step.NEEDS_SUPPORT:
            self._parked, self._parked_for = self.step, self.reason
        assert self._parked is not None  # noqa: S101 - set where it went to support
        before, since = self._with_support or (None, None)
        step = self.step if self.step in steps.ENDS else Step.NEEDS_SUPPORT
        self.stand(step, reason, since=since if before is reason else None)
        # Each hold is an act of its own.
        self._with_support = None if reason is Reason.HELD else (reason, self.since)
        hears = _WHILE_HELD if reason is Reason.HELD else (Submission,)
        said = await self.next(until, hears=hears, until=or_at)
        self.stand(self._parked, self._parked_for)
        return said

    async def supervised(
        self, step: Callable[Given, Awaitable[Done]], *args: Given.args, **named: Given.kwargs
    ) -> Done:
        """Run a step; a mistake of ours in it parks it, and staff's retry runs the step again.

        Left to Temporal, a mistake would fail the run's every task: nobody could cancel it, and
        the person it claimed could not begin anew. What the SDK raises when a replay does not
        repeat itself is left to it.
        """
        while True:
            try:
                return await step(*args, **named)
            except (steps.Ended, workflow.NondeterminismError, workflow.ReadOnlyContextError):
                raise
            except Exception as error:
                if is_cancelled_exception(error):
                    raise asyncio.CancelledError from error
                log_mistake(error)
            await self.park(Reason.CONFIGURATION)

    def beside(self, work: Awaitable[Done]) -> "asyncio.Future[Done]":
        """Start work beside the waiting; a mistake in it parks the step."""

        def note(done: "asyncio.Future[Done]") -> None:
            if not done.cancelled():
                self.mistake = done.exception() or self.mistake

        task = background(work)
        task.add_done_callback(note)
        return task
