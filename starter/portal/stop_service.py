"""Stops the activation of a message that nobody asked for, by the mark that the message has."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from domain.contracts.submissions import NotMeSubmission
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import Step
from ledger import unasked
from postgres import Pool
from starter.client.activations import ActivationEnded, TooManySubmissions
from starter.page_state import Engine


class StopOutcome(IntEnum):
    """What became of the request in one activation; of several the highest counts."""

    UNKNOWN = 0
    RECEIVED = 1
    LATE = 2
    STOPPED = 3


@dataclass(frozen=True)
class StopService:
    pool: Pool
    engine: Engine

    async def stop(
        self, mark: str, submission: NotMeSubmission, left: Callable[[], timedelta]
    ) -> StopOutcome:
        """Send it to every activation with this mark, at once; `left` is the time of the page."""
        found = await unasked.activations(self.pool, mark)
        told = await asyncio.gather(
            *(
                self._over(each) if over else self._ask(each, submission, left())
                for each, over in found.items()
            )
        )
        return max(told, default=StopOutcome.UNKNOWN)

    async def _over(self, reference: str) -> StopOutcome:
        """Ask a worker as if it were under way: its contact may be one that is not on file."""
        known = await self.engine.progress(reference)
        return StopOutcome.UNKNOWN if known else StopOutcome.RECEIVED

    async def _ask(
        self, reference: str, submission: NotMeSubmission, within: timedelta
    ) -> StopOutcome:
        try:
            answer = await self.engine.submit(reference, "not_me", submission, within=within)
        except TooManySubmissions:
            return StopOutcome.UNKNOWN
        except ActivationEnded:
            return await self._over(reference)
        if answer is None:
            return StopOutcome.RECEIVED
        if answer.verdict is not Verdict.ACCEPTED:
            return StopOutcome.UNKNOWN
        late = answer.progress.step is Step.PROVISIONING
        return StopOutcome.LATE if late else StopOutcome.STOPPED
