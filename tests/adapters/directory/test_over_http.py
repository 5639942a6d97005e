"""A directory by HTTP is one as well: the port asks for nothing that only LDAP has."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from adapters.directory.port import Directory
from tests.adapters.contract_directory import *  # noqa: F403 - the tests of every directory
from tests.adapters.contract_directory import Fenced, Losing, Write
from tests.adapters.directory.http_server import TOKEN, Store, serving
from tests.adapters.directory.over_http import HttpDirectory
from tests.stack import TestStack

_STEPS = {
    Write.ADD: "POST entries",
    Write.COMPLETE: "PATCH",
    Write.SET_PASSWORD: "PUT",
}


def _fence() -> None:
    raise Fenced


@pytest.fixture
def store() -> Iterator[Store]:
    with serving() as made:
        yield made


@pytest.fixture
def opened(stack: TestStack) -> Iterator[Callable[..., Directory]]:
    """Give what makes directories."""
    with ExitStack() as opened:

        def make(
            url: str, token: str = TOKEN, fence: Callable[[], None] = lambda: None
        ) -> Directory:
            made = HttpDirectory(url, token, stack.settings.directory, fence)
            opened.enter_context(closing(made._client))
            return made

        yield make


@pytest.fixture
def may_reset() -> None:
    """Leave it: this directory has no such rights."""


@pytest.fixture
def directory(opened: Callable[..., Directory], store: Store) -> Directory:
    return opened(store.url)


@pytest.fixture
def away(opened: Callable[..., Directory]) -> Directory:
    return opened("http://127.0.0.1:9")


@pytest.fixture
def misconfigured(opened: Callable[..., Directory], store: Store) -> Directory:
    return opened(store.url, token="another")


@pytest.fixture
def fenced(opened: Callable[..., Directory], store: Store) -> Directory:
    return opened(store.url, fence=_fence)


@pytest.fixture
def losing(directory: Directory, store: Store) -> Losing:
    def make(step: Write) -> Directory:
        store.losing.append(_STEPS[step])
        return directory

    return make
