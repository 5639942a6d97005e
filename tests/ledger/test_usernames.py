"""A username belongs to one person for ever, whatever its case and whoever else asks at once."""

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any

from ledger import imports, usernames
from ledger.imports import Owned
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


async def forms(pool: Pool, stack: TestStack, name: str) -> dict[str, str]:
    """Return by "clear" or "kept" who has the name in this form."""
    kept = usernames.kept(stack.keys, name)
    rows = await pool.fetch(
        "SELECT name, person_key FROM username WHERE name IN ($1, $2)", name, kept
    )
    return {"kept" if row["name"] == kept else "clear": row["person_key"] for row in rows}


async def during_a_concealment(
    pool: Pool, stack: TestStack, owner: str, act: Coroutine[Any, Any, Any]
) -> Any:
    """Let this happen while the owner's names are being concealed, and wait for it."""
    async with pool.acquire() as connection:
        async with connection.transaction():
            assert await usernames.conceal(connection, stack.keys, [owner]) == 1
            acting = asyncio.ensure_future(act)
            await blocked(pool)
        return await acting


async def blocked(pool: Pool) -> None:
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    async with asyncio.timeout(20):
        while not await pool.fetchval(waits):  # noqa: ASYNC110 - the server says it
            await asyncio.sleep(0.01)


async def test_a_name_is_in_one_form_however_a_reservation_meets_a_concealment(
    pool: Pool, stack: TestStack
) -> None:
    name = secrets.token_hex(8)
    owner, other = f"{name}:1", f"{name}:2"

    def reserve(person: str) -> Coroutine[Any, Any, str | None]:
        return usernames.reserve(pool, stack.keys, person_key=person, candidates=[name])

    assert await reserve(owner) == name
    assert await during_a_concealment(pool, stack, owner, reserve(other)) is None
    assert await forms(pool, stack, name) == {"kept": owner}
    assert await reserve(owner) == name
    assert await during_a_concealment(pool, stack, owner, reserve(owner)) == name
    assert await forms(pool, stack, name) == {"clear": owner}
    async with pool.acquire() as connection:
        assert await usernames.conceal(connection, stack.keys, [owner]) == 1
        assert await usernames.conceal(connection, stack.keys, [owner]) == 0


async def test_a_name_is_in_one_form_however_an_import_meets_a_concealment(
    pool: Pool, stack: TestStack
) -> None:
    name = secrets.token_hex(8)
    owner, other = f"{name}:1", f"{name}:2"

    def found(person: str) -> Coroutine[Any, Any, tuple[int, dict[str, str]]]:
        return imports.reserve_all(pool, stack.keys, [Owned(name, [person], ["facts"])])

    assert await found(owner) == (1, {name: owner})
    assert await during_a_concealment(pool, stack, owner, found(other)) == (0, {name: owner})
    assert await forms(pool, stack, name) == {"kept": owner}
    assert not await imports.accounts(pool, [other])
    await found(owner)
    assert await during_a_concealment(pool, stack, owner, found(owner)) == (1, {name: owner})
    assert await forms(pool, stack, name) == {"clear": owner}


async def test_a_name_that_was_concealed_comes_back_with_its_entry(
    pool: Pool, stack: TestStack
) -> None:
    name = secrets.token_hex(8)
    owner, other = f"{name}:1", f"{name}:2"
    await usernames.reserve(pool, stack.keys, person_key=owner, candidates=[name])
    async with pool.acquire() as connection:
        await usernames.conceal(connection, stack.keys, [owner])
    for person in (other, owner):
        await usernames.note_empty_entry(
            pool, stack.keys, person_keys=[person], name=name.upper(), reference="A-7K3F-92QD"
        )
        noted = await usernames.has_empty_entry(pool, name=name, reference="A-7K3F-92QD")
        assert noted is (person == owner)
        form = "clear" if noted else "kept"
        assert await forms(pool, stack, name) == {form: owner}
