"""The ledger, and a desk that asks Temporal nothing."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
from temporalio.client import Client

from ledger.pool import Pool, connect
from starter.support.desk import Desk
from tests import desk as desks
from tests.stack import TestStack


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await connect(stack.ledger_dsn) as ledger:
        yield ledger


@pytest.fixture
def desk(stack: TestStack, pool: Pool) -> Desk:
    return desks.desk(cast("Client", None), pool, keys=stack.keys, settings=stack.settings)
