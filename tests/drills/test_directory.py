"""The directory comes back older: whoever was told "active" activates again, by the same name."""

from pathlib import Path

from domain.contracts.vocabulary import WaitReason
from domain.findings import FindingKind
from tests.drills.drill import NEW, Drill, until


def test_the_directory_is_older_than_the_others(drill: Drill, tmp_path: Path) -> None:
    drill.stand()
    bring_back = drill.copy_directory(tmp_path / "directory.ldif")
    drill.go_on()
    names, active = drill.names(), drill.told_active(since=True)
    assert {student.number for student in active} < set(names)
    drill.without_engine(bring_back)
    assert not {student.number for student in active} & set(drill.names())

    # The name of somebody whose account is gone is nobody else's.
    twin = drill.twin(drill.walkers[NEW, "/done"].student)
    assert set(drill.end([twin]).values()) == {"/done"}
    # The list has everybody who was told "active" and has no account, and nobody else.
    found = drill.findings()
    assert found[FindingKind.ACCOUNT_MISSING] & {*names.values()} == {
        names[student.number] for student in active
    }

    # Who stands at a page goes on; who saw the end before sees it still.
    standing = [walker for case, walker in drill.walkers.items() if case[1] != "/done"]
    assert set(drill.end(standing).values()) == {"/done"}
    again = [drill.walker(student) for student in active]
    drill.go(dict.fromkeys(again, "/progress"))
    until(lambda: drill.waiting(WaitReason.ACCOUNT_GONE) == len(active))
    words = ("--wait-reason", WaitReason.ACCOUNT_GONE, "--reason", "older copy", "--over", "0")
    done = drill.command("support", "retry-all", *words)
    assert done.returncode == 0, done.stderr
    assert set(drill.end(again).values()) == {"/done"}
    kept = drill.end([drill.walker(student) for student in drill.told_active(since=False)])
    assert set(kept.values()) == {"/ended"}

    drill.check_accounts()
    drill.check_messages()
    drill.check_agreed(drill.students)
    assert {number: drill.names()[number] for number in names} == names
