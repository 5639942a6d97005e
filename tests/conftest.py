"""Fixtures every room's tests share; each starts what it needs only when it is asked for."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.stack import TestStack, WholeStack

# Examples are judged by their outcome: how long one takes depends on who else is busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_STACK = pytest.StashKey[TestStack]()


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[TestStack]:
    parts = TestStack(tmp_path_factory.mktemp("a στοίβα"))
    try:
        parts.begin()
        pytestconfig.stash[_STACK] = parts
        yield parts
    finally:
        parts.end()


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    demo = WholeStack(tmp_path_factory.mktemp("the whole στοίβα") / "demo")
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
