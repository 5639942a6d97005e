"""The state of an activation for its page, and which page that is."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from domain import consent
from domain.contracts.submissions import ActivationStart, Submission
from domain.contracts.views import Answer, Progress, StudyView
from domain.contracts.vocabulary import Step, WaitReason, Waker
from starter import pages
from starter.client.activations import ActivationEnded, RecordedState
from starter.client.connect import TemporalUnavailable
from web import times
from workflows import steps

START = "/who"
CONTINUED = "/continued"
NAMED = (Step.ACTIVE, Step.ALREADY_ACTIVE)
"""The ends whose page shows the username."""
_NUMBERED = (Step.IDENTIFY, Step.INSURANCE, Step.REVIEW, Step.PASSWORD)


class Engine(Protocol):
    """The part of `starter.client.activations.Activations` that the portal uses."""

    async def look_up(self, start: ActivationStart, *, within: timedelta) -> Progress | None: ...
    async def submit(
        self, reference: str, name: str, submission: Submission, *, within: timedelta
    ) -> Answer | None: ...
    async def progress(self, reference: str) -> Progress | None: ...
    async def recorded_state(self, reference: str) -> RecordedState | None: ...
    async def mail_support_request(self, request_id: str) -> None: ...
    async def mail_support_answer(self, request_id: str) -> None: ...


@dataclass(frozen=True)
class PageState:
    """The state of an activation; `progress` is None when no worker answers.

    `next_try_at` is the time of Temporal's next attempt. `noted_username` is read from the ledger,
    only when no worker answers with it. `over`: of a concealed state, whether it has ended.
    """

    reference: str
    step: Step | None
    wait_reason: WaitReason | None = None
    progress: Progress | None = None
    concealed: bool = False
    over: bool = False
    next_try_at: datetime | None = None
    recorded_since: datetime | None = None
    noted_username: str | None = None

    @property
    def username(self) -> str | None:
        return (self.progress and self.progress.username) or self.noted_username

    @property
    def studies(self) -> list[tuple[StudyView | None, StudyView | None]]:
        """The studies of the review, each with what it was when the student last saw it."""
        if self.progress is None or self.progress.review is None:
            return []
        before = self.progress.review_before or self.progress.review
        return consent.paired_studies(self.progress.review.studies, before.studies)

    @property
    def since(self) -> datetime | None:
        return self.progress.since if self.progress else self.recorded_since

    @property
    def goes_on(self) -> bool:
        return self.step is not None and self.step not in steps.ENDS

    @property
    def path(self) -> str:
        """The page of this state; `/contact` for a reference that never became an activation."""
        if self.step is None:
            return "/contact"
        return "/progress" if self._needs_worker else pages.path(self.step, self.wait_reason)

    @property
    def numbering(self) -> tuple[int, int | None] | None:
        """The number of this step for this student, and the total, which is known after proof."""
        if self.step is Step.PIN:
            return 2, None
        if self.progress is None or self.step not in _NUMBERED:
            return None
        mine = [step for step in _NUMBERED if self._applies(step, self.progress)]
        # The number of steps depends on the person, who is not identified yet.
        total = None if self.step is Step.IDENTIFY else len(mine) + 2
        return mine.index(self.step) + 3, total

    def _applies(self, step: Step, progress: Progress) -> bool:
        """Whether this step is part of this student's journey."""
        applies = {
            Step.IDENTIFY: progress.identify is not None,
            Step.INSURANCE: progress.needs_insurance,
        }
        return self.step is step or applies.get(step, True)

    @property
    def _needs_worker(self) -> bool:
        """Whether the step's page needs data of a worker, and none answers."""
        progress = self.progress
        match self.step:
            case Step.PIN:
                # A code can be typed without a worker; a page about a wait needs one.
                return not (progress or self.wait_reason is WaitReason.WAITING_PIN)
            case Step.IDENTIFY:
                return not (progress and progress.identify)
            case Step.REVIEW:
                return not (progress and progress.review)
            case Step.ACTIVE | Step.ALREADY_ACTIVE:
                return not self.username
        return False


