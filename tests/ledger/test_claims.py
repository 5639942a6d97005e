"""However many ask at once for overlapping keys, one holds them, and nobody a part of them."""

import asyncio
import random
import secrets

import asyncpg
import pytest

from ledger import claims
from postgres import Pool

ROUNDS, RACERS = 40, 12


async def test_of_twelve_racers_on_overlapping_keys_one_holds_and_the_others_know_whom(
    pool: Pool,
) -> None:
    draw = random.Random(1)  # noqa: S311 - the rounds are the same each time
    for number in range(ROUNDS):
        keys = [f"race:{number}:{secrets.token_hex(4)}" for _ in range(4)]
        racers = [f"A-{number}-{racer}" for racer in range(RACERS)]
        # Each wants the first key and some of the others, in an order of its own.
        wants = [draw.sample([keys[0], *draw.sample(keys[1:], 2)], 3) for _ in racers]
        told = await asyncio.gather(
            *(
                claims.claim(pool, reference=racer, keys=wanted)
                for racer, wanted in zip(racers, wants, strict=True)
            )
        )
        known = [each.holders for each in told]
        holders = [racer for racer, held in zip(racers, known, strict=True) if held == {racer}]
        assert len(holders) == 1
        others = zip(racers, known, strict=True)
        assert all(held | {racer} == {racer, *holders} for racer, held in others)
        kept = await pool.fetch("SELECT key, reference FROM claim WHERE key = ANY($1)", keys)
        assert {row["reference"] for row in kept} == set(holders)
        assert {row["key"] for row in kept} == set(wants[racers.index(holders[0])])


async def test_a_foreign_holder_of_one_key_leaves_the_others_free(
    pool: Pool, reference: str
) -> None:
    held, free = f"{reference}:held", f"{reference}:free"
    await claims.claim(pool, reference="A-FIRST", keys=[held])
    assert "A-FIRST" in (await claims.claim(pool, reference=reference, keys=[free, held])).holders
    assert (await claims.claim(pool, reference="A-THIRD", keys=[free])).holders == {"A-THIRD"}


async def test_a_claim_may_be_repeated_and_ends_with_its_release(
    pool: Pool, reference: str
) -> None:
    keys = [f"{reference}:1", f"{reference}:2"]
    for _ in range(2):
        assert (await claims.claim(pool, reference=reference, keys=keys)).holders == {reference}
    await claims.release(pool, reference)
    assert (await claims.claim(pool, reference="A-NEXT", keys=keys)).holders == {"A-NEXT"}


async def test_a_claim_that_fails_leaves_nothing_held(pool: Pool, reference: str) -> None:
    with pytest.raises(asyncpg.DataError):
        await claims.claim(pool, reference=reference, keys=[f"{reference}:a", "\0"])
    keys = [f"{reference}:a", f"{reference}:b"]
    async with pool.acquire() as rival, rival.transaction():
        await rival.execute("INSERT INTO claim VALUES ($1, 'rival')", keys[1])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(claims.claim(pool, reference=reference, keys=keys), 0.3)
    assert not await pool.fetchval("SELECT count(*) FROM claim WHERE reference = $1", reference)
    other = f"{reference}-other"
    assert (await claims.claim(pool, reference=other, keys=keys[:1])).holders == {other}
