"""A PostgreSQL that is away is told apart from a mistake of ours."""

import ast
import asyncio
import re
import time
from pathlib import Path

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

import postgres
from adapters.registrar import view
from postgres import UNAVAILABLE, Pool, connect
from tests.ledger.trouble import AWAY, OURS
from tests.stack import TestStack

ROOT = Path(__file__).parents[2]


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


async def test_no_statement_is_compiled_before_it_runs(pool: Pool) -> None:
    costly = await pool.fetch(
        "EXPLAIN SELECT count(*) FROM generate_series(1, 9), activation one,"
        " activation other, consent third, message fourth"
    )
    assert not [row for (row,) in costly if "JIT" in row]


async def test_a_mistake_of_ours_is_not_called_absence(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError) as mistake:
        await pool.fetchval("SELECT 1 FROM nothing")
    assert not isinstance(mistake.value, UNAVAILABLE)


@pytest.mark.parametrize("code", [*AWAY, *OURS])
async def test_each_code_of_the_server_is_its_absence_or_ours_to_mend(
    pool: Pool, code: str
) -> None:
    with pytest.raises(asyncpg.PostgresError) as raised:
        await pool.execute(f"DO $$ BEGIN RAISE 'told' USING ERRCODE = '{code}'; END $$")
    assert isinstance(raised.value, UNAVAILABLE) is (code in AWAY)


async def test_after_a_read_only_answer_the_next_query_reaches_who_takes_writes(
    stack: TestStack, empty: str
) -> None:
    """Each pooled connection is as read-only as its server was when it was made."""
    name = empty.rpartition("/")[2]
    server = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "postgres"))
    demote = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    async with await connect(empty) as pool:
        await pool.execute("CREATE TABLE written (number int)")
        await pool.expire_connections()
        await server.execute(demote)
        assert await asyncio.gather(*(pool.fetchval("SELECT 1") for _ in range(4))) == [1] * 4
        await server.execute(demote.replace("SET", "RESET").partition(" =")[0])
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("INSERT INTO written VALUES ($1)", 1)
        write = [pool.execute("INSERT INTO written VALUES ($1)", number) for number in range(4)]
        assert await asyncio.gather(*write) == ["INSERT 0 1"] * 4
    await server.close()


async def test_a_table_that_changes_under_a_transaction_is_no_mistake(empty: str) -> None:
    async with await connect(empty) as pool:
        await pool.execute("CREATE TABLE changed (first int)")

        async def ask() -> None:
            async with pool.acquire() as connection, connection.transaction():
                await connection.fetch("SELECT * FROM changed")

        await ask()
        await pool.execute("ALTER TABLE changed ADD second int")
        with pytest.raises(asyncpg.InvalidCachedStatementError) as raised:
            await ask()
        assert isinstance(raised.value, UNAVAILABLE)
        await ask()


async def test_a_connection_returns_to_its_pool_without_a_statement(stack: TestStack) -> None:
    said: list[str] = []

    def note(query: LoggedQuery) -> None:
        said.append(query.query)

    async with await connect(stack.ledger_dsn) as pool:
        async with pool.acquire() as connection:
            connection.add_query_logger(note)
        for _ in range(2):
            assert await pool.fetchval("SELECT 1") == 1
        async with pool.acquire() as connection:
            await connection.execute("BEGIN")
        assert said == ["SELECT 1", "SELECT 1", "BEGIN", "ROLLBACK"]


STAYS = re.compile(
    r"\bpg_(try_)?advisory_lock\b|\bLISTEN\b|\bWITH HOLD\b|\bCREATE (TEMP|LOCAL)|\bDISCARD\b"
    r"|^\s*SET (?!LOCAL)|set_config\([^)]*false\)|\bPREPARE\b",
    re.MULTILINE,
)
"""What outlives its transaction, and would reach whoever has the connection next."""
SET_UP = {
    ("adapters/registrar/view.py", view._PLANNER),
    ("postgres.py", postgres._NO_COMPILATION),
}
"""What each new session begins with, for all who will have it."""


def test_no_statement_leaves_anything_in_its_session() -> None:
    rooms = ("ledger", "adapters", "activities", "recognition", "starter", "support", "web")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    found = {
        (str(file.relative_to(ROOT)), node.value)
        for file in (*files, ROOT / "postgres.py", ROOT / "worker.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if STAYS.search(node.value)
    }
    assert found == SET_UP