def conceal(state: PageState, *, proved: bool) -> PageState:
    """Return the same state for found and not found, until a code has proved the contact.

    `proved` says whether a code has; it is used only when no worker answers.
    """
    if state.progress:
        proved = state.progress.proved_by is not None
    if not pages.concealed(state.step, state.wait_reason, proved=proved):
        return state
    waiting_for_code = {"step": Step.PIN, "wait_reason": WaitReason.WAITING_PIN, "pin": None}
    progress = state.progress and state.progress.model_copy(update=waiting_for_code)
    over = state.step in steps.ENDS
    return PageState(
        state.reference, Step.PIN, WaitReason.WAITING_PIN, progress, concealed=True, over=over
    )


def of(progress: Progress) -> PageState:
    return PageState(progress.reference, progress.step, progress.wait_reason, progress)


async def find(engine: Engine, reference: str) -> PageState:
    """Return the state of an activation; a terminated one counts as cancelled."""
    try:
        return await _find(engine, reference)
    except ActivationEnded as ended:
        return PageState(reference, ended.step if ended.step in steps.ENDS else Step.CANCELLED)


async def find_waiting(engine: Engine, reference: str, *, proved: bool, uniform: bool) -> PageState:
    """Return the state as `find`, but ask no worker where the engine or staff are awaited.

    Temporal's record tells that, so that many who wait cost the workers nothing. `proved`: whether
    this session may hear what follows the proof without a worker; `uniform`: as `_tells_enough`.
    """
    recorded = await find_recorded(engine, reference)
    if recorded and _tells_enough(recorded, proved=proved, uniform=uniform):
        return without_worker(reference, recorded)
    return await find(engine, reference)


async def find_recorded(engine: Engine, reference: str) -> RecordedState | None:
    """Return Temporal's record if that answers at once; None also for a terminated run."""
    with suppress(ActivationEnded, TimeoutError):
        async with asyncio.timeout(times.HEDGE.total_seconds()):
            return await engine.recorded_state(reference)
    return None


def _tells_enough(recorded: RecordedState, *, proved: bool, uniform: bool) -> bool:
    """Whether Temporal's record has what the waiting page says.

    Only the run knows when an identity question opens again. Under enumeration protection
    (`uniform`) what is concealed before a proof is left to the run.
    """
    step, reason = recorded.step, recorded.wait_reason
    waits = steps.woken_by(step, reason) in (Waker.ENGINE, Waker.STAFF)
    return (
        waits
        and pages.path(step, reason) == pages.PATHS[Step.LOOKUP]
        and reason is not WaitReason.WAITING_IDENTITY
        and (proved or not pages.proved(step, reason))
        and not (uniform and pages.concealed(step, reason, proved=False))
    )


async def _find(engine: Engine, reference: str) -> PageState:
    """Query the activation and, if it does not answer at once, read Temporal's record as well.

    Both run concurrently, so that an unavailable worker or Temporal is not waited for twice.
    """
    asked = asyncio.create_task(engine.progress(reference))
    try:
        async with asyncio.timeout(times.FIND_STATE.total_seconds()):
            await asyncio.wait({asked}, timeout=times.HEDGE.total_seconds())
            if asked.done() and (progress := asked.result()):
                return await with_reason(engine, of(progress))
            recorded = await engine.recorded_state(reference)
        progress = await asked
    finally:
        asked.cancel()
    if progress:
        return _with_recorded(of(progress), recorded)
    if recorded is None:
        return PageState(reference, None)
    return without_worker(reference, recorded)


def without_worker(reference: str, recorded: RecordedState) -> PageState:
    return PageState(
        reference,
        recorded.step,
        recorded.wait_reason,
        next_try_at=recorded.next_try_at,
        recorded_since=recorded.since,
    )


async def with_reason(engine: Engine, state: PageState) -> PageState:
    """Add a failed activity's wait reason from Temporal's record, which the run learns later."""
    waker = state.step and steps.woken_by(state.step, state.wait_reason)
    if waker in (None, Waker.STUDENT) and state.step is not Step.PIN:
        return state
    with suppress(TemporalUnavailable, TimeoutError):
        async with asyncio.timeout(times.HEDGE.total_seconds()):
            return _with_recorded(state, await engine.recorded_state(state.reference))
    return state


def _with_recorded(state: PageState, recorded: RecordedState | None) -> PageState:
    if recorded is None or recorded.step is not state.step:
        return state
    return replace(state, wait_reason=recorded.wait_reason, next_try_at=recorded.next_try_at)
