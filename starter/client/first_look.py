"""Starts an activation together with an update that is answered once the student was looked up.

The update carries nothing. Temporal keeps the start with every worker down, but the update only
in memory: when it is lost, the activation goes on, and the page asks for its progress.
"""

import asyncio
from contextlib import suppress

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.submissions import ActivationResult, ActivationStart
from domain.contracts.views import Progress, ProgressRequest
from domain.contracts.vocabulary import WORKFLOW, TaskQueue
from security.keyfiles import KeyUnavailable
from starter.client.connect import NO_ANSWER
from web import times

_UPDATE = "look_up"
UNANSWERED: tuple[type[Exception], ...] = (
    *NO_ANSWER,
    KeyUnavailable,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
"""The exceptions of an update without an answer."""
_NOT_ANSWERED: tuple[type[Exception], ...] = (*UNANSWERED, WorkflowUpdateFailedError)


async def start_and_look_up(
    client: Client,
    start: ActivationStart,
    search_attributes: TypedSearchAttributes,
    *,
    until: float,
) -> WorkflowUpdateHandle[Progress] | None:
    """Start the activation and return the update once a worker has accepted it.

    None: it is not known whether it was started. A second call for the same reference joins the
    first one; raises `WorkflowAlreadyStartedError` if that has ended. `until` is a time of the
    event loop.
    """
    operation: WithStartWorkflowOperation[object, ActivationResult] = WithStartWorkflowOperation(
        WORKFLOW,
        start,
        id=start.reference,
        task_queue=TaskQueue.MAIN,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        task_timeout=times.TASK,
        search_attributes=search_attributes,
    )
    try:
        async with asyncio.timeout_at(until):
            return await client.start_update_with_start_workflow(
                _UPDATE,
                ProgressRequest(),
                id=_UPDATE,
                start_workflow_operation=operation,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                result_type=Progress,
            )
    except WorkflowAlreadyStartedError:
        await _look_at_error(operation)
        raise
    except _NOT_ANSWERED:
        await _look_at_error(operation)
        return None


async def _look_at_error(operation: WithStartWorkflowOperation[object, ActivationResult]) -> None:
    """Retrieve the error that the SDK may keep here as well, or it warns that nobody did."""
    with suppress(*_NOT_ANSWERED, WorkflowAlreadyStartedError, asyncio.CancelledError):
        async with asyncio.timeout(0):
            await operation.workflow_handle()
