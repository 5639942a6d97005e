"""Migrations may run at any time, again, and by many at once."""

import asyncio

from ledger.migrate import _FOLDER, migrate

NAMES = sorted(path.stem for path in _FOLDER.glob("*.sql"))


async def test_the_second_time_nothing_is_left_to_do(empty: str) -> None:
    assert await migrate(empty) == NAMES
    assert await migrate(empty) == []


async def test_of_many_at_once_one_applies_and_none_fails(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(6)))
    assert sorted(applied) == [[]] * 5 + [NAMES]
