"""Fixtures every room's tests share; each starts what it needs only when it is asked for."""

import gc
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests import authorities
from tests.stack import TestStack, WholeStack

# Examples are judged by their outcome: how long one takes depends on who else is busy.
settings.register_profile("few", deadline=None, max_examples=30)
# For `make test-long`.
settings.register_profile("many", deadline=None, max_examples=300)
settings.load_profile("few")

# Rich's tracebacks, the default where it is installed, take seconds each.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


def pytest_configure(config: pytest.Config) -> None:
    session = ExitStack()
    session.enter_context(authorities.a_single_one())
    config.add_cleanup(session.close)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all but `few(n)` of a test's parameters, taken evenly, to `make test-long`."""
    tables: dict[tuple[str, int], list[pytest.Item]] = {}
    for item in items:
        if few := item.get_closest_marker("few"):
            name = item.nodeid.partition("[")[0]
            tables.setdefault((name, few.args[0]), []).append(item)
    for (_, most), cases in tables.items():
        kept = cases[:: -(-len(cases) // most)]
        for case in cases:
            if case not in kept:
                case.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    # The modules and the tests stay to the end: no collection of garbage needs to look at them.
    gc.collect()
    gc.freeze()


_STACK = pytest.StashKey[TestStack]()
_MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it has a name of its own
_ROOM = 3 * 1024**3


@contextmanager
def _fast_folder(request: pytest.FixtureRequest, name: str) -> Iterator[Path]:
    """Give a folder in memory where there is room for it, else on the disk.

    PostgreSQL, slapd and Temporal wait for the disk at each write, which is most of what their
    tests wait for. Where a test failed, their logs are kept on the disk.
    """
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    on_disk = factory.mktemp(name)
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        yield on_disk
        return
    with tempfile.TemporaryDirectory(
        prefix="pytest-", dir=_MEMORY, ignore_cleanup_errors=True
    ) as memory:
        folder = Path(memory, name)
        folder.mkdir()
        try:
            yield folder
        finally:
            if request.session.testsfailed:
                for log in folder.rglob("*.log"):
                    shutil.copy(log, on_disk)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[TestStack]:
    with _fast_folder(request, "a στοίβα") as folder:
        parts = TestStack(folder)
        try:
            parts.begin()
            pytestconfig.stash[_STACK] = parts
            yield parts
        finally:
            parts.end()


@pytest.fixture(scope="session")
def whole_stack(request: pytest.FixtureRequest) -> Iterator[WholeStack]:
    with _fast_folder(request, "the whole στοίβα") as folder:
        demo = WholeStack(folder / "demo")
        try:
            demo.begin()
            yield demo
        finally:
            demo.end()


@pytest.fixture(scope="module", autouse=True)
def no_run_outlives_its_module(pytestconfig: pytest.Config) -> Iterator[None]:
    """Terminate what the tests of a module left: the workers of the next would take it up."""
    yield
    if stack := pytestconfig.stash.get(_STACK, None):
        stack.end_runs()


def pytest_sessionfinish() -> None:
    # Temporal's runtime threads outlive the last test; without this breath the interpreter
    # crashes at its exit now and then, after all tests have passed.
    time.sleep(0.3)
