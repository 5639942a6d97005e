"""What students and the desk set off beside an activation is done, whoever dies meanwhile.

F01 goes on here, for the activities that no activation calls: each errand is a workflow of its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from demo.part import aside
from domain.contracts.vocabulary import (
    ANSWER_WORKFLOW,
    SUPPORT_WORKFLOW,
    WITHDRAWAL_WORKFLOW,
    ActivityName,
    Choice,
)
from support.verbs import requests, withdrawal
from support.verbs.staff import StaffContext
from tests.faults.crash import Point
from tests.faults.runner import RECOVERED_WITHIN, Run
from tests.faults.walker import until


@dataclass(frozen=True)
class Errand:
    """`begin` sets it off for everybody; `happened` counts what came of it for each.

    Nobody can ask a mail relay whether it has taken a letter: one that was handed over as the
    worker died goes out `most` twice, under the same Message-ID.
    """

    activity: ActivityName
    workflow: str
    begin: Callable[[Run], None]
    happened: Callable[[Run], list[int]]
    most: int


def _ask(run: Run) -> None:
    for walker in run.walkers:
        walker.ask_for_help()


def _asked(run: Run) -> list[int]:
    letters = run.world.messages(run.world.settings.institution.support_email)
    return [sum(each.reference in letter["text"] for letter in letters) for each in run.walkers]


def _answer(run: Run) -> None:
    references = {walker.reference for walker in run.walkers}

    async def answer(desk: StaffContext) -> None:
        for line in (await requests.waiting(desk, per_page=10_000)).rows:
            if line.reference in references:
                await requests.answer(desk, line.id, "Έγινε.", submission_id=line.id)

    run.at_desk(answer)


def _answered(run: Run) -> list[int]:
    return [len(run.world.messages(each.mailbox)) for each in run.students]


def _withdraw(run: Run) -> None:
    async def withdraw(desk: StaffContext) -> None:
        for walker in run.walkers:
            await withdrawal.withdraw(
                desk, [Choice.RECOVERY_MOBILE], reference=walker.reference, reason="asked"
            )

    run.at_desk(withdraw)


def _withdrawn(run: Run) -> list[int]:
    entries = {entry["uid"][0]: entry for entry in run.world.entries().values()}
    return [int("mobile" not in entries[each.login]) for each in run.students]


_ERRANDS = (
    Errand(ActivityName.MAIL_SUPPORT_REQUEST, SUPPORT_WORKFLOW, _ask, _asked, 2),
    Errand(ActivityName.MAIL_SUPPORT_ANSWER, ANSWER_WORKFLOW, _answer, _answered, 2),
    Errand(ActivityName.APPLY_WITHDRAWAL, WITHDRAWAL_WORKFLOW, _withdraw, _withdrawn, 1),
)
ACTIVITIES = frozenset(errand.activity for errand in _ERRANDS)


@pytest.mark.parametrize("point", Point)
def test_f01_a_worker_is_killed_in_an_errand(run: Run, point: Point) -> None:
    run.walk()
    for errand in _ERRANDS:
        _dies_in(run, errand, point)


def _dies_in(run: Run, errand: Errand, point: Point) -> None:
    worker = run.world.worker
    assert not any(errand.happened(run))
    worker.dies(errand.activity, point)
    errand.begin(run)
    until(lambda: not worker.is_alive)
    worker.start()
    back = time.monotonic()
    until(lambda: all(errand.happened(run)))
    run.figures.recovery = max(run.figures.recovery, time.monotonic() - back)
    until(lambda: aside(_unfinished(run, errand.workflow)) == 0)
    times = errand.happened(run)
    assert all(1 <= number <= errand.most for number in times), times
    if twice := sum(number > 1 for number in times):
        run.figures.notes.append(f"{errand.activity}: {twice} letters were handed over again")
    assert run.figures.recovery <= RECOVERED_WITHIN


async def _unfinished(run: Run, workflow: str) -> int:
    """Count what runs yet, and what came to another end than its own."""
    client = await run.world.client()
    query = f"WorkflowType = '{workflow}' AND ExecutionStatus != 'Completed'"
    return (await client.count_workflows(query)).count
