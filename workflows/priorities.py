"""Says which tasks of a queue go first when many wait: a code first, notices and duties last.

Temporal orders a queue's tasks by this where its server can, and ignores it elsewhere. A replay
does not compare priorities, so running activations take a changed one with their next activity.
"""

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from domain.contracts.vocabulary import ActivityName
    from workflows.step_machine import StepMachine

CODE, STUDENT, LATER, DUTY = 1, 3, 4, 5
"""A code, for which a student waits at a page; other work of activations (the default of Temporal);
what nobody waits for at a page; what is done at any time."""
DUTIES = Priority(priority_key=DUTY)
_KEYS = {
    ActivityName.SEND_PIN: CODE,
    ActivityName.SEND_NOTICE: LATER,
    ActivityName.MAIL_SUPPORT_REQUEST: LATER,
    ActivityName.MAIL_SUPPORT_ANSWER: LATER,
    ActivityName.APPLY_WITHDRAWAL: LATER,
    ActivityName.FIND_LEFT_BEHIND: DUTY,
    ActivityName.SWEEP_EXPIRED: DUTY,
    ActivityName.COMPARE_DIRECTORY: DUTY,
    ActivityName.COMPARE_RUNS: DUTY,
    ActivityName.NEXT_INVITATIONS: DUTY,
    ActivityName.SEND_INVITATIONS: DUTY,
}
_LONGEST_KEY = 64
"""Bytes; Temporal fails the workflow task that asks for a longer key of fairness."""


def priority_of(name: ActivityName, run: object) -> Priority:
    """Return the priority of an activity of this run.

    What follows staff's retry of many waits for those at a page, until the student's next
    submission. Equal tasks are shared out by department, once the run knows it.
    """
    key = _KEYS.get(name, STUDENT)
    if not isinstance(run, StepMachine):
        return Priority(priority_key=key)
    if run.in_bulk:
        key = max(key, LATER)
    department = (run.department or "").encode()[:_LONGEST_KEY].decode(errors="ignore")
    return Priority(priority_key=key, fairness_key=department or None)
