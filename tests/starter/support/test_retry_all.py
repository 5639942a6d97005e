"""Waking many: one that cannot be reached keeps nobody else asleep."""

import pytest
from temporalio.client import Client

from domain.contracts.vocabulary import WaitReason
from ledger.pool import connect
from starter.connect import TemporalUnavailable
from starter.support import cases
from starter.support.actions import retry_all
from starter.support.cases import UnknownReference
from tests.desk import desk
from tests.stack import TestStack


async def test_one_that_temporal_did_not_take_keeps_nobody_else_asleep(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal as one process sees it while it comes back: the first call finds it away."""
    asked: list[str] = []

    async def standing(_: Client, reference: str) -> None:
        asked.append(reference)
        if len(asked) == 1:
            raise TemporalUnavailable("away")
        raise UnknownReference(reference)  # The others are gone meanwhile.

    async def waiting(*_: object) -> list[str]:
        return list("ABCDE")

    monkeypatch.setattr(cases, "standing", standing)
    monkeypatch.setattr(cases, "waiting_for", waiting)
    async with await connect(stack.ledger_dsn) as pool:
        woken = await retry_all(
            desk(client, pool), WaitReason.DIRECTORY_DOWN, reason="mended", over=0
        )
    assert (woken, sorted(asked)) == (0, list("ABCDE"))
