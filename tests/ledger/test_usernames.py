"""A username belongs to one person for ever, whatever its case and whoever else asks at once."""

import asyncio
import secrets

from ledger import usernames
from postgres import Pool
from tests.stack import TestStack


async def test_of_racers_for_one_name_each_gets_one_of_their_own(
    pool: Pool, stack: TestStack
) -> None:
    for _ in range(20):
        stem = secrets.token_hex(4)
        candidates = [stem, f"{stem.upper()}2", *(f"{stem}{number}" for number in range(3, 9))]
        given = await asyncio.gather(
            *(
                usernames.reserve(
                    pool, stack.keys, person_key=f"{stem}:{person}", candidates=candidates
                )
                for person in range(8)
            )
        )
        assert sorted(str(name) for name in given) == sorted(name.lower() for name in candidates)


async def test_case_makes_no_new_name_and_a_person_keeps_the_one_they_have(
    pool: Pool, stack: TestStack
) -> None:
    name = secrets.token_hex(4) + "x"
    assert (
        await usernames.reserve(pool, stack.keys, person_key=f"{name}:1", candidates=[name]) == name
    )
    assert (
        await usernames.reserve(pool, stack.keys, person_key=f"{name}:2", candidates=[name.upper()])
        is None
    )
    assert (
        await usernames.reserve(pool, stack.keys, person_key=f"{name}:1", candidates=[name.upper()])
        == name
    )
    assert await usernames.held_by(pool, f"{name}:1") == name
    assert await usernames.held_by(pool, f"{name}:2") is None


async def test_a_name_stays_whose_it_is_when_the_rows_are_grouped_otherwise(
    pool: Pool, stack: TestStack
) -> None:
    name = secrets.token_hex(8)
    older, newer, stranger = (f"{name}:{n}" for n in range(3))

    async def reserved(person: str, other: str) -> str | None:
        return await usernames.reserve(
            pool, stack.keys, person_key=person, candidates=[name], other_keys=[other]
        )

    assert await reserved(newer, older) == name
    assert await reserved(older, newer) == name
    assert await usernames.held_by(pool, older, newer) == name
    assert await usernames.held_by(pool, older) is None
    assert await reserved(stranger, older) is None
