"""A budget of n is taken n times, however many take at once."""

import asyncio
from datetime import UTC, datetime, timedelta

from ledger import budgets
from ledger.pool import Pool

DAY = timedelta(days=1)


async def test_racers_take_exactly_the_limit_and_the_others_learn_when_it_opens(
    pool: Pool, reference: str
) -> None:
    asked = await asyncio.gather(
        *(budgets.take(pool, reference, limit=7, window=DAY) for _ in range(30))
    )
    refused = [opens for opens in asked if opens is not None]
    assert len(asked) - len(refused) == 7
    now = datetime.now(UTC)
    assert all(now < opens <= now + DAY for opens in refused)


async def test_buckets_do_not_share_and_a_new_window_begins_anew(
    pool: Pool, reference: str
) -> None:
    assert await budgets.take(pool, reference, limit=1, window=DAY) is None
    assert await budgets.take(pool, reference, limit=1, window=DAY) is not None
    assert await budgets.take(pool, f"{reference}:other", limit=1, window=DAY) is None
    await pool.execute(
        "UPDATE budget SET window_start = window_start - interval '1 day' WHERE bucket = $1",
        reference,
    )
    assert await budgets.take(pool, reference, limit=1, window=DAY) is None
