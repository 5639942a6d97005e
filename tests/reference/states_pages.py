"""Writes the pages of the states of an activation, and of the types of failures."""

from domain.contracts.vocabulary import FailureType, Step, Waker
from tests.reference.markdown import code, flat, meanings, page, table
from workflows.steps import CANCELLABLE, ENDS, REASONS, TRANSITIONS, deadline_runs, woken_by

_STATES = """The steps of an activation, which may follow which, and for whom each waits. \
[Architecture](../architecture.md#the-steps) has the diagram, \
[Operations](../operations.md#a-stuck-activation) what to do about each reason."""
_WAITS = """With a reason an activation stands still. Without one the engine works. "Deadline" \
says whether the student's time (`policy.deadline`) runs meanwhile."""
_FAILURES = """The type of an activity's last failure is the wait reason that is shown while the \
engine tries again, by itself and without end. A `_DOWN` also stands when no worker serves the \
queue of that system. [Operations](../operations.md#failure-types) says where it is logged."""
_WHO = {None: "", Waker.STUDENT: "the student", Waker.ENGINE: "the engine", Waker.STAFF: "staff"}


def write_states() -> str:
    told = meanings(Step)
    steps = [
        (
            code(step),
            told[step.name],
            ", ".join(code(each) for each in Step if each in TRANSITIONS[step]) or "the end",
            "yes" if step in CANCELLABLE else "",
        )
        for step in Step
    ]
    waits = [
        (
            code(step),
            code(reason) if reason else "",
            _WHO[woken_by(step, reason)],
            "runs" if deadline_runs(step, reason) else "",
        )
        for step in Step
        for reason in sorted(REASONS[step], key=lambda each: each or "")
    ]
    return page(
        "States",
        _STATES,
        f"{len(Step)} steps, of which {len(ENDS)} are ends.",
        table(["step", "meaning", "may be followed by", "staff may cancel"], steps),
        "## Why a step waits",
        _WAITS,
        table(["step", "reason", "ended by", "deadline"], waits),
    )


def write_failures() -> str:
    rows = [
        (code(failure), *map(flat, text.split("\n\n")))
        for failure, text in meanings(FailureType).items()
    ]
    return page("Failure types", _FAILURES, table(["type", "what it means", "what to do"], rows))
