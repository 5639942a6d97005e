"""Retries all activations that wait for one cause, spread over a period.

A killed worker loses none and retries none twice. The payload holds references only.
"""

import asyncio
from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.contracts.batches import BatchRetried, RetryBatch
    from domain.contracts.staff import RetrySubmission
    from domain.contracts.vocabulary import RETRY_WORKFLOW
    from workflows.inbox import one_payload

_A_RUN = 500
"""Activations retried by one run: about eight history events each."""


@workflow.defn(name=RETRY_WORKFLOW)
class Retry:
    @workflow.run
    async def run(self, *given: object) -> BatchRetried:
        batch = one_payload(RetryBatch, given)
        now, later = batch.references[:_A_RUN], batch.references[_A_RUN:]
        seconds = batch.over_seconds * len(now) / max(len(batch.references), 1)
        taken = batch.taken + await _wake_all(batch, now, seconds)
        if later:
            rest = {
                "references": later,
                "over_seconds": batch.over_seconds - seconds,
                "taken": taken,
            }
            workflow.continue_as_new(batch.model_copy(update=rest))
        return BatchRetried(taken=taken)


async def _wake_all(batch: RetryBatch, references: Iterable[str], seconds: float) -> int:
    """Signal each at a random moment (jitter); returns how many accepted the signal."""

    async def wake(reference: str, after: float) -> bool:
        await workflow.sleep(after)
        request = RetrySubmission(
            submission_id=f"{batch.request_id}-{reference}",
            received_at=batch.received_at,
            of_many=True,
        )
        try:
            await workflow.get_external_workflow_handle(reference).signal(request.kind, request)
        except ApplicationError:
            return False  # This one has ended; the others are still signalled.
        return True

    chance = workflow.random()
    waking = [wake(reference, chance.uniform(0, seconds)) for reference in references]
    return sum(await asyncio.gather(*waking))
