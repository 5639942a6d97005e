"""The ledger, and a desk that asks Temporal nothing."""

from typing import cast

import pytest
from temporalio.client import Client

from postgres import Pool
from support.verbs.staff import StaffContext
from tests import desk as desks
from tests.stack import TestStack


@pytest.fixture
def desk(stack: TestStack, pool: Pool) -> StaffContext:
    return desks.desk(cast("Client", None), pool, keys=stack.keys, settings=stack.settings)
