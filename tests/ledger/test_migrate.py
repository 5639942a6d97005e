"""Migrations may run at any time, again, and by many at once."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ledger.migrate import _FOLDER, migrate
from tests.stack import TestStack

NAMES = sorted(path.stem for path in _FOLDER.glob("*.sql"))


@pytest.fixture
async def empty(stack: TestStack) -> AsyncIterator[str]:
    """Make a database of its own, and take it away again."""
    name = f"migrate_{secrets.token_hex(4)}"
    server = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "postgres"))
    await server.execute(f"CREATE DATABASE {name} OWNER activation_ledger")
    yield stack._stack.postgres.dsn("activation_ledger", name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def test_the_second_time_nothing_is_left_to_do(empty: str) -> None:
    assert await migrate(empty) == NAMES
    assert await migrate(empty) == []


async def test_of_many_at_once_one_applies_and_none_fails(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(6)))
    assert sorted(applied) == [[]] * 5 + [NAMES]
