"""A budget of n is taken n times, however many take at once."""

import asyncio
from datetime import UTC, datetime, timedelta

from ledger import budgets, clock
from ledger.budgets import Taken
from postgres import Pool

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


async def passes(pool: Pool, reference: str, hours: int) -> None:
    """Let so many hours pass for what this test has used."""
    await pool.execute(
        "UPDATE budget SET window_start = window_start - $2::interval, ends_at = ends_at - $2"
        " WHERE strpos(bucket, $1) > 0",
        reference,
        timedelta(hours=hours),
    )


async def test_of_a_sliding_window_no_24_hours_have_more_than_the_limit(
    pool: Pool, reference: str
) -> None:
    one, other = f"{reference}:1", f"{reference}:2"

    async def take(number: int, **limits: int) -> dict[str, budgets.Taken]:
        named = {f"{reference}:{name[1:]}": limit for name, limit in limits.items()}
        return await budgets.take_of_last(pool, f"{reference}-{number}", named, window=DAY)

    assert await take(1, _1=2, _2=9) == {one: Taken(1), other: Taken(8)}
    assert await take(1, _1=2, _2=9) == {one: Taken(1), other: Taken(8)}
    await passes(pool, reference, 20)
    assert await take(2, _1=2, _2=9) == {one: Taken(0), other: Taken(7)}
    for number in (3, 4):
        spent = await take(number, _1=2, _2=9)
        opens = spent[one].opens
        assert opens is not None
        assert timedelta(hours=3.9) < opens - await clock.now(pool) <= timedelta(hours=4)
    assert spent[other] == Taken(7)  # What is refused uses nothing.
    await passes(pool, reference, 5)
    assert await take(5, _1=2) == {one: Taken(0)}
    assert (await take(6, _1=2))[one].opens
    await passes(pool, reference, 20)
    assert await take(7, _1=2) == {one: Taken(0)}


async def test_racers_for_several_sliding_windows_take_exactly_the_least_limit(
    pool: Pool, reference: str
) -> None:
    asked = await asyncio.gather(
        *(
            budgets.take_of_last(
                pool,
                f"{reference}-{number}",
                {f"{reference}:{each}": limit for each, limit in limits},
                window=DAY,
            )
            for number in range(20)
            for limits in [[(1, 9), (2, 4)][:: 1 if number % 2 else -1]]
        )
    )
    assert sum(not any(each.opens for each in told.values()) for told in asked) == 4
