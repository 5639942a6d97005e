"""A contact gets so many PIN messages an hour and a day, counted over all activations."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts.requests import Delivery, Destination, ReserveSend
from domain.contracts.vocabulary import Channel
from ledger import messages
from ledger.pool import Pool
from tests.stack import TestStack

HOUR = timedelta(hours=1)


@pytest.fixture
def to() -> Destination:
    return Destination(channel=Channel.EMAIL, to=f"{secrets.token_hex(6)}@mail.example")


def wish(reference: str, send_no: int, to: Destination) -> ReserveSend:
    return ReserveSend(reference=reference, send_no=send_no, person_key=reference, destination=to)


async def reserve(pool: Pool, stack: TestStack, request: ReserveSend) -> datetime | None:
    return await messages.reserve(pool, stack.keys, request, per_hour=3, per_day=6)


async def test_racing_activations_share_the_budget_of_their_contact(
    pool: Pool, stack: TestStack, to: Destination
) -> None:
    wishes = [wish(f"A-{secrets.token_hex(4)}", 1, to) for _ in range(10)]
    asked = await asyncio.gather(*(reserve(pool, stack, one) for one in wishes))
    refused = [not_before for not_before in asked if not_before is not None]
    assert len(refused) == 7
    assert all(timedelta() < at - datetime.now(UTC) <= HOUR for at in refused)


async def test_the_same_message_is_reserved_once_also_when_the_budget_is_spent(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for send_no in (1, 2, 3, 3, 2, 1):
        assert await reserve(pool, stack, wish(reference, send_no, to)) is None
    assert await reserve(pool, stack, wish(reference, 4, to)) is not None


async def test_after_an_hour_three_more_may_go_but_six_a_day_are_the_most(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for send_no in range(1, 7):
        assert await reserve(pool, stack, wish(reference, send_no, to)) is None
        if send_no == 3:
            await pool.execute(
                "UPDATE message SET reserved_at = reserved_at - interval '61 minutes'"
                " WHERE reference = $1",
                reference,
            )
    await pool.execute(
        "UPDATE message SET reserved_at = reserved_at - interval '61 minutes' WHERE reference = $1",
        reference,
    )
    opens = await reserve(pool, stack, wish(reference, 7, to))
    assert opens is not None
    assert opens - datetime.now(UTC) > 20 * HOUR


async def test_notices_use_up_no_budget(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    for number in range(1, 5):
        await messages.record(
            pool,
            stack.keys,
            key=messages.notice_key(reference, number),
            reference=reference,
            destination=to,
            outcome=Delivery.SENT,
        )
    assert await reserve(pool, stack, wish(reference, 1, to)) is None


async def test_the_first_outcome_stands(
    pool: Pool, stack: TestStack, to: Destination, reference: str
) -> None:
    await reserve(pool, stack, wish(reference, 1, to))
    key = messages.pin_key(reference, 1)
    assert await messages.sent(pool, key) is None
    for outcome in (Delivery.SENT, Delivery.UNDELIVERABLE):
        await messages.record(
            pool, stack.keys, key=key, reference=reference, destination=to, outcome=outcome
        )
    assert await messages.sent(pool, key) is Delivery.SENT
    whole = await pool.fetchval("SELECT m::text FROM message m WHERE key = $1", key)
    assert to.to not in whole
