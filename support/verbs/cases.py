"""Reads activations for staff: where one stands, why, since when, and what moves it next.

Everything here is Temporal's own record, which needs no worker.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.people import Person
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import (
    WORKFLOW,
    ActivityName,
    FailureType,
    Language,
    Step,
    WaitReason,
    Waker,
)
from starter.client import pending_retries as tries
from starter.client.connect import asking
from starter.output import Failed
from support.verbs import facts, pollers, timeline
from support.verbs.histories import WITHIN, UnknownReference, events_of
from support.verbs.timeline import Event
from workflows import steps
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP

ENGINE_WAITS = frozenset(WaitReason(failure.value) for failure in FailureType)
OPEN = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
EACH_BY_ITSELF = frozenset(
    {WaitReason.INSURANCE_CONFLICT, WaitReason.DATA_DISPUTED, WaitReason.HELD}
)
"""What is not tried again for all at once.

Of a conflict, trying again is staff's word that two persons have one number, said of each case
alone; of the others it changes nothing: they are resolved, or released.
"""
_TAKEN_WITHIN = timedelta(seconds=15)
"""No worker lets work lie for longer."""


def open_in(departments: Collection[str] | None) -> str:
    """Return the query for what is open in these departments, one at least; None: in all."""
    if departments is None:
        return OPEN
    named = ", ".join("'{}'".format(each.replace("'", "''")) for each in sorted(departments))
    return f"{OPEN} AND {DEPARTMENT.name} IN ({named})"


class CaseState(StrEnum):
    """What has become of the run; of the last two nobody can tell the step.

    Of an erased one there is the end, which says nothing of the student's account now.
    """

    OPEN = "open"
    FAILING = "failing"
    ENDED = "ended"
    CUT_OFF = "cut_off"
    ERASED = "erased"
    FORGOTTEN = "forgotten"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class CaseSummary:
    """One line of the list; times are aware UTC, `next_try_at` the engine's own next attempt.

    `attempt` is the number of that attempt. `unattended`: work lies ready and no worker takes it.
    `spent`: so many answers were sent for it that none are taken now. `told_at` is Temporal's time
    when it told so.
    """

    reference: str
    step: Step
    wait_reason: WaitReason | None
    since: datetime
    next_try_at: datetime | None
    department: str | None
    attempt: int | None = None
    state: CaseState = CaseState.OPEN
    unattended: bool = False
    spent: bool = False
    language: Language | None = None
    told_at: datetime | None = None

    @property
    def stuck(self) -> bool:
        return self.step is Step.NEEDS_SUPPORT or self.wait_reason in ENGINE_WAITS

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that `support list --json` promises."""
        known = self.state not in {CaseState.FORGOTTEN, CaseState.UNSEEN}
        return {
            "reference": self.reference,
            "step": self.step if known else None,
            "wait_reason": self.wait_reason,
            "since": self.since,
            "next_try_at": self.next_try_at,
            "department": self.department,
        }


@dataclass(frozen=True)
class Case:
    """All that staff may see of one activation.

    `error` is what failed last, as it was raised. `missing` names the parts that did not answer;
    `history` is among them where only the beginning of a large one was read. `in_temporal`: its
    run is there, and with it what the student's page shows. `department` is its name, by language.
    """

    standing: CaseSummary
    masked: Mapping[str, str]
    timeline: tuple[Event, ...]
    error: str | None = None
    missing: tuple[str, ...] = ()
    in_temporal: bool = True
    department: Mapping[str, str] = field(default_factory=dict)

    def department_in(self, language: str) -> str | None:
        """Return the department's code, with its name where that is known."""
        code, name = self.standing.department, self.department.get(language)
        return f"{name} ({code})" if code and name else code

    def as_dict(self, sentence: str) -> dict[str, Any]:
        """Return the shape that `support show --json` promises."""
        return self.standing.as_dict() | {
            "sentence": sentence,
            "masked": dict(self.masked),
            "timeline": [event.as_dict() for event in self.timeline],
        }


async def waiting_for(client: Client, reason: WaitReason) -> list[CaseSummary]:
    """Return all that wait for this reason and for no student.

    Raises `Failed` for a reason of which each case must be looked at.
    """
    if reason in EACH_BY_ITSELF:
        raise Failed(f"{reason}: look at each by itself; it is not tried again for all at once")
    at = {step for step, reasons in steps.REASONS.items() if reason in reasons}
    named = ", ".join(
        f"'{step}'" for step in at if steps.woken_by(step, reason) is not Waker.STUDENT
    )
    if not named:
        raise Failed(f"{reason} waits for the student, whom nobody can hurry")
    query = f"{OPEN} AND {REASON.name} = '{reason}' AND {STEP.name} IN ({named})"
    with asking():
        listed = client.list_workflows(query, rpc_timeout=WITHIN)
        return [of_listing(execution) async for execution in listed]


