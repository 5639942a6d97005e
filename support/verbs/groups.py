"""The groups of open activations, by who or what ends their wait, and how Temporal finds each.

Temporal counts ten thousand runs in some 20 ms and takes seconds to list them, so that groups are
counted by query, and only what is shown is listed. Each query is derived from the group's rule and
the table of reasons; both judge a run by its published step and reason.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from domain.contracts.vocabulary import Step, WaitReason, Waker
from starter.client.pending_retries import PROBLEMS
from support.verbs.cases import OPEN, CaseState, CaseSummary
from workflows import steps
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP


class Group(StrEnum):
    STUCK = "stuck"
    HUMAN = "human"
    HELD = "held"
    LOCKED = "locked"
    STUDENT = "student"
    WORKING = "working"
    FINISHED = "finished"


BELONGS: Mapping[Group, Callable[[CaseSummary], bool]] = MappingProxyType(
    {
        Group.STUCK: lambda line: line.stuck and line.wait_reason is not WaitReason.HELD,
        Group.HUMAN: lambda line: (
            steps.woken_by(line.step, line.wait_reason) is Waker.STAFF
            and line.wait_reason is not WaitReason.HELD
        ),
        Group.HELD: lambda line: line.wait_reason is WaitReason.HELD,
        Group.LOCKED: lambda line: line.wait_reason is WaitReason.PIN_LOCKED,
        Group.STUDENT: lambda line: (
            line.wait_reason is not WaitReason.PIN_LOCKED
            and steps.woken_by(line.step, line.wait_reason) is Waker.STUDENT
        ),
        Group.WORKING: lambda line: line.wait_reason is None,
    }
)
"""Which open activations are in each group; what has finished is in the ledger."""
_FAILING, _NOT_FAILING = f"{PROBLEMS.name} IS NOT NULL", f"{PROBLEMS.name} IS NULL"
"""Temporal's mark of a run whose tasks fail, whatever its step and reason were."""


def open_in(departments: Collection[str] | None) -> str:
    """Return the query for open runs of these departments (not empty); None: all."""
    return OPEN if departments is None else f"{OPEN} AND {in_departments(departments)}"


def in_departments(departments: Collection[str]) -> str:
    """Return the condition of the runs of these departments."""
    return f"{DEPARTMENT.name} IN ({', '.join(map(_quoted, sorted(departments)))})"


def at_step(step: Step) -> str:
    """Return the condition of the runs at this step; one that publishes none is at the first."""
    at = f"{STEP.name} = '{step}'"
    return f"({at} OR {STEP.name} IS NULL)" if step is Step.LOOKUP else at


def since_before(moment: datetime) -> str:
    """Return the condition of the runs that have stood since before a moment."""
    at = f"< '{moment.isoformat()}'"
    return f"({SINCE.name} {at} OR ({SINCE.name} IS NULL AND StartTime {at}))"


def among(references: Collection[str]) -> str | None:
    """Return the condition of these runs; None for none."""
    return f"WorkflowId IN ({_listed(references)})" if references else None


def not_among(references: Collection[str]) -> str:
    """Return the condition of all runs but these (not empty)."""
    return f"WorkflowId NOT IN ({_listed(references)})"


def _listed(references: Collection[str]) -> str:
    return ", ".join(f"'{reference}'" for reference in sorted(references))


def _quoted(text: str) -> str:
    """Return a text as Temporal's queries have it, where a backslash escapes as well as a quote."""
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))


def condition(group: Group) -> str:
    """Return the condition of a group's open runs."""
    if group is Group.STUCK:
        return f"({_FAILING} OR {_published(group)})"
    return f"{_NOT_FAILING} AND ({_published(group)})"


def _published(group: Group) -> str:
    """Return the condition of the steps and reasons that belong to a group."""
    found = _waits(group)
    whole = sorted(f"'{reason}'" for reason, at in found.items() if reason and at is None)
    parts = [f"{REASON.name} IN ({', '.join(whole)})"] if whole else []
    parts += [_waits_for(reason, at) for reason, at in found.items() if at or not reason]
    return " OR ".join(parts)


@cache
def _waits(group: Group) -> Mapping[WaitReason | None, frozenset[Step] | None]:
    """Return the reasons of a group with the steps of each; None: every step that has it."""
    found = defaultdict[WaitReason | None, set[Step]](set)
    everywhere = defaultdict[WaitReason | None, set[Step]](set)
    for step, reasons in steps.REASONS.items():
        for reason in reasons:
            everywhere[reason].add(step)
            if BELONGS[group](_standing(step, reason)):
                found[reason].add(step)
    return {
        reason: None if at == everywhere[reason] else frozenset(at) for reason, at in found.items()
    }


def causes(group: Group) -> list[str]:
    """Return every cause that a group's runs can have (see `of_cause`)."""
    found: dict[str, None] = {CaseState.FAILING: None}
    for step, reasons in steps.REASONS.items():
        for reason in reasons:
            if BELONGS[group](_standing(step, reason)):
                found[reason or step] = None
    return list(found)


def of_cause(group: Group, cause: str) -> str | None:
    """Return the condition of a group's runs with this cause; None: no run has it.

    A cause is a wait reason, a step that waits for nothing, or `failing`.
    """
    if cause == CaseState.FAILING:
        return _FAILING if group is Group.STUCK else None
    waits = _waits(group)
    if cause in set(Step) and BELONGS[group](_standing(Step(cause), None)):
        return f"{_NOT_FAILING} AND {REASON.name} IS NULL AND {STEP.name} = '{cause}'"
    if cause in set(WaitReason) and WaitReason(cause) in waits:
        reason = WaitReason(cause)
        return f"{_NOT_FAILING} AND {_waits_for(reason, waits[reason])}"
    return None


def young(since: datetime) -> str:
    """Return the condition of runs whose attempt may be failing and is not published yet.

    A run publishes nothing before its first wait. One whose tasks fail is marked as such, so that
    it is listed with what is stuck.
    """
    waits = f"({REASON.name} IS NULL OR {REASON.name} = '{WaitReason.WAITING_PIN}')"
    moment = f"'{since.isoformat()}'"
    started = f"({SINCE.name} IS NULL AND StartTime > {moment})"
    return f"{_NOT_FAILING} AND {waits} AND ({SINCE.name} > {moment} OR {started})"


def _waits_for(reason: WaitReason | None, at: Collection[Step] | None) -> str:
    waits = f"{REASON.name} = '{reason}'" if reason else f"{REASON.name} IS NULL"
    if at is None:
        return f"({waits})"
    named = ", ".join(f"'{step}'" for step in sorted(at))
    return f"({waits} AND {STEP.name} IN ({named}))"


def _standing(step: Step, reason: WaitReason | None) -> CaseSummary:
    return CaseSummary("", step, reason, datetime.min.replace(tzinfo=UTC), None, None)
