"""Reads the facts of an activation that staff may see, masked, from its event history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter

from domain import masks
from domain.contracts import Model
from domain.contracts.account_io import (
    AccountChecked,
    AccountResolved,
    AccountState,
    CheckAccount,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    ConsentRecorded,
    InsuranceOutcome,
    InsuranceRecorded,
    ProvisionAccount,
    Provisioned,
    ResolveAccount,
)
from domain.contracts.people import Person, StudentsFound
from domain.contracts.submissions import ActivationStart, DisputeSubmission, Submission
from domain.contracts.vocabulary import ActivityName, Language, WaitReason
from domain.reasons import Reason
from support.verbs.timeline import activity_of, has_moved, submitted

_OF_ACCOUNT: Mapping[ActivityName, type[Model]] = {
    ActivityName.RESOLVE_ACCOUNT: AccountResolved,
    ActivityName.PROVISION_ACCOUNT: Provisioned,
    ActivityName.CHECK_ACCOUNT: AccountChecked,
}
_ASKED: Mapping[WaitReason, Mapping[ActivityName, type[Model]]] = {
    WaitReason.USERNAME_CONFLICT: _OF_ACCOUNT,
    WaitReason.FOREIGN_ENTRY: _OF_ACCOUNT,
    WaitReason.INSURANCE_CONFLICT: {
        ActivityName.CLAIM_PERSON: Claimed,
        ActivityName.RECORD_INSURANCE: InsuranceRecorded,
        ActivityName.RECORD_CONSENT: ConsentRecorded,
    },
}
"""The activities whose newest result names the conflict."""
_OF_PERSON: Mapping[str, type[Model]] = {
    ActivityName.CLAIM_PERSON: ClaimPerson,
    ActivityName.CHECK_ACCOUNT: CheckAccount,
    ActivityName.RESOLVE_ACCOUNT: ResolveAccount,
    ActivityName.PROVISION_ACCOUNT: ProvisionAccount,
}
"""The activities whose argument names one person."""
_UNREADABLE = (LookupError, RuntimeError, ValueError)
"""The errors of decoding a payload whose key is deleted or whose content has another shape."""


class Facts(NamedTuple):
    """The start argument, the facts that may be shown, and the department's names."""

    start: ActivationStart | None
    shown: Mapping[str, str]
    department: Mapping[str, str]


async def read(
    converter: DataConverter, events: Sequence[HistoryEvent], reason: WaitReason | None
) -> Facts:
    """Return the facts that may be shown of an activation with this wait reason."""
    start = await start_of(converter, events[0])
    shown = contacts(start)
    department: dict[str, str] = {}
    person = await person_of(converter, events)
    if person:
        newest = person.enrolments[0]
        department = {
            Language.EL.value: newest.department_el,
            Language.EN.value: newest.department_en,
        }
        shown["name"] = masks.initials(f"{person.first_name_el} {person.last_name_el}")
        shown["student_number"] = masks.number(newest.registration_id)
    if reason is WaitReason.DATA_DISPUTED:
        shown |= await _dispute(converter, events)
    if reason and reason in _ASKED:
        shown |= await _conflict(converter, events, _ASKED[reason])
    return Facts(start, shown, department)


async def start_of(converter: DataConverter, event: HistoryEvent) -> ActivationStart | None:
    """Return the start argument from the first event; None when it cannot be read any more."""
    payloads = event.workflow_execution_started_event_attributes.input.payloads
    start: ActivationStart | None = await _decode(converter, payloads, ActivationStart)
    return start


def contacts(start: ActivationStart | None) -> dict[str, str]:
    """Return the contacts that began an activation, masked."""
    shown = {}
    if start and start.mobile:
        shown["mobile"] = masks.mobile(start.mobile)
    if start and start.email:
        shown["email"] = masks.email(start.email)
    return shown


