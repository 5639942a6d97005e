"""Retries all activations that wait for one cause: audits them, then starts a workflow for it.

Once that workflow has started, each activation is woken exactly once, whatever process dies.
"""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.batches import BatchRetried, RetryBatch
from domain.contracts.vocabulary import RETRY_WORKFLOW, TaskQueue, WaitReason
from starter.client.connect import NO_ANSWER, asking
from support.verbs import cases
from support.verbs.staff import Action, StaffContext
from web import times
from workflows.priorities import DUTIES


@dataclass(frozen=True)
class Batch:
    """A batch of retries that Temporal has accepted."""

    client: Client
    workflow_id: str
    size: int
    over: float

    async def taken(self) -> int:
        """Wait for the end, and return how many activations accepted the retry.

        If no worker completes it in time, return the size of the batch: it completes later.
        """
        handle: WorkflowHandle[object, BatchRetried] = self.client.get_workflow_handle(
            self.workflow_id, result_type=BatchRetried
        )
        with suppress(*NO_ANSWER):
            async with asyncio.timeout(self.over + times.BATCH_BEYOND_SECONDS):
                return (await handle.result()).taken
        return self.size


async def retriable(ctx: StaffContext, wait_reason: WaitReason) -> list[str]:
    """Return the references that this staff member sees and that wait for this reason alone.

    Those that wait for the student are left out. Raises `Failed` for a reason without bulk retry.
    """
    ctx.staff.check(Action.RETRY_ALL)
    lines = await cases.waiting_for(ctx.client, wait_reason)
    return [line.reference for line in lines if ctx.staff.sees(line.department)]


async def retry_all(
    ctx: StaffContext,
    wait_reason: WaitReason,
    *,
    reason: str,
    over: float,
    batch: str | None = None,
) -> Batch:
    """Audit all activations of one cause, and start the workflow that wakes them.

    Each is woken with jitter within `over` seconds. Idempotent by `batch`: a repetition wakes none
    twice. Raises `TemporalUnavailable`: repeat with the same arguments.
    """
    references = await retriable(ctx, wait_reason)
    name = batch or secrets.token_hex(16)
    request = RetryBatch(
        request_id=name,
        references=tuple(references),
        over_seconds=over,
        received_at=await ctx.now(),
    )
    await ctx.record(Action.RETRY_ALL, reason=f"{wait_reason}: {reason}")
    await ctx.record_each(Action.RETRY, references, reason)
    workflow_id = f"retry-all-{name}"
    with suppress(WorkflowAlreadyStartedError), asking():
        await ctx.client.start_workflow(
            RETRY_WORKFLOW,
            request,
            id=workflow_id,
            task_queue=TaskQueue.MAIN,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            priority=DUTIES,
            rpc_timeout=times.CONSOLE_RPC,
        )
    return Batch(ctx.client, workflow_id, len(references), over)
