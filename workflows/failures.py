"""Tells which system is unavailable when an activity has failed, or ends the run.

A run whose activation is over already was begun again by whoever reaches Temporal, or was overtaken
by the ledger: it ends without a word to anybody.
"""

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from domain.contracts.channels import Channel
    from domain.contracts.systems import OUTAGES, USED_BY
    from domain.contracts.vocabulary import (
        OVER,
        ActivityName,
        FailureType,
        Step,
        TaskQueue,
        WaitReason,
    )
    from workflows.steps import Ended


def reason_of(error: FailureError, name: ActivityName, queue: str) -> WaitReason:
    """Return which system is unavailable; raises an error that retrying cannot solve.

    Raises `Ended` where the ledger says that the activation is over.
    """
    raise_unless_transient(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type in set(FailureType):
            return WaitReason(str(cause.type))
        cause = cause.__cause__
    used = USED_BY.get(name)
    return OUTAGES[used] if used else _reason_of_queue(queue)


def _reason_of_queue(queue: str) -> WaitReason:
    """Return the wait reason of a task queue, for an activity that uses no system of its own."""
    if queue == TaskQueue.DIRECTORY:
        return WaitReason.DIRECTORY_DOWN
    down = {channel.queue: WaitReason(channel.down) for channel in Channel.all()}
    return down.get(queue, WaitReason.LEDGER_DOWN)


def raise_unless_transient(error: FailureError) -> None:
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type == OVER:
        raise Ended(Step.CANCELLED, again=True)
    if is_cancelled_exception(error) or getattr(cause, "non_retryable", False):
        raise error
