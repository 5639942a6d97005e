"""What the tests of this room share: a real Temporal, a ledger pool, activations to look at."""

from collections.abc import AsyncIterator

import pytest

from postgres import Pool, connect
from tests.server import client, reference, world
from tests.stack import TestStack

__all__ = ["client", "reference", "world"]


@pytest.fixture(scope="session")
async def pools() -> AsyncIterator[list[Pool]]:
    made: list[Pool] = []
    yield made
    for pool in made:
        await pool.close()


@pytest.fixture
async def pool(stack: TestStack, pools: list[Pool]) -> Pool:
    """Give every test the same pool; after one that closed it, as if the ledger were away, anew."""
    if not pools or pools[-1].is_closing():
        pools.append(await connect(stack.ledger_dsn))
    return pools[-1]
