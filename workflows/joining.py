"""Tells an activation that another one of the same person ended in its favour."""

from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.contracts.submissions import JoinedNotice
    from workflows.step_machine import Delayed

_NO_SUCH_RUN = "ExternalWorkflowExecutionNotFound"


class Joining(NamedTuple):
    """The activation that another one joins, and the notice to send to it."""

    holder: str
    notice: JoinedNotice


async def notify_joined(joins: Joining, delayed: Delayed) -> bool:
    """Signal the activation that continues; returns False when it has no run any more.

    Any other failure is raised, because the run may still exist.
    """
    del delayed  # Temporal delivers the signal itself, or fails at once.
    try:
        await workflow.get_external_workflow_handle(joins.holder).signal("joined", joins.notice)
    except ApplicationError as error:
        if error.type != _NO_SUCH_RUN:
            raise
        return False
    return True
