"""Reads from Temporal's own record why an activation waits, without a worker.

Pages, `/progress.json` and staff's commands all take the wait reason from `waits_for`.
"""

from datetime import UTC, datetime

from temporalio.api.failure.v1 import Failure
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


def waiting(description: WorkflowExecutionDescription) -> tuple[WaitReason | None, datetime | None]:
    """Return the last failure's wait reason, and the time of the next try unless it can run now."""
    reason: WaitReason | None = None
    next_try_at: datetime | None = None
    for pending in description.raw_description.pending_activities:
        if pending.activity_type.name == ActivityName.SEND_NOTICE:
            continue  # Nothing waits for a notice.
        kind = failure_type(pending.last_failure)
        reason = WaitReason(kind) if kind in set(FailureType) else reason
        if pending.HasField("next_attempt_schedule_time"):
            next_try_at = pending.next_attempt_schedule_time.ToDatetime(UTC)
    return reason, next_try_at


def failure_type(failure: Failure) -> str:
    """Return the first type in a failure and its causes; empty if none has one.

    Temporal wraps a failure that is too large for it in one without a type.
    """
    while not failure.application_failure_info.type and failure.HasField("cause"):
        failure = failure.cause
    return failure.application_failure_info.type
