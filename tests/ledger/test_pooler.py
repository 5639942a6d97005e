"""A pooler that shares sessions is refused in words; what is only away is refused nowhere."""

import asyncio

import pytest

from ledger.migrate import migrate
from postgres import Pool, SharedSessions, connect
from postgres import refuse_shared_sessions as refuse
from tests.ledger.transaction_pooler import pooling
from tests.stack import TestStack


async def test_a_direct_way_has_sessions_of_its_own(pool: Pool) -> None:
    await refuse(pool, "ledger_dsn")


async def test_a_pooler_in_transaction_mode_is_refused_by_the_name_of_the_setting(
    stack: TestStack, empty: str
) -> None:
    port = stack._stack.place.port("postgres")
    async with pooling(port) as pooler:
        through = f"{empty.replace(f':{port}/', f':{pooler}/')}?sslmode=disable"
        async with await connect(through) as pool:
            with pytest.raises(
                SharedSessions, match=r"^ledger_dsn leads to a pooler in transaction"
            ):
                await refuse(pool, "ledger_dsn")
        assert await migrate(through)  # One transaction has its session to itself.


async def test_what_is_away_is_not_refused() -> None:
    async with asyncio.timeout(5), await connect("postgresql://u@127.0.0.1:1/x") as pool:
        await refuse(pool, "ledger_dsn")
