"""The ledger's tests share a pool on the real PostgreSQL; each draws keys of its own."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from postgres import Pool, connect
from tests.stack import TestStack


@pytest.fixture(scope="session")
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    # What a busy machine takes for a statement is no matter of these tests.
    ledger = await connect(stack.ledger_dsn, seconds=30)
    yield ledger
    await ledger.close()


@pytest.fixture
def reference() -> str:
    return f"A-{secrets.token_hex(4)}"


@asynccontextmanager
async def database(stack: TestStack) -> AsyncIterator[str]:
    """Make a database of its own, and take it away again."""
    name = f"own_{secrets.token_hex(4)}"
    server = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "postgres"))
    await server.execute(f"CREATE DATABASE {name} OWNER activation_ledger")
    yield stack._stack.postgres.dsn("activation_ledger", name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def empty(stack: TestStack) -> AsyncIterator[str]:
    async with database(stack) as dsn:
        yield dsn
