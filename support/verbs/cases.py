"""Reads activations for staff: step, wait reason, since when, and what comes next.

All of it is read from Temporal's server and needs no worker.
"""

from collections.abc import Mapping
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
from support.verbs.histories import describe, events_of, first_event
from support.verbs.timeline import Event
from web import times
from workflows import steps
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP

ENGINE_WAITS = frozenset(WaitReason(failure.value) for failure in FailureType)
OPEN = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
EACH_BY_ITSELF = frozenset(
    {WaitReason.INSURANCE_CONFLICT, WaitReason.DATA_DISPUTED, WaitReason.HELD}
)
"""Wait reasons that cannot be retried in bulk.

To retry a conflict is the staff's statement, case by case, that two persons share a number. For
the others a retry changes nothing: they must be resolved or released.
"""
_TAKEN_WITHIN = timedelta(seconds=15)
"""The longest time that a live worker leaves a ready task."""


class CaseState(StrEnum):
    """The state of the run; for the last two the step is not known.

    An erased run keeps only its outcome, which says nothing of the student's account today.
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
    """One line of the list; times are aware UTC, `next_try_at` is the next automatic retry.

    `attempt` is the number of that retry. `unattended`: a task is ready and no worker polls for it.
    `spent`: its limit of submissions is reached. `closed_until`: a contact of it is closed.
    `told_at` is Temporal's time of the answer. `assignee`: who of staff looks after it. `typed`:
    the student may have typed an insurance number, which staff can take back.
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
    closed_until: datetime | None = None
    language: Language | None = None
    told_at: datetime | None = None
    assignee: str | None = None
    typed: bool = True

    @property
    def is_open(self) -> bool:
        return self.state in {CaseState.OPEN, CaseState.FAILING}

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
    """Everything that staff may see of one activation.

    `error` is the last failure, as it was raised. `missing` names the parts that did not answer;
    it includes `history` when only the beginning of a large one was read. `in_temporal`: the run
    still exists, so the student's page can be shown. `department` is its name by language.
    """

    standing: CaseSummary
    masked: Mapping[str, str]
    timeline: tuple[Event, ...]
    error: str | None = None
    missing: tuple[str, ...] = ()
    in_temporal: bool = True
    department: Mapping[str, str] = field(default_factory=dict)

    def department_in(self, language: str) -> str | None:
        """Return the department's code, followed by its name if known."""
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
    """Return all activations that wait for this reason and not for the student.

    Raises `Failed` for a reason that needs a decision in each case.
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
    return await listed(client, query)


async def listed(
    client: Client, query: str, *, limit: int | None = None, page_size: int = 500
) -> list[CaseSummary]:
    """Return the summaries of the runs that Temporal's visibility lists for this query."""
    with asking():
        found = client.list_workflows(
            query, limit=limit, page_size=page_size, rpc_timeout=times.CONSOLE_RPC
        )
        return [of_listing(execution) async for execution in found]


async def standing(client: Client, reference: str) -> CaseSummary:
    """Return the summary of one activation; raises `UnknownReference`."""
    return await _summary(client, await describe(client, reference))


async def start(client: Client, reference: str) -> ActivationStart | None:
    """Return the start argument of one activation; None when it cannot be read any more."""
    events, _ = await events_of(client, await describe(client, reference))
    return (await facts.read(_converter(client, reference), events, None)).start


async def person(client: Client, reference: str, key: str | None) -> Person | None:
    """Return the student of one activation, by the ledger's keyed index if it has one.

    None when the student is not known, or cannot be read any more.
    """
    events, _ = await events_of(client, await describe(client, reference))
    return await facts.person_of(_converter(client, reference), events, key)


async def contact(client: Client, reference: str) -> str:
    """Return the masked contacts that began one activation; raises `UnknownReference`."""
    event = await first_event(client, reference)
    return ", ".join(
        facts.contacts(await facts.start_of(_converter(client, reference), event)).values()
    )


async def department(client: Client, reference: str) -> Mapping[str, str]:
    """Return the names of the student's department by language, empty where none is known."""
    events, _ = await events_of(client, await describe(client, reference))
    return (await facts.read(_converter(client, reference), events, None)).department


async def case(client: Client, reference: str) -> Case:
    """Return everything Temporal knows of one activation; raises `UnknownReference`."""
    described = await describe(client, reference)
    events, large = await events_of(client, described)
    converter = _converter(client, reference)
    line = await _summary(client, described)
    reason = None if large else line.wait_reason
    began, known, department = await facts.read(converter, events, reason)
    again = await facts.brought_again(converter, events)
    if began:
        line = replace(line, language=began.language)
        if line.wait_reason is WaitReason.PIN_LOCKED:
            line = replace(line, next_try_at=line.since + began.policy.pin_lock)
    return Case(
        standing=line,
        masked=known,
        timeline=tuple(timeline.of(events, described, again)),
        error=await timeline.last_error(converter, events, described),
        missing=("history",) if large else (),
        department=department,
    )


def of_listing(execution: WorkflowExecution) -> CaseSummary:
    """Build a summary from a visibility row: step and reason as last published."""
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


async def _summary(client: Client, description: WorkflowExecutionDescription) -> CaseSummary:
    """Return a description's summary, which adds to a listing's what is pending and who serves it.

    `told_at` is Temporal's time.
    """
    line = of_listing(description)
    if not line.is_open:
        return line
    with asking():
        now = await pollers.now(client)
    ready = _ready(description)
    _, next_try_at = tries.waiting(description)
    return replace(
        line,
        wait_reason=tries.waits_for(description),
        next_try_at=next_try_at,
        attempt=_attempt(description),
        unattended=bool(ready) and min(ready) < now - _TAKEN_WITHIN,
        told_at=now,
    )


def _converter(client: Client, reference: str) -> DataConverter:
    return client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=reference)
    )


def _attempt(description: WorkflowExecutionDescription) -> int | None:
    """Return the number of the current or next attempt of an activity that is being retried."""
    raw = description.raw_description
    numbers = [
        pending.attempt
        for pending in raw.pending_activities
        if pending.activity_type.name != ActivityName.SEND_NOTICE
    ]
    return max((*numbers, raw.pending_workflow_task.attempt), default=0) or None


def _ready(description: WorkflowExecutionDescription) -> list[datetime]:
    """Return since when each pending task has been ready, by Temporal's clock."""
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
