"""One stack for all drills, and a room of students who stand at every step."""

import secrets
from collections.abc import Iterator

import pytest

from demo.part import aside
from tests.drills.drill import Drill
from tests.faults.proxy import Proxy
from tests.faults.world import World

_LONGEST_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "drills":
            item.add_marker(pytest.mark.timeout(_LONGEST_SECONDS))


@pytest.fixture(scope="session")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Proxy() as proxy:
        world = World(tmp_path_factory.mktemp("drills"), proxy)
        try:
            world.begin()
            # It counts ends for the fault programme; no backup may have a table of others.
            aside(world.ledger("DROP TABLE end_recorded; DROP FUNCTION count_end CASCADE"))
            yield world
        finally:
            world.end()


@pytest.fixture
def drill(drilled: World) -> Iterator[Drill]:
    seed = secrets.randbelow(10**6)
    print(f"drill with seed {seed}")  # noqa: T201 - shown when it fails
    drill = Drill(drilled, seed)
    try:
        yield drill
    finally:
        drill.close()
        drilled.mend()
