"""The state machine of an activation: its step, its wait reason and its waits.

It moves the step (by the table in `steps.py`), publishes it to the search attributes, answers the
submission that moved it, and runs the deadline clock, which counts only while the student is
awaited: it reminds once, and expires an abandoned activation.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain.contracts.message_io import NoticeKind
    from domain.contracts.staff import (
        CancelSubmission,
        HoldSubmission,
        ReleaseSubmission,
        RetrySubmission,
        StaffSubmission,
    )
    from domain.contracts.submissions import (
        NotMeSubmission,
        Policy,
        ResendRequest,
        Submission,
    )
    from domain.contracts.views import Verdict
    from domain.contracts.vocabulary import Step, Waker
    from domain.contracts.vocabulary import WaitReason as Reason
    from workflows import steps
    from workflows.answering import Answering
    from workflows.deadline import DeadlineClock
    from workflows.inbox import Kind, Kinds
    from workflows.ledger_clock import LedgerClock
    from workflows.long_wait import LongWait
    from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP, whole_millisecond
    from workflows.step_times import StepTimes
    from workflows.tasks import background, log_mistake

_WHILE_HELD: Kinds = (StaffSubmission, ResendRequest, NotMeSubmission)
"""Submissions answered at once while on hold, when a new code would expire unread."""

Delayed = Callable[[Reason], None]
Done = TypeVar("Done")
Given = ParamSpec("Given")
Request = TypeVar("Request")


class StepMachine(Answering):
    def __init__(self, policy: Policy, utc_offset: timedelta | None) -> None:
        super().__init__()
        self.ledger_clock = LedgerClock()
        self.step = Step.LOOKUP
        self.reason: Reason | None = None
        self.department: str | None = None
        self.in_bulk = False
        self.since = workflow.now()
        self.looked_up_at: datetime | None = None
        self.deadline_at: datetime | None = None
        self.next_try_at: datetime | None = None
        self.proved_by: str | None = None
        self._deadline = policy.deadline
        self.wait = LongWait(policy.notify_after)
        self.clock = DeadlineClock(self, policy, utc_offset)
        self._times = StepTimes(self.step)
        self._parked: Step | None = None
        self._parked_for: Reason | None = None
        self._last_park: tuple[Reason, datetime] | None = None
        self.mistake: BaseException | None = None

    @property
    def is_short(self) -> bool:
        """Whether this run takes the shorter course of events, which older versions had not."""
        return self.looked_up_at is not None

    @abstractmethod
    def write(self, kind: NoticeKind) -> None:
        """Send a notice to a student who has proved a contact; nothing waits for it."""

    @abstractmethod
    def remind(self) -> bool:
        """Remind a student who has left; returns False when none may be sent yet."""

    @abstractmethod
    async def stop_if_right(self, submission: NotMeSubmission) -> None:
        """Answer whoever got a message and did not ask for it; raises `Ended` for its code."""

    # --- moving ----------------------------------------------------------------------------

    def move_to(
        self,
        step: Step,
        reason: Reason | None,
        *,
        publish: bool = True,
        since: datetime | None = None,
    ) -> None:
        """Move to this step and reason; a change of step may accept the current submission.

        `publish` False: the engine moves on in a moment, too short for a search attribute; a delay
        is published later. `since`: start of the same wait before a retry that failed. When engine
        work turns out to be delayed, its wait counts from when the work began.
        """
        steps.check(self.step, step, reason, parked=self._parked)
        moved, changed = step is not self.step, reason is not self.reason
        held_up = self.reason is None and steps.woken_by(step, reason) is Waker.ENGINE
        self.step, self.reason = step, reason
        self._times.moved(step, reason)
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
            self.accept_if_settled()

    def delayed(self, reason: Reason) -> None:
        """Record that the engine waits for an unavailable system."""
        self.wait_for(reason)
        self.accept()

    def wait_for(self, reason: Reason) -> None:
        """Wait at this step for this reason, or for CONFIGURATION if the step does not know it."""
        known = reason in steps.REASONS[self.step]
        self.move_to(self.step, reason if known else Reason.CONFIGURATION)

    def _publish(self) -> None:
        reason = REASON.value_set(self.reason) if self.reason else REASON.value_unset()
        updates: list[SearchAttributeUpdate[Any]] = [
            STEP.value_set(self.step),
            reason,
            SINCE.value_set(whole_millisecond(self.since)),
        ]
        if self.department:
            updates.append(DEPARTMENT.value_set(self.department))
        workflow.upsert_search_attributes(updates)

    # --- waiting ---------------------------------------------------------------------------

    async def next(
        self,
        *kinds: type[Kind],
        or_when: Callable[[], bool] = lambda: False,
        until: datetime | None = None,
        accepts: Kinds = (Submission,),
    ) -> Kind | None:
        """Return the next submission of these kinds; others are answered "out of step".

        Kinds that are not in `accepts` stay in the inbox. Returns None when `or_when` becomes true
        or `until` has passed; raises `Ended` on cancellation and at the student's deadline.
        """
        while True:
            self._notify_after_wait(accepts)
            self.next_try_at = until
            limit = max(until - workflow.now(), timedelta()) if until else None
            try:
                await workflow.wait_condition(
                    lambda: self.inbox.has(accepts) or or_when() or self._interrupted(),
                    timeout=limit,
                )
            except TimeoutError:
                return None
            finally:
                self.next_try_at = None
            submission = self.inbox.take(accepts)
            if submission is None:
                if pending := self._pending_mistake():
                    self.mistake = None
                    raise pending
                # Submissions that arrived in time are handled before the deadline is checked.
                if self._deadline_passed():
                    raise steps.Ended(Step.EXPIRED)
                return None
            if isinstance(submission, CancelSubmission) and self.step in steps.CANCELLABLE:
                self.accept()
                self._current = submission
                raise steps.Ended(Step.CANCELLED)
            if isinstance(submission, HoldSubmission) and self._can_hold():
                self.accept()
                self._current = submission
                await self.park(Reason.HELD, ReleaseSubmission)
                continue
            if isinstance(submission, NotMeSubmission) and self.step not in steps.ENDS:
                await self.stop_if_right(submission)
                continue
            if isinstance(submission, kinds):
                self.accept()
                self._current = submission
                self.in_bulk = isinstance(submission, RetrySubmission) and submission.of_many
                self._start_wait(submission)
                return submission
            self.answer(submission, Verdict.OUT_OF_STEP)

    # --- long waits and interruptions ------------------------------------------------------

    def _start_wait(self, submission: Submission) -> None:
        """Record when the student, who has just submitted, began to wait for the engine."""
        if not isinstance(submission, StaffSubmission):
            self._last_park = None  # A wait after a new submission is not the same wait as before.
            now = workflow.now()
            # The page answered "received" to a signal while no worker was running.
            signalled = self.inbox.signalled(submission)
            received_at = submission.received_at - self.ledger_clock.ahead
            self.wait.begin(min(received_at, now) if signalled else now)

    def _notify_after_wait(self, accepts: Kinds) -> None:
        """Notify a student who is awaited after a long wait; once, and at a proved contact only."""
        if self.deadline_at is None:
            self.wait.begin_if_idle()
        elif not self.inbox.has(accepts):
            notice = self.wait.end()
            if notice and self.proved_by:
                self.write(notice)

    def _can_hold(self) -> bool:
        """Whether no engine work is running that could end during a hold."""
        return self.deadline_at is not None or self.reason is Reason.DATA_DISPUTED

    def _interrupted(self) -> bool:
        """Whether the deadline or a mistake in a background task ends this wait."""
        return self._deadline_passed() or self._pending_mistake() is not None

    def _pending_mistake(self) -> BaseException | None:
        """Return the error of a background task; None where the activation is parked or over."""
        past = self.step in steps.ENDS or self.step is Step.NEEDS_SUPPORT
        return None if past else self.mistake

    def _deadline_passed(self) -> bool:
        return self.deadline_at is not None and self.deadline_at <= workflow.now()

    async def expect(self, *kinds: type[Kind]) -> Kind:
        """Return the next submission of these kinds; of several by the student, the newest."""
        submission = await self.next(*kinds)
        assert submission is not None  # noqa: S101 - nothing else can end this wait
        if isinstance(submission, StaffSubmission):
            return submission
        of_students = tuple(kind for kind in kinds if not issubclass(kind, StaffSubmission))
        for later in self.inbox.take_all(of_students):
            # Several were sent while no worker was up: the newest counts.
            self.reply(Verdict.STALE)
            self._current = submission = later
        return submission

    async def run_until_done(
        self,
        call: Callable[[Request, Delayed], Awaitable[Done]],
        request: Request,
        *,
        accepts: Kinds = (Submission,),
    ) -> Done:
        """Await engine work; staff's retry restarts it, a permanent failure parks it.

        The student's deadline does not run meanwhile: what the student has done cannot expire.
        """
        while True:
            self.deadline_at = None
            task = background(call(request, self.delayed))
            try:
                if await self.next(RetrySubmission, or_when=task.done, accepts=accepts) is None:
                    return await task
            except FailureError:
                await self.park(Reason.CONFIGURATION)
            finally:
                task.cancel()
            self.accept()

    async def run_for_submission(
        self, call: Callable[[Request, Delayed], Awaitable[Done]], request: Request
    ) -> Done:
        """Await the work that decides the current submission; the student's others are queued.

        The student's deadline stays as it was, unless an unavailable system delayed the work.
        """
        step, before = self.step, self.reason
        since, due = self.since, self.deadline_at
        outcome = await self.run_until_done(call, request, accepts=(StaffSubmission,))
        if self.since == since:
            self.deadline_at = due
        self.move_to(step, before)
        return outcome

    async def park(
        self,
        reason: Reason,
        until: type[StaffSubmission] = RetrySubmission,
        *,
        or_at: datetime | None = None,
    ) -> StaffSubmission | None:
        """Wait for the staff's submission `until`, then return to the previous step and reason.

        `or_at`: the time when it continues without a command; None is returned then.

        Submissions of a student during a hold are not refused: they count once it continues. An
        activation that is over keeps its end.
        """
        if self.step is not Step.NEEDS_SUPPORT:
            self._parked, self._parked_for = self.step, self.reason
        assert self._parked is not None  # noqa: S101 - set when it was parked
        before, since = self._last_park or (None, None)
        step = self.step if self.step in steps.ENDS else Step.NEEDS_SUPPORT
        self.move_to(step, reason, since=since if before is reason else None)
        # Each hold is a separate action of staff, so its wait does not continue.
        self._last_park = None if reason is Reason.HELD else (reason, self.since)
        accepts = _WHILE_HELD if reason is Reason.HELD else (Submission,)
        command = await self.next(until, accepts=accepts, until=or_at)
        self.move_to(self._parked, self._parked_for)
        return command

    async def supervised(
        self, step: Callable[Given, Awaitable[Done]], *args: Given.args, **named: Given.kwargs
    ) -> Done:
        """Run a step; a programming error in it parks the step until staff's retry runs it again.

        Without this the error would fail every workflow task: nobody could cancel the run, and the
        person it claimed could not start again. Non-determinism errors of a replay are left to the
        SDK.
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

    def run_in_background(self, work: Awaitable[Done]) -> "asyncio.Future[Done]":
        """Start a background task; an error in it parks the step."""

        def note(done: "asyncio.Future[Done]") -> None:
            if not done.cancelled():
                self.mistake = done.exception() or self.mistake

        task = background(work)
        task.add_done_callback(note)
        return task
