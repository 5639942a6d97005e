"""A PostgreSQL that is away is told apart from a mistake of ours."""

import asyncio
import time

import asyncpg
import pytest

from ledger.pool import UNAVAILABLE, Pool, connect
from tests.stack import TestStack


async def test_a_stopped_server_is_away_at_once_and_the_same_pool_finds_it_again(
    stack: TestStack,
) -> None:
    pool = await connect(stack.ledger_dsn)
    assert await pool.fetchval("SELECT 1") == 1
    sleeper = asyncio.create_task(pool.fetchval("SELECT pg_sleep(2)"))
    await asyncio.sleep(0.2)
    stack.stop("postgres")
    try:
        with pytest.raises(UNAVAILABLE):
            await sleeper
        for _ in range(2):
            before = time.monotonic()
            with pytest.raises(UNAVAILABLE):
                await pool.fetchval("SELECT 1")
            assert time.monotonic() - before < 3
        # A pool can be made all the same.
        other = await connect(stack.ledger_dsn)
        with pytest.raises(UNAVAILABLE):
            await other.fetchval("SELECT 1")
        await other.close()
    finally:
        stack.start("postgres")
    assert await pool.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_slow_answer_is_one_that_did_not_come(stack: TestStack) -> None:
    pool = await connect(stack.ledger_dsn, seconds=0.2)
    with pytest.raises(UNAVAILABLE):
        await pool.fetchval("SELECT pg_sleep(2)")
    await pool.close()


async def test_a_mistake_of_ours_is_not_called_absence(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError) as mistake:
        await pool.fetchval("SELECT 1 FROM nothing")
    assert not isinstance(mistake.value, UNAVAILABLE)


AWAY = (
    *("08000", "08006", "25006", "25P03", "40001", "40P01", "53100", "53300", "55P03"),
    *("57014", "57P01", "57P03", "58000", "58030", "XX000", "XX001"),
)
OURS = ("22P02", "23505", "28P01", "3D000", "42501", "42P01")


@pytest.mark.parametrize("code", [*AWAY, *OURS])
async def test_each_code_of_the_server_is_its_absence_or_ours_to_mend(
    pool: Pool, code: str
) -> None:
    with pytest.raises(asyncpg.PostgresError) as raised:
        await pool.execute(f"DO $$ BEGIN RAISE 'told' USING ERRCODE = '{code}'; END $$")
    assert isinstance(raised.value, UNAVAILABLE) is (code in AWAY)
