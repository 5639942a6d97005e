"""The conditions by which Temporal finds the groups of the queue."""

from datetime import UTC, datetime

from support.verbs import groups
from support.verbs.cases import CaseState
from support.verbs.groups import Group


def test_a_run_whose_tasks_fail_is_found_once() -> None:
    """With what is stuck; not by any other group or cause, nor with what may fail unseen."""
    failing, not_failing = (
        "TemporalReportedProblems IS NOT NULL",
        "TemporalReportedProblems IS NULL",
    )
    assert groups.condition(Group.STUCK).startswith(f"({failing} OR ")
    assert groups.of_cause(Group.STUCK, CaseState.FAILING) == failing
    others = [groups.condition(each) for each in groups.BELONGS if each is not Group.STUCK]
    others += [groups.young(datetime(2026, 11, 29, tzinfo=UTC))]
    others += [str(groups.of_cause(Group.STUCK, "DIRECTORY_DOWN"))]
    for condition in others:
        assert condition.startswith(f"{not_failing} AND ")
