"""The desk is told of the page that the student sees, whatever the portal discloses."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from domain.contracts.vocabulary import Step, WaitReason
from starter.page_state import PageState, conceal
from support.verbs.cases import Case, CaseState, CaseSummary
from support.verbs.load_case import page_of
from support.verbs.staff import StaffContext
from support.verbs.timeline import Event
from workflows import steps

NOW = datetime(2026, 11, 29, tzinfo=UTC)
AT = [(step, reason) for step in Step for reason in (None, *steps.REASONS[step])]
PROVED = [Event(NOW, "stands", "pin WAITING_PIN"), Event(NOW, "stands", "insurance")]


def desk(disclosure: str) -> StaffContext:
    portal = SimpleNamespace(disclosure=disclosure)
    return cast("StaffContext", SimpleNamespace(settings=SimpleNamespace(portal=portal)))


def standing(step: Step, reason: WaitReason | None, events: list[Event]) -> Case:
    state = CaseState.ENDED if step in steps.ENDS else CaseState.OPEN
    return Case(
        CaseSummary("A-0000-0000", step, reason, NOW, None, None, state=state), {}, tuple(events)
    )


@pytest.mark.parametrize("proved", [False, True])
@pytest.mark.parametrize(("step", "reason"), AT)
def test_a_portal_that_discloses_nothing_shows_the_desk_what_it_shows_the_student(
    step: Step, reason: WaitReason | None, proved: bool
) -> None:
    case = standing(step, reason, PROVED if proved else PROVED[:1])
    shown = conceal(PageState("A-0000-0000", step, reason), proved=proved)
    seen = page_of(desk("uniform"), case)
    assert seen is not None
    assert seen[:2] == (shown.step, shown.wait_reason)
    if shown.concealed:
        assert seen[2] == "/pin"


def test_one_of_a_known_department_has_proved_its_contact() -> None:
    case = standing(Step.NEEDS_SUPPORT, WaitReason.HELD, [])
    known = replace(case, standing=replace(case.standing, department="1"))
    assert page_of(desk("uniform"), case) == (Step.PIN, WaitReason.WAITING_PIN, "/pin")
    for told in (page_of(desk("uniform"), known), page_of(desk("explicit"), case)):
        assert told == (Step.NEEDS_SUPPORT, WaitReason.HELD, "/progress")
