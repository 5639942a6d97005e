"""A ledger that refuses is not taken for one that is away, and the log says which statement."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

import postgres
from activities.watch import Watch
from ledger.migrate import migrate
from postgres import Pool
from security import redaction
from security.purposes import User
from settings import Settings
from starter.client import health
from starter.portal.attack_mode import AttackMode
from starter.portal.pause import Pauses
from support.verbs import metrics
from tests.ledger.conftest import database
from tests.stack import TestStack

Read = Callable[[Pool, Settings], Awaitable[object]]
READS: dict[str, Read] = {
    "pause": lambda pool, _: Pauses(pool, fresh=0).current(),
    "attack mode": lambda pool, settings: AttackMode(pool, settings.limits).active(),
    "watch": lambda pool, _: Watch(pool).flush(),
    "metrics": metrics._of_ledger,
}


@pytest.fixture
async def bare(stack: TestStack) -> AsyncIterator[Pool]:
    """Connect as a role that has no right in this ledger."""
    async with database(stack) as dsn:
        await migrate(dsn)
        name = dsn.rpartition("/")[2]
        own = stack.ledger_dsn_of(User.PORTAL).rpartition("/")[0]
        async with await postgres.connect(f"{own}/{name}") as pool:
            yield pool


@pytest.mark.parametrize("name", READS)
async def test_a_missing_right_is_told_apart_from_an_outage(
    stack: TestStack, bare: Pool, name: str
) -> None:
    with capture_logs() as logs:
        await READS[name](bare, stack.settings)
    (line,) = logs
    assert line["event"] == "the ledger refuses a statement"
    assert (line["log_level"], line["failure"]) == ("error", "InsufficientPrivilegeError")
    assert "FROM" in redaction.redact(None, "", dict(line))["statement"]
    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        with capture_logs() as logs:
            await READS[name](away, stack.settings)
    assert logs == []


async def test_the_metrics_say_that_the_ledger_refuses(stack: TestStack, bare: Pool) -> None:
    refused = await metrics._of_ledger(bare, stack.settings)
    assert refused == {"activation_ledger_refuses": {(): True}}


async def test_a_probe_says_that_the_ledger_refuses(stack: TestStack, bare: Pool) -> None:
    with capture_logs() as logs:
        assert await health.ledger_fits(bare, stack.keys) == {}
    assert [line["event"] for line in logs] == ["the ledger refuses a statement"]