async def person_of(
    converter: DataConverter, events: Sequence[HistoryEvent], key: str | None = None
) -> Person | None:
    """Return the student: the person of the newest activity argument, else the one found.

    Of several who share a contact, return None until one is identified; `key` is that person's
    keyed index, if the ledger has it, else it is taken from the result that names the username.
    """
    for event in reversed(events):
        asked = event.activity_task_scheduled_event_attributes
        kind = _OF_PERSON.get(asked.activity_type.name)
        request = await _decode(converter, asked.input.payloads, kind) if kind else None
        if request:
            told: Person = request.person
            return told
    if key is None:
        for payload in _results(events, ActivityName.RESOLVE_ACCOUNT):
            resolved = await _decode(converter, [payload], AccountResolved)
            if resolved:
                key = resolved.person_key
                break
    for payload in _results(events, ActivityName.FIND_STUDENT):
        found = await _decode(converter, [payload], StudentsFound)
        if found:
            ours = [each for each in found.persons if key in each.keys] or found.persons
            return ours[0] if len(ours) == 1 else None
    return None


async def brought_again(converter: DataConverter, events: Sequence[HistoryEvent]) -> frozenset[int]:
    """Return the numbers of the events whose submission an earlier event has brought.

    A portal that gets no answer in time sends its update once more as a signal, with the same id.
    """
    brought, again = set[str](), set[int]()
    for event in events:
        accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request
        name = accepted.meta.update_id
        if event.HasField("workflow_execution_signaled_event_attributes"):
            told = await _decode(converter, submitted(event)[1], Submission)
            name = told.submission_id if told else ""
        if name in brought:
            again.add(event.event_id)
        elif name:
            brought.add(name)
    return frozenset(again)


async def _conflict(
    converter: DataConverter,
    events: Sequence[HistoryEvent],
    asked: Mapping[ActivityName, type[Model]],
) -> dict[str, str]:
    """Return the conflicting fact, rule or attribute from the newest of these results."""
    for payload in _results(events, *asked):
        for kind in asked.values():
            told = await _decode(converter, [payload], kind)
            if told:
                why = _why(told)
                return {"match": why} if why else {}
    return {}


def _why(told: Model) -> str | None:
    match told:
        case AccountResolved() | Provisioned():
            return told.why
        case AccountChecked(state=AccountState.FOREIGN):
            return Reason.ANOTHERS.of("uid")
        case Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER):
            return Reason.NUMBER_WITH_ACCOUNT
        case (
            InsuranceRecorded(outcome=InsuranceOutcome.BELONGS_TO_ANOTHER)
            | ConsentRecorded(insurance=InsuranceOutcome.BELONGS_TO_ANOTHER)
        ):
            return Reason.NUMBER_OF_ANOTHER
    return None


def _results(events: Sequence[HistoryEvent], *asked: ActivityName) -> Iterator[Payload]:
    """Yield the possible results of these activities, newest first."""
    for event in reversed(events):
        marker = event.marker_recorded_event_attributes
        yield from marker.details["result"].payloads if "result" in marker.details else ()
        done = event.activity_task_completed_event_attributes
        if done.scheduled_event_id and activity_of(events, done) in asked:
            yield from done.result.payloads


async def _dispute(converter: DataConverter, events: Sequence[HistoryEvent]) -> dict[str, str]:
    """Return the details that the student disputes, and the student's note.

    It is the last dispute before the activation entered its present step: the workflow refused
    later ones.
    """
    moved = [has_moved(event) for event in events]
    until = len(moved) - moved[::-1].index(True) if any(moved) else 0
    for event in reversed(events[:until]):
        name, payloads = submitted(event)
        dispute = name == "dispute" and await _decode(converter, payloads, DisputeSubmission)
        if dispute:
            return {"disputed": ", ".join(dispute.wrong), "note": dispute.note}
    return {}


async def _decode(converter: DataConverter, payloads: Sequence[Payload], kind: type) -> Any:
    """Return the decoded payload; None when it cannot be decoded to this type."""
    if not payloads:
        return None
    try:
        (value,) = await converter.decode(payloads, [kind])
    except _UNREADABLE:
        return None
    return value
