"""What Temporal knows of the tries of an activation's activities; it needs no worker for that."""

from datetime import UTC, datetime

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionDescription

from domain.contracts.vocabulary import ActivityName, FailureType, WaitReason


def waiting(
    description: WorkflowExecutionDescription,
) -> tuple[WaitReason | None, datetime | None]:
    """Return what the last try failed by, known long before its window ends, and when the next is.

    The time is None while it is tried, or lies ready with no worker up.
    """
    reason, next_try_at = None, None
    for pending in description.raw_description.pending_activities:
        if pending.activity_type.name == ActivityName.SEND_NOTICE:
            continue  # Nobody waits for a notice.
        reason = _failure_reason(pending) or reason
        next_try_at = _next_try(pending) or next_try_at
    return reason, next_try_at


def _failure_reason(pending: PendingActivityInfo) -> WaitReason | None:
    kind = pending.last_failure.application_failure_info.type
    return WaitReason(kind) if kind in set(FailureType) else None


def _next_try(pending: PendingActivityInfo) -> datetime | None:
    if not pending.HasField("next_attempt_schedule_time"):
        return None
    return pending.next_attempt_schedule_time.ToDatetime(UTC)
