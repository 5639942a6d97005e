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
    assert [await budgets.used(pool, reference), await budgets.used(pool, "none")] == [2, 0]
    await pool.execute(
        "UPDATE budget SET window_start = window_start - interval '1 day' WHERE bucket = $1",
        reference,
    )
    assert await budgets.take(pool, reference, limit=1, window=DAY) is None
    assert await budgets.used(pool, reference) == 1


async def test_windows_that_are_over_are_cleared_away_and_never_waited_for(
    pool: Pool, reference: str
) -> None:
    held, over, open_ = (f"{reference}:{number}" for number in range(3))
    for bucket in (held, over, open_):
        await budgets.take(pool, bucket, limit=1, window=DAY)
    await pool.execute("UPDATE budget SET ends_at = now() WHERE bucket = ANY($1)", [held, over])

    async def left() -> list[str]:
        rows = await pool.fetch(
            "SELECT bucket FROM budget WHERE bucket LIKE $1 ORDER BY bucket", f"{reference}:%"
        )
        return [row["bucket"] for row in rows]

    async with pool.acquire() as rival, rival.transaction():
        await rival.execute("SELECT FROM budget WHERE bucket = $1 FOR UPDATE", held)
        await budgets.take(pool, open_, limit=1, window=DAY)
        assert await left() == [held, open_]
    await budgets.take(pool, open_, limit=1, window=DAY)
    assert await left() == [open_]


async def test_a_window_that_became_longer_opens_when_the_longer_one_does(
    pool: Pool, reference: str
) -> None:
    await budgets.take(pool, reference, limit=1, window=DAY)
    await pool.execute(
        "UPDATE budget SET ends_at = ends_at - interval '1 second' WHERE bucket = $1", reference
    )
    opens = await budgets.take(pool, reference, limit=1, window=DAY)
    assert opens is not None
    assert opens.timestamp() % DAY.total_seconds() == 0
