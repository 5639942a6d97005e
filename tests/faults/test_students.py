"""Students double-click, leave and come back, and staff act at the same moment.

What takes minutes or days has short settings here: a portal of its own gives activations a code
that lives eight seconds, or a deadline of eight.
"""

import time

import pytest

from domain.contracts.vocabulary import Step
from support.verbs.staff import Action
from tests.faults.runner import Run
from tests.faults.walker import until

_DEADLINE = 45
"""Seconds in which everybody comes to the page where the fault begins."""


@pytest.mark.subset
def test_f30_everybody_clicks_four_times(run: Run) -> None:
    run.walk(at="/contact", clicks=4)


def test_f29_one_of_two_portals_is_killed(run: Run) -> None:
    one, other = run.world.portals
    link = run.world.links["students-portal"]

    def begin() -> None:
        other.start()
        link.point_at(one.port, other.port)

    def kill() -> None:
        time.sleep(run.draw.random())
        one.kill()
        time.sleep(2)

    try:
        run.walk(begin, one.start, at="/review", during=kill)
    finally:
        link.point_at(one.port)


@pytest.mark.parametrize(
    "at", ["/pin", pytest.param("/review", marks=pytest.mark.subset), "/password"]
)
def test_f44_who_never_comes_back_has_expired_and_holds_nothing(run: Run, at: str) -> None:
    def expired() -> bool:
        return {step for _, step, _ in run.standing()} == {Step.EXPIRED}

    with run.settings(POLICY__DEADLINE="PT8S", POLICY__PIN_TTL="PT60S"):
        run.walk(lambda: until(expired), at=at, ends=("/ended",))


def test_f44_what_was_handed_in_while_no_worker_saw_the_clock_run_out_counts(run: Run) -> None:
    world = run.world

    def outlast() -> None:
        until(lambda: run.accepted("/password"))
        time.sleep(_DEADLINE + 5)

    with run.settings(POLICY__DEADLINE=f"PT{_DEADLINE}S"):
        run.walk(lambda: world.kill("worker"), lambda: world.start("worker"), during=outlast)


@pytest.mark.subset
def test_f44_who_comes_back_after_the_code_has_expired_gets_another(run: Run) -> None:
    with run.settings(
        POLICY__PIN_TTL="PT8S", POLICY__RESEND_AFTER="PT1S", POLICY__REPEAT_CODE_IF_LEFT="PT4S"
    ):
        run.walk(lambda: time.sleep(10), at="/pin")


@pytest.mark.parametrize("at", ["/review", "/password"])
def test_f44_who_comes_back_with_another_browser_goes_on_there(run: Run, at: str) -> None:
    students = run.enrol()
    run.come_to(at, students)
    run.close()
    run.walk(at="/pin", students=students)


@pytest.mark.subset
def test_f45_staff_cancel_while_the_student_agrees(run: Run) -> None:
    """Whoever comes first counts: each ends cancelled or active, never between."""

    def cancel_half() -> None:
        references = [reference for reference, _, _ in run.standing()]
        run.staff_say(Action.CANCEL, run.draw.sample(references, len(references) // 2))

    run.walk(at="/review", during=cancel_half, ends=("/done", "/ended"))
