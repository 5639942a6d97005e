"""Reads from Temporal's own record why an activation waits, without a worker.

Pages, `/progress.json` and staff's commands all take the wait reason from `waits_for`.
"""

from datetime import UTC, datetime

from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionDescription
from temporalio.common import SearchAttributeKey

from domain.contracts.vocabulary import ActivityName, FailureType, WaitReason
from workflows.search_attributes import REASON

PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
"""The search attribute that Temporal sets on a run whose workflow tasks fail."""


def waits_for(description: WorkflowExecutionDescription) -> WaitReason | None:
    """Return the wait reason, known from the first failed attempt, long before it is published."""
    failed_by, _ = waiting(description)
    attributes = description.typed_search_attributes
    if failed_by or attributes.get(PROBLEMS):
        return failed_by or WaitReason.CONFIGURATION
    published = attributes.get(REASON)
    return WaitReason(published) if published else None


def waiting(
    description: WorkflowExecutionDescription,
) -> tuple[WaitReason | None, datetime | None]:
    """Return the wait reason of the last failed attempt, and the time of the next attempt.

    The time is None while an attempt runs, or waits for a worker.
    """
    reason, next_try_at = None, None
    for pending in description.raw_description.pending_activities:
        if pending.activity_type.name == ActivityName.SEND_NOTICE:
            continue  # Nothing waits for a notice.
        reason = _failure_reason(pending) or reason
        next_try_at = _next_try(pending) or next_try_at
    return reason, next_try_at


def _failure_reason(pending: PendingActivityInfo) -> WaitReason | None:
    kind = failure_type(pending.last_failure)
    return WaitReason(kind) if kind in set(FailureType) else None


def failure_type(failure: Failure) -> str:
    """Return the first type in a failure and its causes; empty if none has one.

    Temporal wraps a failure that is too large for it in one without a type.
    """
    while not failure.application_failure_info.type and failure.HasField("cause"):
        failure = failure.cause
    return failure.application_failure_info.type


def _next_try(pending: PendingActivityInfo) -> datetime | None:
    if not pending.HasField("next_attempt_schedule_time"):
        return None
    return pending.next_attempt_schedule_time.ToDatetime(UTC)
