"""The fault programme's world, its seeds and its table.

Plain `pytest` plays the scenarios marked `subset` with one seed; `--faults=all` plays all of them
with three. `--seed N` repeats a run; the seed stands in every test's name.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy
from tests.faults.runner import Figures, Run
from tests.faults.world import World

_SEEDS = 3
_FIGURES: list[Figures] = []
_FEW, _MANY = 6, 20
_LONGEST_SECONDS = 600
_LAST = "test_left_behind.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", choices=("subset", "all"), default="subset")
    parser.addoption("--seed", type=int, help="Play the fault programme with this seed only.")


def _all(config: pytest.Config) -> bool:
    return bool(config.getoption("--faults", "subset") == "all")


def _seeds(config: pytest.Config) -> list[int]:
    given = config.getoption("--seed", None)
    number = _SEEDS if _all(config) else 1
    return [secrets.randbelow(10**6) for _ in range(number)] if given is None else [given]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seeds = _seeds(metafunc.config)
        metafunc.parametrize("seed", seeds, ids=[f"seed={seed}" for seed in seeds])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the subset has not; everything named alone is played all the same."""
    ours = [item for item in items if "seed" in getattr(item, "fixturenames", ())]
    for item in ours:
        item.add_marker(pytest.mark.timeout(_LONGEST_SECONDS))
    named = any("::" in word for word in config.args)
    # What is left behind is looked through once everything was played.
    items.sort(key=lambda item: item.path.name == _LAST)
    if not (_all(config) or named):
        rest = [item for item in ours if not item.get_closest_marker("subset")]
        config.hook.pytest_deselected(items=rest)
        items[:] = [item for item in items if item not in rest]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Proxy() as proxy:
        world = World(tmp_path_factory.mktemp("world"), proxy)
        try:
            world.begin()
            yield world
        finally:
            world.end()


@pytest.fixture
def run(world: World, seed: int, request: pytest.FixtureRequest) -> Iterator[Run]:
    name = request.node.name.removeprefix("test_").partition("[")[0]
    try:
        yield from _playing(world, name, seed, _MANY if _all(request.config) else _FEW)
    finally:
        world.mend()


@pytest.fixture
def shifted(world: World, seed: int, request: pytest.FixtureRequest) -> Iterator[Run]:
    """Give a run to a scenario whose next case goes on with these parts, and a line to each."""
    yield from _playing(world, request.node.callspec.id.partition("-")[2], seed, _FEW)


def _playing(world: World, name: str, seed: int, activations: int) -> Iterator[Run]:
    print(f"{name} with --seed {seed}")  # noqa: T201 - shown when it fails
    run = Run(world, name, seed, activations)
    _FIGURES.append(run.figures)
    try:
        yield run
    finally:
        run.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _FIGURES:
        return
    write = terminalreporter.write_line
    terminalreporter.section("fault programme")
    heads = ("runs", "activations", "lost", "duplicated", "recovery", "slowest page")
    write(f"{'scenario':60}" + "".join(f"{head:>13}" for head in heads))
    runs = defaultdict(list)
    for each in _FIGURES:
        runs[each.scenario].append(each)
    for scenario, figures in sorted(runs.items()):
        write(_line(scenario, figures))
        for note in (note for each in figures for note in each.notes):
            write(f"    {note}")
    write(_line("all", _FIGURES))


def _line(scenario: str, figures: list[Figures]) -> str:
    sums = (
        len(figures),
        sum(each.activations for each in figures),
        sum(each.lost for each in figures),
        sum(each.duplicated for each in figures),
    )
    longest = (max(each.recovery for each in figures), max(each.slowest for each in figures))
    words = [*(f"{each:>13}" for each in sums), *(f"{each:>11.1f} s" for each in longest)]
    return f"{scenario:60}" + "".join(words)
