"""The directory by LDAP does what every directory does; slapd is the real one."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.directory.port import Directory
from adapters.directory.wiring import directory_of
from tests.activities.conftest import RESET, ruled
from tests.adapters.between import ADD, MODIFY, SET_PASSWORD, Between, between
from tests.adapters.contract_directory import *  # noqa: F403 - the tests of every directory
from tests.adapters.contract_directory import Fenced, Losing, Write
from tests.stack import TestStack

_MOMENTS = {Write.ADD: ADD, Write.COMPLETE: MODIFY, Write.SET_PASSWORD: SET_PASSWORD}


def _fence() -> None:
    raise Fenced


@pytest.fixture
async def opened(stack: TestStack) -> AsyncIterator[Callable[..., Directory]]:
    """Give what makes directories; `changes` replace settings."""
    async with AsyncExitStack() as opened:

        def make(fence: Callable[[], None] = lambda: None, **changes: object) -> Directory:
            made = directory_of(stack.settings.directory.model_copy(update=changes), fence)
            opened.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture
def directory(opened: Callable[..., Directory]) -> Directory:
    return opened()


@pytest.fixture
def may_reset(stack: TestStack) -> Iterator[None]:
    """Let the service account set the password of an active account as well."""
    with ruled(stack, *RESET):
        yield


@pytest.fixture
def away(opened: Callable[..., Directory]) -> Directory:
    return opened(urls=["ldaps://127.0.0.1:9"])


@pytest.fixture
def misconfigured(opened: Callable[..., Directory], tmp_path: Path) -> Directory:
    file = tmp_path / "password"
    file.write_text("wrong-password-of-the-service")
    return opened(bind_password_file=file)


@pytest.fixture
def fenced(opened: Callable[..., Directory]) -> Directory:
    return opened(_fence)


@pytest.fixture
def middle(stack: TestStack) -> Iterator[Between]:
    with between(stack) as made:
        yield made


@pytest.fixture
async def losing(stack: TestStack, middle: Between) -> AsyncIterator[Losing]:
    async with AsyncExitStack() as opened:

        def make(step: Write) -> Directory:
            middle.lose_answer(_MOMENTS[step])
            settings = stack.settings.directory.model_copy(update={"urls": [middle.url]})
            made = directory_of(settings)
            opened.push_async_callback(made.close)
            return made

        yield make
