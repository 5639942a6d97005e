"""An answer counts once; so many are taken in an hour, so many in all, until staff allow more."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts.vocabulary import Language
from ledger import activations, posts
from ledger.posts import AN_HOUR, IN_ALL, PostsSpent
from postgres import Pool
from tests.stack import TestStack

HOUR = timedelta(hours=1)


@pytest.fixture
async def begun(pool: Pool, stack: TestStack, reference: str) -> str:
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile="+306912", email=None
    )
    return reference


async def _an_hour_later(pool: Pool, reference: str) -> None:
    await pool.execute(
        "UPDATE post SET at = at - $2::interval WHERE reference = $1", reference, HOUR
    )


async def test_racers_take_exactly_the_limit_of_the_hour_and_each_one_place(
    pool: Pool, begun: str
) -> None:
    names = [f"{number % 40}" for number in range(80)]
    asked = await asyncio.gather(*(posts.take(pool, begun, name) for name in names))
    taken = {name for name, refused in zip(names, asked, strict=True) if refused is None}
    assert len(taken) == AN_HOUR
    now = datetime.now(UTC)
    for refused in filter(None, asked):
        assert refused.opens is not None
        assert now < refused.opens <= now + HOUR
    assert await posts.take(pool, begun, min(taken)) is None


async def test_the_hour_passes_the_whole_does_not_and_staff_give_as_many_anew(
    pool: Pool, begun: str
) -> None:
    assert not await posts.renew(pool, begun)
    for number in range(IN_ALL):
        if number == AN_HOUR:
            assert await posts.take(pool, begun, "one more") is not None
            await _an_hour_later(pool, begun)
        assert await posts.take(pool, begun, f"{number}") is None
    await _an_hour_later(pool, begun)
    assert (
        await posts.take(pool, begun, "one more")
        == PostsSpent(None)
        == await posts.spent(pool, begun)
    )
    assert await posts.take(pool, begun, "0") is None

    assert await posts.renew(pool, begun)
    assert await posts.spent(pool, begun) is None
    assert await posts.take(pool, begun, "one more") is None
    assert not await posts.renew(pool, begun)
