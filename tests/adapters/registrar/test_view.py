"""The view in PostgreSQL is a registrar."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr

from adapters.registrar.port import Registrar
from adapters.registrar.wiring import registrar_of
from postgres import SharedSessions
from tests.adapters.contract_registrar import *  # noqa: F403 - the tests of every registrar
from tests.adapters.contract_registrar import ROWS, SYSTEM
from tests.ledger.transaction_pooler import pooling
from tests.stack import TestStack


@pytest.fixture(scope="module")
async def registrar(stack: TestStack) -> AsyncIterator[Registrar]:
    connection = await asyncpg.connect(stack.registrar_dsn)
    for row in ROWS:
        names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
        insert = f"INSERT INTO v_vd_sis ({names}) VALUES ({places})"  # noqa: S608 - names of ours
        await connection.execute(insert, *row.values())
    async with registrar_of(stack.settings.registrar) as view:
        yield view
    await connection.execute("DELETE FROM v_vd_sis WHERE systemid = $1", SYSTEM)
    await connection.close()


@pytest.fixture
async def away(stack: TestStack) -> AsyncIterator[Registrar]:
    nowhere = {"dsn": SecretStr("postgresql://reader:secret@127.0.0.1:9/none")}
    async with registrar_of(stack.settings.registrar.model_copy(update=nowhere)) as view:
        yield view


async def test_a_pooler_that_shares_sessions_is_refused_by_the_name_of_the_setting(
    stack: TestStack,
) -> None:
    port = stack._stack.place.port("postgres")
    async with pooling(port) as pooler:
        direct = stack.settings.registrar.dsn.get_secret_value()
        through = f"{direct.replace(f':{port}/', f':{pooler}/')}?sslmode=disable"
        settings = stack.settings.registrar.model_copy(update={"dsn": SecretStr(through)})
        async with registrar_of(settings) as view:
            with pytest.raises(SharedSessions, match=r"^registrar\.dsn leads to a pooler"):
                await view.check_settings()
