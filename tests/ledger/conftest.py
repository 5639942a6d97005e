"""The ledger's tests share a pool on the real PostgreSQL; each draws keys of its own."""

import secrets
from collections.abc import AsyncIterator

import pytest

from ledger.pool import Pool, connect
from tests.stack import TestStack


@pytest.fixture(scope="session")
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    ledger = await connect(stack.ledger_dsn)
    yield ledger
    await ledger.close()


@pytest.fixture
def reference() -> str:
    return f"A-{secrets.token_hex(4)}"
