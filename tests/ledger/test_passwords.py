"""Sealed passwords live their time and no longer."""

import asyncio
from datetime import timedelta

from domain.contracts.vocabulary import Language, Step
from ledger import activations, passwords
from postgres import Pool
from security.sealing import SealedPassword
from tests.stack import TestStack

HOUR = timedelta(hours=1)
BOX = SealedPassword("2026-11", b"box")


async def test_a_box_is_given_back_until_it_is_deleted(pool: Pool, reference: str) -> None:
    await passwords.put(pool, reference=reference, sealed_id="1", sealed=BOX, ttl=HOUR)
    assert await passwords.get(pool, reference=reference, sealed_id="1") == BOX
    assert await passwords.get(pool, reference=reference, sealed_id="2") is None
    assert await passwords.get(pool, reference="A-OTHER", sealed_id="1") is None
    await activations.close(pool, reference=reference, end=Step.CANCELLED)
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None


async def test_the_same_id_twice_keeps_the_first(pool: Pool, reference: str) -> None:
    other = SealedPassword("2026-12", b"other")
    for box in (BOX, other):
        await passwords.put(pool, reference=reference, sealed_id="1", sealed=box, ttl=HOUR)
    assert await passwords.get(pool, reference=reference, sealed_id="1") == BOX


async def test_an_expired_box_is_not_given_and_the_next_one_clears_it_away(
    pool: Pool, reference: str
) -> None:
    await passwords.put(pool, reference=reference, sealed_id="1", sealed=BOX, ttl=-HOUR)
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None
    await passwords.put(pool, reference=reference, sealed_id="2", sealed=BOX, ttl=HOUR)
    kept = await pool.fetch("SELECT sealed_id FROM sealed_password WHERE reference = $1", reference)
    assert [row["sealed_id"] for row in kept] == ["2"]


async def test_an_activation_that_has_ended_keeps_no_box(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await begun(pool, stack, reference)
    await activations.close(pool, reference=reference, end=Step.CANCELLED)
    await passwords.put(pool, reference=reference, sealed_id="1", sealed=BOX, ttl=HOUR)
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None


async def test_an_end_in_the_same_moment_leaves_no_box(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await begun(pool, stack, reference)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE activation SET ended_at = now() WHERE reference = $1", reference
        )
        sealing = asyncio.create_task(
            passwords.put(pool, reference=reference, sealed_id="1", sealed=BOX, ttl=HOUR)
        )
        _, waiting = await asyncio.wait({sealing}, timeout=0.3)
        assert waiting
    await sealing
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None


async def test_a_box_that_is_sealed_while_the_activation_ends_is_deleted(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    await begun(pool, stack, reference)
    async with pool.acquire() as connection, connection.transaction():
        await passwords.put(connection, reference=reference, sealed_id="1", sealed=BOX, ttl=HOUR)
        ending = asyncio.create_task(
            activations.close(pool, reference=reference, end=Step.CANCELLED)
        )
        _, waiting = await asyncio.wait({ending}, timeout=0.3)
        assert waiting
    await ending
    assert await passwords.get(pool, reference=reference, sealed_id="1") is None


async def begun(pool: Pool, stack: TestStack, reference: str) -> None:
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile=None, email="a@b.gr"
    )


async def test_an_expired_box_of_the_same_id_is_replaced(pool: Pool, reference: str) -> None:
    later = SealedPassword("2026-12", b"later")
    await passwords.put(pool, reference=reference, sealed_id="1", sealed=BOX, ttl=-HOUR)
    await passwords.put(pool, reference=reference, sealed_id="1", sealed=later, ttl=HOUR)
    assert await passwords.get(pool, reference=reference, sealed_id="1") == later
