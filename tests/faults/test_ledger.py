"""Ledger or registrar die, lose answers or hang: nobody is lied to, nothing is doubled."""

import time

import pytest

from demo.part import aside
from domain.contracts.vocabulary import WaitReason
from support.verbs.staff import Action
from tests.faults.proxy import DropAfter, Latency, LoseAnswer, Refuse, Reset
from tests.faults.runner import Run

_READ_AGAIN = {"POLICY__REGISTRAR_FRESH_FOR": "PT0S"}
"""The registrar is read again before the account is made, however young the look-up is."""


@pytest.mark.subset
def test_f20_the_registrar_is_away_at_the_look_up(run: Run) -> None:
    """Nobody is told "not found": all of them come to the end."""
    link = run.world.links["worker-registrar"]
    run.walk(
        lambda: link.suffer(Refuse()),
        link.heal,
        at="/contact",
        during=lambda: time.sleep(6),
    )


@pytest.mark.parametrize(
    "at", ["/contact", "/pin", pytest.param("/review", marks=pytest.mark.subset), "/password"]
)
def test_f21_the_ledger_is_away(run: Run, at: str) -> None:
    world = run.world
    run.walk(
        lambda: world.stop("postgres"),
        lambda: world.start("postgres"),
        at=at,
        during=lambda: time.sleep(4),
    )


@pytest.mark.subset
@pytest.mark.parametrize("link", ["worker-ledger", "portal-ledger"])
def test_f21_the_answer_to_a_commit_is_lost(run: Run, link: str) -> None:
    lost = LoseAnswer(lambda answer: b"INSERT 0 1" in answer, times=3)
    run.walk(lambda: run.world.links[link].suffer(lost), at="/review")
    assert lost.lost


@pytest.mark.parametrize(
    "at", ["/contact", pytest.param("/review", marks=pytest.mark.subset), "/password"]
)
def test_f22_connections_to_the_ledger_are_reset(run: Run, at: str) -> None:
    worker, portal = run.world.links["worker-ledger"], run.world.links["portal-ledger"]

    def begin() -> None:
        worker.suffer(DropAfter(run.draw.randrange(3000)))
        portal.suffer(DropAfter(run.draw.randrange(3000)))

    def worse() -> None:
        time.sleep(2)
        worker.suffer(Reset())
        portal.suffer(Reset())
        time.sleep(2)

    def heal() -> None:
        worker.heal()
        portal.heal()

    run.walk(begin, heal, at=at, during=worse)


@pytest.mark.subset
def test_f22_the_ledger_throws_everybody_out(run: Run) -> None:
    # Of the engine's own role: a session of the server's or of a superuser is not ours to end.
    out = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND usename = current_user"
    )

    def throw_out() -> None:
        for _ in range(8):
            aside(run.world.ledger(f"{out} AND datname = current_database()"))
            time.sleep(0.5)

    run.walk(at="/pin", during=throw_out)


def test_f23_the_ledger_is_slow(run: Run) -> None:
    links = [run.world.links[name] for name in ("worker-ledger", "portal-ledger")]

    def slow() -> None:
        for link in links:
            link.suffer(Latency(1.0))

    def heal() -> None:
        for link in links:
            link.heal()

    run.walk(slow, heal, at="/pin", during=lambda: time.sleep(8))


@pytest.mark.subset
def test_f24_what_the_registrar_forgets_under_way_does_no_harm(run: Run) -> None:
    with run.settings(**_READ_AGAIN):
        run.walk(lambda: _update(run, "extemail = NULL, gender = NULL"), at="/pin")


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("mobilephone = '6900000000'", "mobilephone = $2"),
        ("enrollmentstatus = 'inactive'", "enrollmentstatus = 'active'"),
    ],
    ids=["contact", "status"],
)
def test_f24_who_is_no_longer_on_file_waits_for_staff(run: Run, change: str, undo: str) -> None:
    """No account is made; once the secretariat has mended its row, a retry goes on."""

    def mend() -> None:
        run.all_wait_for(WaitReason.NO_LONGER_ENROLLED)
        _update(run, undo)
        run.staff_say(Action.RETRY, [reference for reference, _, _ in run.standing()])

    with run.settings(**_READ_AGAIN):
        run.walk(lambda: _update(run, change), during=mend)


def test_f24_who_is_no_longer_in_the_records_gets_no_account(run: Run) -> None:
    students = run.enrol()
    with run.settings(**_READ_AGAIN):
        walkers = run.come_to("/password", students)
        for student in students:
            left = "DELETE FROM v_vd_sis WHERE registrationid = $1"
            aside(run.world.registrar(left, student.number))
        run.go_on_to("/progress", walkers)
    run.all_wait_for(WaitReason.NO_LONGER_ENROLLED)
    run.check()


def _update(run: Run, change: str) -> None:
    """Change everybody's row in the records; `$2` is the mobile that was there."""
    statement = f"UPDATE v_vd_sis SET {change} WHERE registrationid = $1"  # noqa: S608 - ours
    for student in run.students:
        mobile = [student.mobile] if "$2" in change else []
        aside(run.world.registrar(statement, student.number, *mobile))
