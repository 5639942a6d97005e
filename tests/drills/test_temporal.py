"""Temporal comes back older than ledger and directory: what was done is found done."""

from pathlib import Path

from domain.contracts.vocabulary import Step
from domain.findings import FindingKind
from tests.drills.drill import NEW, Drill


def test_temporal_is_older_than_the_others(drill: Drill, tmp_path: Path) -> None:
    drill.stand()
    bring_back = drill.copy_temporal(tmp_path / "temporal.db")
    drill.go_on()
    names, active = drill.names(), drill.told_active(since=True)
    used = drill.walkers["/pin", "/review"].newest_pin()
    drill.without_engine(bring_back)

    lost = {drill.walkers[NEW, page].reference for page in ("/review", "/password")}
    assert lost <= drill.findings()[FindingKind.RUN_MISSING]

    # Who stood there before goes on in the same browser, whatever they had answered since.
    before = {case: each for case, each in drill.walkers.items() if case[0] != NEW}
    ended = drill.end(before.values())
    assert drill.walkers["/pin", "/review"].newest_pin() != used
    for (stood, came), walker in before.items():
        # Who had been told so is told again, by the same or by another page.
        told = came == "/done" and stood != "/done"
        pages = {"/done", "/ended"} if told else {"/done"}
        assert ended[walker.student.number] in pages, (stood, came)
    # Who began since begins again: nobody else holds them.
    begun = [walker for case, walker in drill.walkers.items() if case[0] == NEW]
    again = drill.end([drill.walker(walker.student) for walker in begun])
    done = drill.walkers[NEW, "/done"].student.number
    assert {number for number, page in again.items() if page == "/ended"} == {done}

    drill.check_accounts()
    drill.check_messages()
    drill.check_agreed(drill.students)
    assert {number: drill.names()[number] for number in names} == names
    for student in active:
        ends = drill.rows(
            "SELECT end_step FROM activation WHERE mobile_index = $1 AND ended_at IS NOT NULL",
            student.index(drill.world.keys),
        )
        assert Step.ACTIVE in {row["end_step"] for row in ends}
