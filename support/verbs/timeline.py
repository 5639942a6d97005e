"""Builds an activation's timeline: events of student, engine and staff, repetitions folded."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.converter import DataConverter

from domain.contracts.staff import StaffSubmission
from domain.receipts import Received
from ledger.audit import Row
from ledger.messages import Sending
from ledger.notes import Note
from starter.client.pending_retries import failure_type
from workflows.search_attributes import REASON, STEP

STAFF_SUBMISSIONS = frozenset(
    model.model_fields["kind"].default for model in StaffSubmission.__subclasses__()
)
"""The names of the submissions that only staff send."""
VIEWS = frozenset({"case", "page", "search", "registrar", "decode", "requests"})


class Who(StrEnum):
    STUDENT = "student"
    ENGINE = "engine"
    STAFF = "staff"


@dataclass(frozen=True)
class Event:
    """One event; `detail` is a name, a code or the staff's text.

    `what` is a name of the engine's own or, if `audited`, an action of the audit. The two have
    names in common: `withdraw` is a submission by the student and an action by staff.
    """

    at: datetime
    what: str
    detail: str | None = None
    who: Who = Who.ENGINE
    times: int = 1
    audited: bool = False

    def as_dict(self) -> dict[str, Any]:
        detail = f"{self.times} x {self.detail or self.what}" if self.times > 1 else self.detail
        return {"at": self.at, "what": self.what, "detail": detail}


def of(
    events: Sequence[HistoryEvent],
    description: WorkflowExecutionDescription,
    again: Collection[int] = (),
) -> list[Event]:
    """Return the events of Temporal's history, with failed attempts that it does not hold yet.

    `again` are the numbers of events that repeat an earlier one, and are left out.
    """
    happened = _happened(events, again)
    return fold([*happened, *_failing(description), *_closed(events, description)])


def fold(events: Iterable[Event]) -> list[Event]:
    """Merge consecutive events that differ in their time alone into one with the last time."""
    folded: list[Event] = []
    for event in sorted(events, key=lambda event: event.at):
        last = folded[-1] if folded else None
        if last and replace(last, at=event.at, times=event.times) == event:
            folded[-1] = replace(event, times=last.times + event.times)
        else:
            folded.append(event)
    return folded


def of_ledger(
    messages: Iterable[Sending],
    receipts: Mapping[str, Received],
    audited: Iterable[Row],
    notes: Iterable[Note],
) -> Iterator[Event]:
    """Yield the ledger's events: messages, their receipts, and the staff's actions and notes."""
    for message in messages:
        outcome = message.outcome or "not_yet"
        at = message.finished_at or message.reserved_at
        named = f"{message.kind} {message.channel}"
        yield Event(at, "message", f"{named} {outcome}")
        if received := receipts.get(message.key):
            yield Event(received.told_at, "receipt", f"{named} {received.state}")
    for row in audited:
        told = f"{row.actor}: {row.reason or ''}"
        yield Event(row.at, row.action, told, Who.STAFF, audited=True)
    for note in notes:
        between = f"{note.author} → {note.addressee}" if note.addressee else note.author
        yield Event(note.at, "wrote", f"{between}: {note.text}", Who.STAFF)


async def last_error(
    converter: DataConverter,
    events: Sequence[HistoryEvent],
    description: WorkflowExecutionDescription,
) -> str | None:
    """Return the last failure of a pending activity, as it was raised, for operators."""
    for pending in description.raw_description.pending_activities:
        if pending.HasField("last_failure"):
            told = await _text_of(converter, pending.last_failure)
            return f"{pending.activity_type.name}: {told}"
    for event in reversed(events):
        if event.HasField("workflow_task_completed_event_attributes"):
            break
        if event.HasField("workflow_task_failed_event_attributes"):
            return await _text_of(converter, event.workflow_task_failed_event_attributes.failure)
    return None


async def _text_of(converter: DataConverter, failure: Failure) -> str:
    readable = Failure()
    readable.CopyFrom(failure)
    try:
        error: BaseException | None = await converter.decode_failure(readable)
    except (LookupError, RuntimeError, ValueError):
        return "(its key is gone)"
    lines = []
    while error is not None:
        kind = getattr(error, "type", None) or type(error).__name__
        said = getattr(error, "message", None) or str(error)
        lines += [f"{kind}: {said}", getattr(getattr(error, "failure", None), "stack_trace", "")]
        error = error.__cause__
    return "\n".join(line for line in lines if line)


def _happened(events: Sequence[HistoryEvent], again: Collection[int]) -> Iterator[Event]:
    for event in events:
        at = _time(event.event_time)
        attributes = event.WhichOneof("attributes") or ""
        fields: Any = getattr(event, attributes, None)
        match attributes.removesuffix("_event_attributes"):
            case "workflow_execution_started":
                yield Event(at, "started", who=Who.STUDENT)
            case "workflow_execution_update_accepted" | "workflow_execution_signaled" if (
                event.event_id not in again
            ):
                name = submitted(event)[0]
                yield Event(at, "submitted", name, _by(name))
            case "activity_task_completed":
                yield Event(at, "done", activity_of(events, fields))
            case "activity_task_timed_out" | "activity_task_failed":
                activity = activity_of(events, fields)
                yield _failed(at, activity, fields.failure, _tries(events, fields))
            case "workflow_task_failed":
                yield Event(at, "failed", "engine")
            case "upsert_workflow_search_attributes" if has_moved(event):
                yield Event(at, "stands", _stood(fields.search_attributes.indexed_fields))
            case "workflow_execution_completed":
                yield Event(at, "ended")
            case (
                "workflow_execution_terminated"
                | "workflow_execution_failed"
                | "workflow_execution_timed_out"
                | "workflow_execution_canceled"
            ):
                yield Event(at, "terminated")


def _closed(
    events: Sequence[HistoryEvent], description: WorkflowExecutionDescription
) -> Iterator[Event]:
    """Yield the end of a run when only the beginning of its history was read."""
    if description.close_time and len(events) < description.history_length:
        done = description.status is WorkflowExecutionStatus.COMPLETED
        yield Event(description.close_time, "ended" if done else "terminated")


def _failing(description: WorkflowExecutionDescription) -> Iterator[Event]:
    """Yield the failed attempts of pending activities, which are not in the history yet."""
    for pending in description.raw_description.pending_activities:
        if pending.HasField("last_failure"):
            at = _time(pending.last_attempt_complete_time)
            tried = max(pending.attempt - 1, 1)
            yield _failed(at, pending.activity_type.name, pending.last_failure, tried)


def _failed(at: datetime, activity: str, failure: Failure, tries: int) -> Event:
    kind = failure_type(failure) or "no answer"
    return Event(at, "failed", f"{activity} {kind}", times=tries)


def _tries(events: Sequence[HistoryEvent], ended: Any) -> int:
    """Return the number of attempts of an activity, from its last started event."""
    if not ended.started_event_id:
        return 1
    started = events[ended.started_event_id - 1].activity_task_started_event_attributes
    return max(int(started.attempt), 1)


def _by(submission: str) -> Who:
    if submission in STAFF_SUBMISSIONS:
        return Who.STAFF
    return Who.ENGINE if submission == "joined" else Who.STUDENT


def submitted(event: HistoryEvent) -> tuple[str, Sequence[Payload]]:
    """Return the name and the payloads of a submission, an update or a signal."""
    accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    signaled = event.workflow_execution_signaled_event_attributes
    if accepted.name:
        return accepted.name, accepted.args.payloads
    return signaled.signal_name, signaled.input.payloads


def has_moved(event: HistoryEvent) -> bool:
    """Whether this event publishes the step; Temporal upserts search attributes of its own, too."""
    told = event.upsert_workflow_search_attributes_event_attributes.search_attributes
    return STEP.name in told.indexed_fields


def activity_of(events: Sequence[HistoryEvent], fields: Any) -> str:
    """Return the name of the activity that this event completes."""
    scheduled = events[fields.scheduled_event_id - 1].activity_task_scheduled_event_attributes
    name: str = scheduled.activity_type.name
    return name


def _stood(values: Mapping[str, Payload]) -> str:
    """Return the published step, and the wait reason where there is one."""
    published = [values[key.name].data for key in (STEP, REASON) if key.name in values]
    told = [json.loads(data) for data in published if data]
    return " ".join(each for each in told if each)


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
