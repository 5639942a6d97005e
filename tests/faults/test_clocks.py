"""Clocks of processes are ten minutes off, either way: nothing that is done or told differs.

Temporal's clock alone is right throughout. `make clocks` shifts each process by itself, and then
all of them against each other.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from demo.part import aside
from demo.visitor import Visitor
from domain.contracts.vocabulary import Language
from support.verbs import cases, sentences
from tests.faults.runner import Run
from tests.faults.walker import Walker, until
from tests.faults.world import World
from translations import translator
from worker import WorkerRole

_OFF = 600
_ATHENS = ZoneInfo("Europe/Athens")
_FEW = ("worker", "portal")
_ALL = (*WorkerRole, "portal", "support")
_SHIFTED = (*_ALL, "slapd", "postgres")


def _against_each_other(first: int) -> dict[str, int]:
    """Set every second clock as far the other way."""
    return {name: first * (-1) ** number for number, name in enumerate(_SHIFTED)}


_CASES = [
    pytest.param(
        _FEW,
        {"worker": _OFF, "portal": -_OFF, "slapd": -_OFF, "postgres": _OFF},
        id="some",
        marks=pytest.mark.subset,
    ),
    *(
        pytest.param(_ALL, {name: off}, id=f"{name} {off // 60:+} min")
        for name in _SHIFTED
        for off in (-_OFF, _OFF)
    ),
    *(
        pytest.param(_ALL, _against_each_other(off), id=f"all, the first {off // 60:+} min")
        for off in (-_OFF, _OFF)
    ),
]


@pytest.fixture(scope="module", autouse=True)
def right_again(world: World) -> Iterator[None]:
    yield
    world.run_with_clocks([part.name for part in world.always], {})


@pytest.mark.parametrize(("programs", "seconds"), _CASES)
def test_f50_clocks_are_wrong(
    shifted: Run, programs: Collection[str], seconds: Mapping[str, int]
) -> None:
    run, world = shifted, shifted.world
    ledger = timedelta(seconds=seconds.get("postgres", 0))
    run.directory_ahead = timedelta(seconds=seconds.get("slapd", 0)) - ledger
    world.run_with_clocks(programs, seconds)
    students = [*run.enrol(2), *run.enrol(1, by_email=True, insured=False)]
    late, *others = run.come_to("/pin", students)
    for walker in (late, *others):
        until(partial(_tells_when_the_code_ends, walker, ledger))
    _types_a_wrong_code(others[0])

    _is_so_much_older(world, late.reference, minutes=11)
    assert late._browser.submit(pin=str(late.newest_pin())).path == "/pin"
    assert "έληξε" in " ".join(late.page.lines)
    _is_so_much_older(world, others[0].reference, minutes=9)
    run.go_on_to("/done", others)
    if "support" in programs:
        _staff_are_told_the_truth(world, late.reference)
    run.figures.slowest = max(walker.slowest for walker in run.walkers)
    run.check()


def _tells_when_the_code_ends(walker: Walker, ledger: timedelta) -> bool:
    """Tell whether the page says that the code, which came a moment ago, holds ten minutes."""
    now = datetime.now(UTC).astimezone(_ATHENS) + ledger
    ends = {f"{now + timedelta(minutes=minutes):%H:%M}" for minutes in (9, 10)}
    lines = " ".join(walker._browser.visit("/pin").lines)
    return bool(walker.newest_pin()) and any(f"{at}." in lines for at in ends)


def _types_a_wrong_code(walker: Walker) -> None:
    wrong = f"{(int(str(walker.newest_pin())) + 1) % 10**6:06d}"
    assert walker._browser.submit(pin=wrong).path == "/pin"
    assert "4 προσπάθειες" in " ".join(walker.page.lines)


def _is_so_much_older(world: World, reference: str, *, minutes: int) -> None:
    """Let the ledger's notes of the code be so much older."""
    for column in ("reserved_at", "finished_at"):
        older = f"UPDATE message SET {column} = {column} - make_interval(mins => $2)"  # noqa: S608 - ours
        aside(world.ledger(f"{older} WHERE reference = $1", reference, minutes))


def _staff_are_told_the_truth(world: World, reference: str) -> None:
    line = aside(_standing(world, reference))
    said = sentences.sentence(line, translator(Language.EN))
    with Visitor(world.console.url, "en") as console:
        console.visit("/sign-in")
        password = world.stack.directory.support_password
        page = console.submit(name="support", password=password)
        assert page.path == "/queue"
        case = console.visit(f"/case/{reference}")
        assert said in " ".join(case.lines)
        operations = " ".join(console.visit("/operations").lines)
        assert "served by workers" in operations
        assert "No worker serves it" not in operations


async def _standing(world: World, reference: str) -> cases.CaseSummary:
    return await cases.standing(await world.client(), reference)