async def standing(client: Client, reference: str) -> CaseSummary:
    """Return where one activation stands; raises `UnknownReference`."""
    return await _line(client, await _describe(client, reference))


async def start(client: Client, reference: str) -> ActivationStart | None:
    """Return what one activation began with; None where it cannot be read any more."""
    events, _ = await events_of(client, await _describe(client, reference))
    return (await facts.read(_converter(client, reference), events, None)).start


async def person(client: Client, reference: str, key: str | None) -> Person | None:
    """Return whose one activation is, by the ledger's key of them where it has one.

    None where that is not known, or cannot be read any more.
    """
    events, _ = await events_of(client, await _describe(client, reference))
    return await facts.person_of(_converter(client, reference), events, key)


async def case(client: Client, reference: str) -> Case:
    """Return everything Temporal knows of one activation; raises `UnknownReference`."""
    described = await _describe(client, reference)
    events, large = await events_of(client, described)
    converter = _converter(client, reference)
    line = await _line(client, described)
    reason = None if large else line.wait_reason
    began, known, department = await facts.read(converter, events, reason)
    if began:
        line = replace(line, language=began.language)
        if line.wait_reason is WaitReason.PIN_LOCKED:
            line = replace(line, next_try_at=line.since + began.policy.pin_lock)
    return Case(
        standing=line,
        masked=known,
        timeline=tuple(timeline.of(events, described)),
        error=await timeline.last_error(converter, events, described),
        missing=("history",) if large else (),
        department=department,
    )


def of_listing(execution: WorkflowExecution) -> CaseSummary:
    """Return what a listing tells: step and reason as they were published."""
    attributes = execution.typed_search_attributes
    reason = attributes.get(REASON)
    line = CaseSummary(
        reference=execution.id,
        step=Step(attributes.get(STEP) or Step.LOOKUP),
        wait_reason=WaitReason(reason) if reason else None,
        since=attributes.get(SINCE) or execution.start_time,
        next_try_at=None,
        department=attributes.get(DEPARTMENT),
    )
    if execution.status is not WorkflowExecutionStatus.RUNNING:
        ended = line.step in steps.ENDS
        at = execution.close_time or line.since
        return replace(line, state=CaseState.ENDED if ended else CaseState.CUT_OFF, since=at)
    if attributes.get(tries.PROBLEMS):
        return replace(line, state=CaseState.FAILING, wait_reason=WaitReason.CONFIGURATION)
    return line


def of_description(description: WorkflowExecutionDescription) -> CaseSummary:
    """Return what a description tells beside: the tries of the engine's own work."""
    line = of_listing(description)
    if line.state not in {CaseState.OPEN, CaseState.FAILING}:
        return line
    _, next_try_at = tries.waiting(description)
    return replace(
        line,
        wait_reason=tries.waits_for(description),
        next_try_at=next_try_at,
        attempt=_attempt(description),
    )


async def _line(client: Client, description: WorkflowExecutionDescription) -> CaseSummary:
    """Return what a description tells and when, and whether a worker takes up what lies ready."""
    line = of_description(description)
    ready = _ready(description)
    if line.state not in {CaseState.OPEN, CaseState.FAILING}:
        return line
    with asking():
        now = await pollers.now(client)
    unattended = bool(ready) and min(ready) < now - _TAKEN_WITHIN
    return replace(line, unattended=unattended, told_at=now)


async def _describe(client: Client, reference: str) -> WorkflowExecutionDescription:
    try:
        with asking():
            return await client.get_workflow_handle(reference).describe(rpc_timeout=WITHIN)
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            raise UnknownReference from None
        raise


def _converter(client: Client, reference: str) -> DataConverter:
    return client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=reference)
    )


def _attempt(description: WorkflowExecutionDescription) -> int | None:
    """Return the number of the try that is on, or comes next, of what was tried before."""
    raw = description.raw_description
    numbers = [
        pending.attempt
        for pending in raw.pending_activities
        if pending.activity_type.name != ActivityName.SEND_NOTICE
    ]
    return max((*numbers, raw.pending_workflow_task.attempt), default=0) or None


def _ready(description: WorkflowExecutionDescription) -> list[datetime]:
    """Return since when each piece of work has been lying ready, by Temporal's clock."""
    raw = description.raw_description
    task = raw.pending_workflow_task
    ready = [
        pending.scheduled_time
        for pending in raw.pending_activities
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        and pending.activity_type.name != ActivityName.SEND_NOTICE
        and not pending.HasField("next_attempt_schedule_time")
    ]
    if task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED:
        ready.append(task.scheduled_time)
    return [at.ToDatetime(UTC) for at in ready]
