"""Deletes runs that have ended from Temporal, which would keep them for its retention."""

import asyncio
from collections.abc import Sequence

import structlog
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.client.connect import TemporalUnavailable, asking
from web import times

_AT_ONCE = 20

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
