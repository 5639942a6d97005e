"""Waking many: one that cannot be reached keeps nobody else asleep."""

from typing import cast

from ledger.pool import connect
from starter.activations import Activations
from starter.connect import TemporalUnavailable
from starter.support.actions import retry_all
from tests.stack import TestStack


class Flaky:
    """Temporal as one process sees it while it comes back: the first call finds it away."""

    def __init__(self) -> None:
        self.asked = 0

    async def stands(self, reference: str) -> object:
        del reference
        self.asked += 1
        if self.asked == 1:
            raise TemporalUnavailable("away")
        return None  # It has ended meanwhile.


async def test_one_that_temporal_did_not_take_keeps_nobody_else_asleep(
    stack: TestStack,
) -> None:
    pool = await connect(stack.ledger_dsn)
    activations = Flaky()
    woken = await retry_all(
        cast("Activations", activations), pool, "ABCDE", actor="me", reason="x", over=0
    )
    await pool.close()
    assert (woken, activations.asked) == (0, 5)
