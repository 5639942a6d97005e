"""Reads activations for staff: where one stands, why, since when, and what moves it next."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from domain import masks
from domain.contracts.submissions import ActivationStart, DisputeSubmission
from domain.contracts.vocabulary import WORKFLOW, FailureType, Step, WaitReason, Waker
from starter import tries
from starter.output import Failed
from workflows import steps
from workflows.standing import DEPARTMENT, REASON, STEP

ENGINE_WAITS = frozenset(WaitReason(failure.value) for failure in FailureType)
_PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
_OPEN = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
_RECENT = 60
_UPSERT = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES


class UnknownReference(LookupError):
    """No activation has this reference."""


@dataclass(frozen=True)
class Line:
    """One line of the list; times are aware UTC, `next_try_at` the engine's own next attempt."""

    reference: str
    step: Step
    wait_reason: WaitReason | None
    since: datetime
    next_try_at: datetime | None
    department: str | None

    @property
    def stuck(self) -> bool:
        return self.step is Step.NEEDS_SUPPORT or self.wait_reason in ENGINE_WAITS


@dataclass(frozen=True)
class Event:
    at: datetime
    what: str
    detail: str | None = None


@dataclass(frozen=True)
class Case:
    standing: Line
    masked: dict[str, str]
    timeline: tuple[Event, ...]

    def as_dict(self, sentence: str) -> dict[str, Any]:
        """Return the shape that `support show --json` promises."""
        return asdict(self.standing) | {
            "sentence": sentence,
            "masked": self.masked,
            "timeline": [asdict(event) for event in self.timeline],
        }


async def open_activations(client: Client) -> AsyncIterator[Line]:
    """Yield every activation that has not ended, the oldest last."""
    async for execution in client.list_workflows(_OPEN):
        try:
            yield await standing(client, execution.id)
        except UnknownReference:
            continue  # It was deleted between the listing and the look.


async def waiting_for(client: Client, reason: WaitReason) -> list[str]:
    """Return the references of all that wait for this reason and for no student."""
    at = {step for step, reasons in steps.REASONS.items() if reason in reasons}
    named = ", ".join(
        f"'{step}'" for step in at if steps.woken_by(step, reason) is not Waker.STUDENT
    )
    if not named:
        raise Failed(f"{reason} waits for the student, whom nobody can hurry")
    query = f"{_OPEN} AND {REASON.name} = '{reason}' AND {STEP.name} IN ({named})"
    return [execution.id async for execution in client.list_workflows(query)]


async def standing(client: Client, reference: str) -> Line:
    """Return where one activation stands; raises `UnknownReference`."""
    description = await _describe(client, reference)
    page = await client.workflow_service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=reference),
            maximum_page_size=_RECENT,
        )
    )
    return _standing(description, reversed(page.history.events))


async def case(client: Client, reference: str) -> Case:
    """Return everything staff may see of one activation; raises `UnknownReference`."""
    description = await _describe(client, reference)
    history = await client.get_workflow_handle(reference).fetch_history()
    converter = client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=reference)
    )
    started = history.events[0].workflow_execution_started_event_attributes
    (start,) = await converter.decode(started.input.payloads, [ActivationStart])
    stands = _standing(description, history.events)
    known = _masked(start)
    if stands.wait_reason is WaitReason.DATA_DISPUTED:
        known |= await _disputed(converter, history.events, stands.since)
    return Case(stands, known, tuple(_timeline(history.events)))


async def _describe(client: Client, reference: str) -> WorkflowExecutionDescription:
    try:
        return await client.get_workflow_handle(reference).describe()
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            raise UnknownReference(reference) from None
        raise


def _standing(description: WorkflowExecutionDescription, events: Iterable[HistoryEvent]) -> Line:
    """Step and reason are search attributes; since when is the event that last set them."""
    upserts = [_time(event) for event in events if event.event_type == _UPSERT]
    since = upserts[-1] if upserts else description.start_time
    attributes = description.typed_search_attributes
    reason = attributes.get(REASON)
    waiting = WaitReason(reason) if reason else None
    if attributes.get(_PROBLEMS):
        waiting = WaitReason.CONFIGURATION
    failed_by, next_try_at = tries.waiting(description)
    return Line(
        reference=description.id,
        step=Step(attributes.get(STEP) or Step.LOOKUP),
        wait_reason=failed_by or waiting,
        since=since,
        next_try_at=next_try_at,
        department=attributes.get(DEPARTMENT),
    )


def _masked(start: ActivationStart) -> dict[str, str]:
    shown = {}
    if start.mobile:
        shown["mobile"] = masks.mobile(start.mobile)
    if start.email:
        shown["email"] = masks.email(start.email)
    return shown


async def _disputed(
    converter: DataConverter, events: Sequence[HistoryEvent], since: datetime
) -> dict[str, str]:
    """Return which details the student calls wrong, and the student's own note."""
    for event in reversed(events):
        door, payloads = _submitted(event)
        if door != "dispute" or _time(event) > since:
            continue
        try:
            (dispute,) = await converter.decode(payloads, [DisputeSubmission])
        except (KeyError, RuntimeError, ValueError):
            continue  # The engine did not believe it either.
        return {"disputed": ", ".join(dispute.wrong), "note": dispute.note}
    return {}


def _submitted(event: HistoryEvent) -> tuple[str, Sequence[Payload]]:
    """Return by which door, be it by update or by signal, something came in, and what."""
    accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    signaled = event.workflow_execution_signaled_event_attributes
    if accepted.name:
        return accepted.name, accepted.args.payloads
    return signaled.signal_name, signaled.input.payloads


def _timeline(events: Sequence[HistoryEvent]) -> Iterator[Event]:
    for event in events:
        at = _time(event)
        kind = event.WhichOneof("attributes")
        fields: Any = getattr(event, kind or "", None)
        match kind:
            case "workflow_execution_started_event_attributes":
                yield Event(at, "started")
            case (
                "workflow_execution_update_accepted_event_attributes"
                | "workflow_execution_signaled_event_attributes"
            ):
                yield Event(at, "submitted", _submitted(event)[0])
            case "activity_task_completed_event_attributes":
                yield Event(at, "done", _activity(events, fields))
            case "activity_task_timed_out_event_attributes":
                yield Event(at, "not done in time", _activity(events, fields))
            case "upsert_workflow_search_attributes_event_attributes":
                yield Event(at, "stands", _stood(fields.search_attributes.indexed_fields))
            case "workflow_execution_completed_event_attributes":
                yield Event(at, "ended")
            case "workflow_execution_terminated_event_attributes":
                yield Event(at, "terminated")


def _activity(events: Sequence[HistoryEvent], fields: Any) -> str:
    scheduled = events[fields.scheduled_event_id - 1].activity_task_scheduled_event_attributes
    name: str = scheduled.activity_type.name
    return name


def _stood(fields: Mapping[str, Payload]) -> str:
    values = (_keyword(fields[key.name]) for key in (STEP, REASON) if key.name in fields)
    return " ".join(value for value in values if value)


def _keyword(payload: Payload) -> str | None:
    value: str | None = json.loads(payload.data) if payload.data else None
    return value


def _time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(UTC)
