"""How lists are narrowed, and when an activation stands for long or is late."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts.vocabulary import Step, WaitReason
from support.verbs.ages import Age, age
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.filters import Filter, Older

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def standing(reason: WaitReason | None, step: Step, ago: timedelta) -> CaseSummary:
    return CaseSummary("A", step, reason, NOW - ago, None, "404")


@pytest.mark.parametrize(
    ("reason", "step", "ago", "found"),
    [
        (WaitReason.DIRECTORY_DOWN, Step.PROVISIONING, timedelta(minutes=9), Age.SHORT),
        (WaitReason.DIRECTORY_DOWN, Step.PROVISIONING, timedelta(minutes=10), Age.LONG),
        (WaitReason.USERNAME_CONFLICT, Step.NEEDS_SUPPORT, timedelta(hours=2), Age.LATE),
        (WaitReason.WAITING_PIN, Step.PIN, timedelta(hours=23), Age.SHORT),
        (WaitReason.WAITING_PIN, Step.PIN, timedelta(hours=24), Age.LONG),
        (WaitReason.WAITING_CONSENT, Step.REVIEW, timedelta(hours=48), Age.LATE),
    ],
)
def test_ours_is_late_sooner_than_the_students(
    reason: WaitReason, step: Step, ago: timedelta, found: Age
) -> None:
    assert age(standing(reason, step, ago), NOW) is found


def test_what_has_ended_is_never_late() -> None:
    ended = CaseSummary(
        "A", Step.ACTIVE, None, NOW - timedelta(days=9), None, None, state=CaseState.ENDED
    )
    assert age(ended, NOW) is Age.SHORT


def test_a_filter_asks_temporal_for_what_it_holds() -> None:
    line = standing(WaitReason.WAITING_PIN, Step.PIN, timedelta(hours=3))
    assert Filter().conditions(NOW) == []
    assert Filter().holds(line, NOW)
    narrow = Filter(Step.PIN, "4'04", Older.HOURS, {"A"})
    assert narrow.conditions(NOW) == [
        "ActivationStep = 'pin'",
        "Department IN ('4''04')",
        (
            "(StandsSince < '2026-11-30T10:00:00+00:00' OR (StandsSince IS NULL"
            " AND StartTime < '2026-11-30T10:00:00+00:00'))"
        ),
        "WorkflowId IN ('A')",
    ]
    assert not narrow.holds(line, NOW)
    assert Filter(without={"A"}).conditions(NOW) == ["WorkflowId NOT IN ('A')"]
    assert not Filter(without={"A"}).holds(line, NOW)
    for own in (Filter(step=Step.PIN), Filter(department="404"), Filter(older=Older.HOURS)):
        assert own.holds(line, NOW)
    for others in (Filter(step=Step.REVIEW), Filter(older=Older.DAY), Filter(among=())):
        assert not others.holds(line, NOW)
    assert Filter(among=()).conditions(NOW) == [None]
    assert Filter(step=Step.LOOKUP).conditions(NOW) == [
        "(ActivationStep = 'lookup' OR ActivationStep IS NULL)"
    ]


def test_a_department_that_is_not_in_sight_finds_nothing() -> None:
    assert Filter().departments(None) is None
    assert Filter(department="404").departments(None) == ["404"]
    assert Filter(department="404").departments({"401"}) == []
    assert Filter(department="404").departments({"404", "401"}) == ["404"]
