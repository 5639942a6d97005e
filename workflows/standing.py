"""Where an activation stands, and how it waits: the ground the steps in `activation.py` walk on.

One place moves the step (by the table), publishes it to the search attributes, answers the
submission that moved it, and runs the clock, which counts only while the student is awaited: it
reminds once, and ends what was left for too long.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.contracts.submissions import (
        CancelRequest,
        HoldRequest,
        ReleaseRequest,
        ResendRequest,
        RetryRequest,
        StaffRequest,
        Submission,
    )
    from domain.contracts.views import Answer, Progress, Verdict
    from domain.contracts.vocabulary import Step
    from domain.contracts.vocabulary import WaitReason as Reason
    from workflows import steps
    from workflows.inbox import Inbox, Kind, Kinds

STEP = SearchAttributeKey.for_keyword("ActivationStep")
REASON = SearchAttributeKey.for_keyword("WaitReason")
DEPARTMENT = SearchAttributeKey.for_keyword("Department")
SINCE = SearchAttributeKey.for_datetime("StandsSince")

_WHILE_HELD: Kinds = (StaffRequest, ResendRequest)
"""What is answered at once while it is held; a code asked for then would only die unread."""

Delayed = Callable[[Reason], None]
Done = TypeVar("Done")
Request = TypeVar("Request")


class Ended(Exception):
    """The activation is over before its last step."""

    def __init__(self, end: Step, *, username: str | None = None) -> None:
        super().__init__(end.value)
        self.end = end
        self.username = username


class Standing(ABC):
    def __init__(self, deadline: timedelta, remind_after: timedelta | None) -> None:
        self.inbox = Inbox()
        self.step = Step.LOOKUP
        self.reason: Reason | None = None
        self.department: str | None = None
        self.since = workflow.now()
        self.deadline_at: datetime | None = None
        self.next_try_at: datetime | None = None
        self.proved_by: str | None = None
        self._deadline = deadline
        self._remind_after = remind_after
        self._parked: Step | None = None
        self._handling: Submission | None = None

    @abstractmethod
    def snapshot(self) -> Progress:
        """Return what the student may see now."""

    @abstractmethod
    def remind(self) -> bool:
        """Tell a student who has left that something is still to do; False: not yet."""

    # --- moving ----------------------------------------------------------------------------

    def stand(self, step: Step, reason: Reason | None, *, passing: bool = False) -> None:
        """Move to this step and reason; whose submission led to another step is answered.

        `passing`: the engine moves on in a moment, which is not worth a search attribute; should
        it be held up, that is published.
        """
        steps.check(self.step, step, reason, parked=self._parked)
        moved, changed = step is not self.step, reason is not self.reason
        self.step, self.reason = step, reason
        if not steps.deadline_runs(step, reason):
            self.deadline_at = None
        elif moved or self.deadline_at is None:
            self.deadline_at = workflow.now() + self._deadline
        if moved or changed:
            self.since = workflow.now()
            if not passing:
                self._publish()
        if moved:
            self.settle()

    def delayed(self, reason: Reason) -> None:
        """Say that the engine waits for a part that is away."""
        self.stand(self.step, reason)
        self.settle()

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

    def settle(self) -> None:
        self.reply(Verdict.ACCEPTED)

    def put_off(self) -> Submission | None:
        """Take the submission in hand out of it, to be answered by itself later."""
        submission, self._handling = self._handling, None
        return submission

    def answer(self, submission: Submission, verdict: Verdict) -> None:
        """Answer a submission; only the first answer to it counts."""
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
            self.next_try_at = until
            limit = max(until - workflow.now(), timedelta()) if until else None
            try:
                await workflow.wait_condition(
                    lambda: self.inbox.has(hears) or or_when() or self._abandoned(), timeout=limit
                )
            except TimeoutError:
                return None
            finally:
                self.next_try_at = None
            submission = self.inbox.take(hears)
            if submission is None:
                # What arrived in time is dealt with first, however late the clock is read.
                if self._abandoned():
                    raise Ended(Step.EXPIRED)
                return None
            if isinstance(submission, CancelRequest) and self.step in steps.CANCELLABLE:
                self.settle()
                self._handling = submission
                raise Ended(Step.CANCELLED)
            if isinstance(submission, HoldRequest) and self._awaits_others():
                self.settle()
                self._handling = submission
                await self.park(Reason.HELD, ReleaseRequest)
                continue
            if isinstance(submission, kinds):
                self.settle()
                self._handling = submission
                return submission
            self.answer(submission, Verdict.OUT_OF_STEP)

    def _awaits_others(self) -> bool:
        """Whether no work of the engine's is under way that could end meanwhile."""
        return self.deadline_at is not None or self.reason is Reason.DATA_DISPUTED

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

    async def patiently(
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
            self.settle()

    async def judged(
        self, call: Callable[[Request, Delayed], Awaitable[Done]], request: Request
    ) -> Done:
        """Await what judges the submission in hand; the student's other answers queue meanwhile.

        The student's clock goes on as it was, unless a part that was away held it up.
        """
        step, before = self.step, self.reason
        since, due = self.since, self.deadline_at
        outcome = await self.patiently(call, request, hears=(StaffRequest,))
        if self.since == since:
            self.deadline_at = due
        self.stand(step, before)
        return outcome

    async def park(self, reason: Reason, until: type[StaffRequest] = RetryRequest) -> StaffRequest:
        """Wait with support until staff say so, then stand where it stood before.

        What a student hands in while it is held is not refused: it counts once it goes on.
        """
        self._parked, before = self.step, self.reason
        self.stand(Step.NEEDS_SUPPORT, reason)
        hears = _WHILE_HELD if reason is Reason.HELD else (Submission,)
        said = await self.next(until, hears=hears)
        assert said is not None  # noqa: S101 - nothing else can end this wait
        self.stand(self._parked, before)
        return said

    async def run_the_clock(self) -> None:
        """Remind once; at the deadline, make whoever awaits the student look at the time."""
        remind_after = self._remind_after or self._deadline
        remind_from = workflow.now()
        while True:
            await workflow.wait_condition(lambda: self.deadline_at is not None)
            due = self.deadline_at
            assert due is not None  # noqa: S101 - the condition just held
            rings_at = min(due, max(due - self._deadline + remind_after, remind_from))
            await workflow.sleep(max(rings_at - workflow.now(), timedelta()))
            if self._moved_on(due):
                continue
            if due <= workflow.now():
                await workflow.wait_condition(partial(self._moved_on, due))
            elif self.remind():
                remind_after = self._deadline
            else:
                remind_from = workflow.now() + remind_after

    def _moved_on(self, due: datetime) -> bool:
        return self.deadline_at != due


def background(work: Awaitable[Done]) -> "asyncio.Future[Done]":
    """Start work beside the waiting; when it is given up, nobody misses its outcome."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
