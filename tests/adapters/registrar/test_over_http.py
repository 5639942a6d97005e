"""A registrar by HTTP is one as well: the port asks for nothing that only a database has."""

from collections.abc import AsyncIterator

import pytest

from adapters.registrar.port import Registrar
from tests.adapters.contract_registrar import *  # noqa: F403 - the tests of every registrar
from tests.adapters.contract_registrar import ROWS
from tests.adapters.registrar.over_http import HttpRegistrar, serving


@pytest.fixture(scope="module")
async def registrar() -> AsyncIterator[Registrar]:
    with serving(ROWS) as url:
        made = HttpRegistrar(url, "GR")
        yield made
        await made.close()


@pytest.fixture
async def away() -> AsyncIterator[Registrar]:
    with serving([]) as url:
        made = HttpRegistrar(url, "GR")
    yield made
    await made.close()
