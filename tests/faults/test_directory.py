"""The directory dies, hangs, loses answers or refuses: accounts are made once all the same.

Outages are short here: what an hour adds is patience, which `tests/workflows` plays on a server
that skips time. F10 also lasts longer than the first window of tries.
"""

import time

import ldap3
import pytest

from adapters.directory.entries import OBJECT_CLASSES
from demo.part import aside
from demo.place import HOST
from demo.slapd import BASE_DN, PEOPLE_DN, SERVICE_DN
from domain.contracts.vocabulary import Step, WaitReason
from domain.usernames import candidates
from settings.rules import Usernames
from tests.faults.proxy import BlackHole, LoseAnswer
from tests.faults.runner import Run
from tests.faults.walker import Walker, until
from tests.faults.world import World

_POLICY = f"cn=default,ou=policies,{BASE_DN}"


@pytest.mark.parametrize("seconds", [pytest.param(5, marks=pytest.mark.subset), 75])
def test_f10_the_directory_is_away(run: Run, seconds: float) -> None:
    """Whoever has agreed is told the truth, and types nothing twice."""
    world = run.world
    run.walk(
        lambda: world.stop("slapd"),
        lambda: world.start("slapd"),
        during=lambda: time.sleep(seconds),
    )
    assert all(max(walker.accepted.values()) == 1 for walker in run.walkers)


@pytest.mark.subset
def test_f11_a_directory_that_hangs_holds_up_nobody_elses_code(run: Run) -> None:
    world = run.world
    link = world.links["worker-slapd"]
    others: list[Walker] = []

    def come() -> None:
        until(lambda: run.accepted("/password"))
        others.extend(Walker(world, each, leaves_at="/review") for each in run.enrol(3))
        for walker in others:
            begun = time.monotonic()
            walker.walk()
            run.figures.notes.append(f"a code came and counted in {time.monotonic() - begun:.1f} s")

    run.walk(lambda: link.suffer(BlackHole()), link.heal, during=come)
    assert all(walker.page.path == "/review" for walker in others)
    for walker in others:
        walker.close()


@pytest.mark.subset
@pytest.mark.parametrize("word", ["ADD dn=", "PASSMOD"])
def test_f12_the_answer_is_lost_after(run: Run, word: str) -> None:
    """The directory has done it, as its log says; the worker is cut off before it hears so."""
    world = run.world
    before = world.directory_log().count(word)
    lost = LoseAnswer(lambda _: world.directory_log().count(word) > before + lost.lost, times=3)
    run.walk(lambda: world.links["worker-slapd"].suffer(lost))
    assert lost.lost == 3


@pytest.mark.subset
def test_f14_the_password_policy_refuses(run: Run) -> None:
    world = run.world

    def choose_longer_ones() -> None:
        until(lambda: all(w.refused["/password"] or w.accepted["/password"] for w in run.walkers))
        for student in run.students:
            student.password = student.password * 2

    run.walk(
        lambda: world.modify_directory(_POLICY, "pwdMinLength", "40"),
        at="/review",
        during=choose_longer_ones,
        again=frozenset({"/password"}),
    )
    world.modify_directory(_POLICY, "pwdMinLength", "12")
    assert all(walker.accepted["/review"] == 1 for walker in run.walkers)


def test_f16_the_service_account_has_another_password(run: Run) -> None:
    """It goes on by itself once mended, without a restart, and raises no storm until then.

    Here the students wait for a person, so two of the slow tries may have to pass.
    """
    world = run.world
    directory = world.stack.directory
    mended = directory._hash(directory.service_password_file)
    other = directory._hash(world.place.secret_file("other"))

    def wait() -> None:
        run.all_wait_for(WaitReason.CONFIGURATION)
        before = world.directory_log().count("BIND dn=")
        time.sleep(5)
        asked = world.directory_log().count("BIND dn=") - before
        assert asked <= 1, f"asked {asked} times in 5 s"

    try:
        run.walk(
            lambda: world.modify_directory(SERVICE_DN, "userPassword", other),
            lambda: world.modify_directory(SERVICE_DN, "userPassword", mended),
            during=wait,
            within=110,
        )
    finally:
        if not run.checked:
            world.modify_directory(SERVICE_DN, "userPassword", mended)


@pytest.mark.subset
def test_f17_somebody_elses_entry_has_the_name_the_engine_would_make(run: Run) -> None:
    students = run.enrol(named=False)

    def plant() -> None:
        for each in students:
            first, *_ = candidates(
                each.first.latin, each.last.latin, each.number, Usernames().patterns
            )
            _add(run.world, first, f"other-{each.number}")

    run.walk(plant, at="/pin", students=students)


@pytest.mark.subset
def test_f17_a_half_made_entry_of_their_own_is_adopted(run: Run) -> None:
    def plant() -> None:
        for student in run.students:
            _add(run.world, student.login, f"SIS:{student.number}")
            run.foreign.add(student.number)

    run.walk(plant, at="/pin")


@pytest.mark.parametrize("whose", ["their-own", "somebody-elses"])
def test_f17_another_name_or_owner_than_the_registrars_is_a_case_for_support(
    run: Run, whose: str
) -> None:
    students = run.enrol()
    for student in students:
        own = whose == "their-own"
        uid = f"old{student.login[:12]}" if own else student.login
        _add(run.world, uid, f"{'SIS:' if own else 'other-'}{student.number}")
        run.foreign.add(student.number)
    run.come_to("/progress", students)
    until(lambda: {step for _, step, _ in run.standing()} == {Step.NEEDS_SUPPORT})
    run.all_wait_for(WaitReason.USERNAME_CONFLICT)
    run.check()


@pytest.mark.subset
def test_f18_the_directory_is_killed_while_it_adds(run: Run) -> None:
    world = run.world

    def kill_in_the_middle() -> None:
        before = world.directory_log().count("ADD dn=")
        until(lambda: world.directory_log().count("ADD dn=") > before)
        world.kill("slapd")
        time.sleep(2)

    run.walk(end=lambda: world.start("slapd"), during=kill_in_the_middle)


@pytest.mark.subset
def test_f40_the_sealed_password_expires_in_an_outage(run: Run) -> None:
    """The 72 hours pass in the ledger's row; the consent stays, only the password is asked."""
    world = run.world

    def outlast() -> None:
        until(lambda: run.accepted("/password"))
        aside(world.ledger("UPDATE sealed_password SET expires_at = now()"))

    run.walk(
        lambda: world.stop("slapd"),
        lambda: world.start("slapd"),
        during=outlast,
        again=frozenset({"/password"}),
    )
    assert all(walker.accepted["/review"] == 1 for walker in run.walkers)
    assert all(walker.accepted["/password"] == 2 for walker in run.walkers)


def _add(world: World, uid: str, code: str) -> None:
    """Make an entry without a password, as a hand or another system would have left it."""
    secret = world.stack.directory.service_password_file.read_text("ascii")
    domain = world.settings.institution.domain
    value = f"urn:schac:personalUniqueCode:gr:{domain}:{code}"
    server = ldap3.Server(HOST, port=world.place.port("ldap"))
    with ldap3.Connection(server, SERVICE_DN, secret, raise_exceptions=True) as connection:
        words = {"cn": "Somebody", "sn": "Somebody", "schacPersonalUniqueCode": value}
        connection.add(  # type: ignore[no-untyped-call]
            f"uid={uid},{PEOPLE_DN}", list(OBJECT_CLASSES), words
        )
