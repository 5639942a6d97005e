"""A limit of n is taken n times in any window, however many take at once."""

import asyncio
import secrets
from datetime import timedelta

from ledger import budgets, clock
from ledger.budgets import Bound, Taken
from postgres import Pool

DAY = timedelta(days=1)


async def test_racers_take_exactly_the_limit_and_the_others_learn_when_it_opens(
    pool: Pool, reference: str
) -> None:
    bound = Bound(reference, 7, DAY)
    asked = await asyncio.gather(*(budgets.take(pool, [bound]) for _ in range(30)))
    refused = [opens for told in asked if (opens := budgets.latest(told))]
    assert len(asked) - len(refused) == 7
    now = await clock.now(pool)
    assert all(now + DAY < opens <= now + DAY * 61 / 60 for opens in refused)
    assert await budgets.used(pool, reference) == 7


async def test_buckets_do_not_share(pool: Pool, reference: str) -> None:
    one, other = Bound(reference, 1, DAY), Bound(f"{reference}:other", 1, DAY)
    assert await budgets.take(pool, [one]) == {one.bucket: Taken(0)}
    assert budgets.latest(await budgets.take(pool, [one]))
    assert await budgets.take(pool, [other]) == {other.bucket: Taken(0)}
    assert [await budgets.used(pool, each) for each in (reference, "none")] == [1, 0]


async def test_a_limit_of_none_is_never_open(pool: Pool, reference: str) -> None:
    assert budgets.latest(await budgets.take(pool, [Bound(reference, 0, DAY)]))


async def test_windows_that_are_over_are_cleared_away_and_never_waited_for(
    pool: Pool, reference: str
) -> None:
    held, over, open_ = (f"{reference}:{number}" for number in range(3))
    for bucket in (held, over, open_):
        await budgets.take(pool, [Bound(bucket, 9, DAY)])
    await pool.execute("UPDATE budget SET ends_at = now() WHERE bucket = ANY($1)", [held, over])

    async def left() -> list[str]:
        rows = await pool.fetch(
            "SELECT bucket FROM budget WHERE bucket LIKE $1 ORDER BY bucket", f"{reference}:%"
        )
        return [row["bucket"] for row in rows]

    async with pool.acquire() as rival, rival.transaction():
        await rival.execute("SELECT FROM budget WHERE bucket = $1 FOR UPDATE", held)
        await budgets.take(pool, [Bound(open_, 9, DAY)])
        assert await left() == [held, open_]
    await budgets.take(pool, [Bound(open_, 9, DAY)])
    assert await left() == [open_]


async def passes(pool: Pool, reference: str, hours: float) -> None:
    """Let so many hours pass for what this test has used."""
    await pool.execute(
        "UPDATE budget SET window_start = window_start - $2::interval, ends_at = ends_at - $2"
        " WHERE strpos(bucket, $1) > 0",
        reference,
        timedelta(hours=hours),
    )


async def shared_rows_pass(pool: Pool, reference: str, hours: float) -> None:
    """Let hours pass by way of a far past: on their way rows must not meet each other."""
    for each in (10**5, hours - 10**5):
        await passes(pool, reference, each)


async def test_no_24_hours_have_more_than_the_limit(pool: Pool, reference: str) -> None:
    one, other = f"{reference}:1", f"{reference}:2"

    async def take(number: int, *, both: bool = True) -> dict[str, Taken]:
        bounds = [Bound(one, 2, DAY), Bound(other, 9, DAY)][: 2 if both else 1]
        return await budgets.take(pool, bounds, f"{reference}-{number}")

    assert await take(1) == {one: Taken(1), other: Taken(8)}
    assert await take(1) == {one: Taken(1), other: Taken(8)}
    await passes(pool, reference, 20)
    assert await take(2) == {one: Taken(0), other: Taken(7)}
    for number in (3, 4):
        spent = await take(number)
        opens = spent[one].opens
        assert opens is not None
        assert timedelta(hours=3.9) < opens - await clock.now(pool) <= timedelta(hours=4)
    assert spent[other] == Taken(7)  # What is refused uses nothing.
    await passes(pool, reference, 5)
    assert await take(5, both=False) == {one: Taken(0)}
    assert (await take(6, both=False))[one].opens
    await passes(pool, reference, 20)
    assert await take(7, both=False) == {one: Taken(0)}


async def test_uses_without_a_name_share_rows_and_no_window_has_more_than_the_limit(
    pool: Pool, reference: str
) -> None:
    bound, admitted = Bound(reference, 100, DAY), list[float]()
    for part in range(150):
        for _ in range(4):
            taken = await budgets.take(pool, [bound])
            admitted += [part * 0.4] * (budgets.latest(taken) is None)
        await shared_rows_pass(pool, reference, 0.4)  # The sixtieth of a day that shares a row.
    most = max(sum(start <= at < start + 24 for at in admitted) for start in admitted)
    assert most == 100
    assert len(admitted) > 200
    assert await pool.fetchval("SELECT count(*) FROM budget WHERE bucket = $1", reference) <= 61


async def test_racers_for_several_windows_take_exactly_the_least_limit(
    pool: Pool, reference: str
) -> None:
    bounds = [Bound(f"{reference}:1", 9, DAY), Bound(f"{reference}:2", 4, DAY)]
    asked = await asyncio.gather(
        *(
            budgets.take(pool, bounds[:: 1 if number % 2 else -1], secrets.token_hex(8))
            for number in range(20)
        )
    )
    assert sum(budgets.latest(told) is None for told in asked) == 4
