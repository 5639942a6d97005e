"""The ledger comes back older than Temporal and directory, by the commands of the documentation."""

from collections.abc import Mapping
from pathlib import Path

from domain.findings import FindingKind
from ledger import restore
from tests.drills.drill import NEW, Drill

_PINS = "SELECT key FROM message WHERE key LIKE '%:pin:%'"


def restored(drill: Drill, folder: Path, listed: Path) -> None:
    """Bring the backup back as docs/restore.md says."""

    def bring_back() -> None:
        words = ("restore", str(folder), "--replace", "--yes")
        done = drill.command(*words, ACTIVATION_ERASURES_FILE=str(listed))
        assert done.returncode == 0, done.stderr

    drill.without_engine(bring_back)


def check_findings(drill: Drill, names: Mapping[str, str]) -> None:
    """Whoever has an account has a consent in the ledger, or is on the list of whom to call."""
    found, walkers = drill.findings(), drill.walkers

    def named(*cases: tuple[str, str]) -> set[str]:
        return {names[walkers[case].student.number] for case in cases}

    def references(*cases: tuple[str, str]) -> set[str]:
        return {walkers[case].reference for case in cases}

    lost = [("/pin", "/done"), ("/review", "/done"), (NEW, "/done")]
    assert found[FindingKind.CONSENT_MISSING] & {*names.values()} == named(*lost)
    kept = references(("/password", "/done"))
    assert drill.rows("SELECT FROM consent WHERE reference = ANY($1)", [*kept])
    assert named((NEW, "/done")) <= found[FindingKind.NAME_OF_ANOTHER]
    assert references((NEW, "/review"), (NEW, "/password")) <= found[FindingKind.RUN_UNKNOWN]
    assert kept | references(*lost[:2]) <= found[FindingKind.RUN_MISSING]
    # Who was erased is on no list.
    assert not any(named(("/done", "/done")) & each for each in found.values())


def test_the_ledger_is_older_than_the_others(drill: Drill, tmp_path: Path) -> None:
    folder, listed = tmp_path / "backup", tmp_path / "erasures"
    drill.stand()
    erased = drill.walkers["/done", "/done"]
    done = drill.command("backup", str(folder))
    assert done.returncode == 0, done.stderr
    drill.go_on()
    done = drill.command(
        *("support", "erase", erased.reference, "--reason", "asked"),
        ACTIVATION_ERASURES_FILE=str(listed),
    )
    assert done.returncode == 0, done.stderr
    names, active = drill.names(), drill.told_active(since=True)
    sent = {row["key"] for row in drill.rows(_PINS)}
    restored(drill, folder, listed)
    kept = {row["key"] for row in drill.rows(_PINS)}
    lost = sent - kept

    (mark,) = drill.rows("SELECT * FROM restored")
    assert not drill.rows("SELECT FROM session UNION ALL SELECT FROM sealed_password")
    assert not drill.rows("SELECT FROM code WHERE NOT ended")
    (row,) = drill.rows("SELECT * FROM activation WHERE reference = $1", erased.reference)
    assert row["person_key"] is None
    old = drill.walkers["/review", "/password"]
    old._visit("/password")
    assert old.page.path == "/who"

    # The ledger gives a name that it has forgotten to another, and the directory does not.
    twin = drill.twin(drill.walkers[NEW, "/done"].student)
    assert set(drill.end([twin]).values()) == {"/done"}
    check_findings(drill, names)

    # Everybody comes again, from another browser.
    ended = drill.come_again()
    told = {student.number for student in [*active, *drill.told_active(since=False)]}
    assert {number for number, page in ended.items() if page == "/ended"} == told
    drill.check_accounts(given_twice=1)
    drill.check_messages(more=2)
    assert {number: drill.names()[number] for number in names} == names
    rows = drill.rows(
        "SELECT key FROM message WHERE key LIKE '%:pin:%' AND reserved_at > $1", mark["at"]
    )
    fresh = {row["key"] for row in rows}
    assert fresh
    assert not fresh & lost
    assert all(int(key.rpartition(":")[2]) > mark["incarnation"] for key in fresh)
    drill.check_agreed(
        walker.student for case, walker in drill.walkers.items() if case[1] != "/done"
    )
    done = drill.command("support", "audit", "verify")
    assert done.returncode == 0, done.stderr
    assert drill.rows("SELECT FROM audit WHERE action = $1", restore.ACTION)
