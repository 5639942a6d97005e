"""Where an activation stands, and which page that is: the one mapping from steps to pages."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.contracts.submissions import ActivationStart, Submission
from domain.contracts.views import Answer, Progress
from domain.contracts.vocabulary import Step, WaitReason
from starter import pages
from starter.activations import Stands

START = "/who"
CONTINUED = "/continued"
_HESITATION = timedelta(milliseconds=400)
_NUMBERED = (Step.IDENTIFY, Step.INSURANCE, Step.REVIEW, Step.PASSWORD)


class Engine(Protocol):
    """What the portal needs of `starter.activations.Activations`."""

    async def start(self, start: ActivationStart) -> bool: ...
    async def submit(
        self, reference: str, door: str, submission: Submission, *, within: timedelta
    ) -> Answer | None: ...
    async def progress(self, reference: str) -> Progress | None: ...
    async def stands(self, reference: str) -> Stands | None: ...
    async def settled(
        self, reference: str, *, leaves: Collection[Step], within: timedelta
    ) -> Progress | None: ...
    async def mail_support_request(self, request_id: str) -> None: ...
    async def mail_support_answer(self, request_id: str) -> None: ...


@dataclass(frozen=True)
class Place:
    """Where an activation stands; `progress` is None when no worker answers.

    `next_try_at` is known here only without a worker: then Temporal was asked in its place.
    """

    reference: str
    step: Step | None
    wait_reason: WaitReason | None = None
    progress: Progress | None = None
    veiled: bool = False
    next_try_at: datetime | None = None

    @property
    def path(self) -> str:
        """The page of this place; a reference that never became an activation starts again."""
        if self.step is None:
            return "/contact"
        return "/progress" if self._undrawn else pages.path(self.step, self.wait_reason)

    @property
    def numbering(self) -> tuple[int, int | None] | None:
        """Which step this is for this student, and of how many; the total only after the PIN."""
        if self.step is Step.PIN:
            return 2, None
        if self.progress is None or self.step not in _NUMBERED:
            return None
        mine = [step for step in _NUMBERED if self._comes_by(step, self.progress)]
        # As long as the person is not known, nobody knows how many steps are to come.
        total = None if self.step is Step.IDENTIFY else len(mine) + 2
        return mine.index(self.step) + 3, total

    def _comes_by(self, step: Step, progress: Progress) -> bool:
        """Whether this student meets this step at all."""
        met = {
            Step.IDENTIFY: progress.identify is not None,
            Step.INSURANCE: progress.needs_insurance,
        }
        return self.step is step or met.get(step, True)

    @property
    def _undrawn(self) -> bool:
        """Whether the step's page shows what only a worker knows, and none answers."""
        told = self.progress
        if self.step is Step.IDENTIFY:
            return not (told and told.identify)
        return self.step is Step.REVIEW and not (told and told.review)


def veil(place: Place) -> Place:
    """Make one of found and not found, as long as no code has proved the contact."""
    if not pages.veiled(place.step, place.wait_reason):
        return place
    told = {"step": Step.PIN, "wait_reason": WaitReason.WAITING_PIN, "pin": None}
    progress = place.progress and place.progress.model_copy(update=told)
    return Place(place.reference, Step.PIN, WaitReason.WAITING_PIN, progress, veiled=True)


def of(progress: Progress) -> Place:
    return Place(progress.reference, progress.step, progress.wait_reason, progress)


async def find(engine: Engine, reference: str) -> Place:
    """Ask the activation itself and, when it hesitates, Temporal's own record of it as well.

    The two are asked side by side, so that nobody waits twice while a worker or Temporal is away.
    """
    asked = asyncio.create_task(_told(engine, reference))
    try:
        await asyncio.wait({asked}, timeout=_HESITATION.total_seconds())
        if asked.done() and (place := asked.result()):
            return place
        recorded = await engine.stands(reference)
        if place := await asked:
            return place
        if recorded is None:
            return Place(reference, None)
        step, reason, next_try_at = recorded
        return Place(reference, step, reason, next_try_at=next_try_at)
    finally:
        asked.cancel()


async def _told(engine: Engine, reference: str) -> Place | None:
    progress = await engine.progress(reference)
    return of(progress) if progress else None
