"""Tells which runs are over, and deletes runs from Temporal, which would keep them for a time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.vocabulary import WORKFLOW, ScheduleId, Step
from starter.client import schedules
from starter.client.connect import TemporalUnavailable, asking
from web import times
from workflows.search_attributes import STEP
from workflows.steps import ENDS

_AT_ONCE = 20
_PAGE = 200
_OURS_AFTER = timedelta(days=1)
_OVER = frozenset(WorkflowExecutionStatus) - {
    WorkflowExecutionStatus.RUNNING,
    WorkflowExecutionStatus.CONTINUED_AS_NEW,
}

log = structlog.get_logger(__name__)


async def delete(client: Client, execution: WorkflowExecution) -> None:
    """Delete a run, the newest one without a run id; one that is gone already is no error."""
    request = DeleteWorkflowExecutionRequest(
        namespace=client.namespace, workflow_execution=execution
    )
    try:
        with asking():
            await client.workflow_service.delete_workflow_execution(
                request, timeout=times.CONSOLE_RPC
            )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def delete_newest(client: Client, references: Sequence[str]) -> list[str]:
    """Delete the newest run of each; return the references of which Temporal has none any more."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def gone(reference: str) -> bool:
        async with turns:
            try:
                await delete(client, WorkflowExecution(workflow_id=reference))
            except (RPCError, TemporalUnavailable):
                return False
        return True

    told = await asyncio.gather(*map(gone, references))
    if not all(told):
        log.warning("runs could not be deleted", outcome="failed")
    return [reference for reference, done in zip(references, told, strict=True) if done]


async def ends(client: Client, references: Sequence[str]) -> dict[str, Step] | None:
    """Return the ends of those that Temporal does not run; one that came to none is cancelled.

    None: nothing is known, because Temporal is away, or is another or an empty one, in which the
    sweep's schedule is missing or younger than a day: workers create it within a minute.
    """
    try:
        if not await _is_ours(client):
            return None
    except (RPCError, TemporalUnavailable):
        log.warning("runs could not be read", outcome="failed")
        return None
    return await not_running(client, references)


async def not_running(client: Client, references: Sequence[str]) -> dict[str, Step] | None:
    """As `ends`, also of a Temporal that may be another or an empty one; None: it is away."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def end(workflow_id: str) -> Step | None:
        async with turns:
            return await _end(client, workflow_id)

    try:
        found = await asyncio.gather(*map(end, references))
    except (RPCError, TemporalUnavailable):
        log.warning("runs could not be read", outcome="failed")
        return None
    return {each: step for each, step in zip(references, found, strict=True) if step}


async def open_runs(client: Client, position: bytes) -> tuple[dict[str, bool], bytes] | None:
    """Return a page of the open activations, each with whether it is at its end, and the next one.

    None: nothing is known, because Temporal is away.
    """
    try:
        with asking():
            listed = client.list_workflows(
                f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'",
                page_size=_PAGE,
                next_page_token=position or None,
                rpc_timeout=times.CONSOLE_RPC,
            )
            await listed.fetch_next_page()
    except (RPCError, TemporalUnavailable):
        log.warning("runs could not be read", outcome="failed")
        return None
    page = listed.current_page or ()
    found = {each.id: each.typed_search_attributes.get(STEP) in ENDS for each in page}
    return found, listed.next_page_token or b""


async def _is_ours(client: Client) -> bool:
    """Whether this Temporal has had the sweep's schedule for a day, as an emptied one has not."""
    found = await schedules.described(client, ScheduleId.SWEEP)
    return found is not None and datetime.now(UTC) - found.info.created_at > _OURS_AFTER


async def _end(client: Client, workflow_id: str) -> Step | None:
    """Return the end of the newest run; None while it is under way."""
    try:
        with asking():
            handle = client.get_workflow_handle(workflow_id)
            described = await handle.describe(rpc_timeout=times.CONSOLE_RPC)
    except RPCError as error:
        # What is no workflow id at all is no reference of the engine.
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return Step.CANCELLED
        raise
    step = described.typed_search_attributes.get(STEP)
    if described.status not in _OVER:
        return None
    return Step(step) if step in ENDS else Step.CANCELLED
