"""The audit's chain: what the engine wrote fits, and what anybody else did shows, first row first.

Each attack has the whole database in its hands and lacks the keys.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import audit, audit_chain
from ledger.audit_chain import Chain
from ledger.migrate import migrate
from postgres import Pool, connect
from security.keys import KeyRing
from security.rotation import create
from tests.ledger.conftest import database
from tests.stack import TestStack

ROWS = 5
NOW = datetime.now(UTC)
UNLOCK = "ALTER TABLE audit DISABLE TRIGGER USER"
LOCK = "ALTER TABLE audit ENABLE TRIGGER USER"
COPY = "INSERT INTO audit SELECT {id}, at, actor, 'x', reference, reason, hash FROM audit"


@pytest.fixture(scope="module")
async def apart(stack: TestStack) -> AsyncIterator[Pool]:
    """Give a ledger of its own, which may be spoiled."""
    async with database(stack) as dsn:
        await migrate(dsn)
        async with await connect(dsn) as pool:
            yield pool


@pytest.fixture
async def own(apart: Pool, stack: TestStack) -> Pool:
    """Give a ledger with a few rows in its audit and no other."""
    for words in (UNLOCK, "DELETE FROM audit", LOCK, "DELETE FROM audit_head"):
        await apart.execute(words)
    for number in range(ROWS):
        await write(apart, stack.keys, f"because {number + 1}")
    return apart


async def write(pool: Pool, keys: KeyRing, reason: str, actor: str = "anna") -> None:
    said = {"actor": actor, "action": "retry", "reference": "A-7K3F-92QD"}
    await audit.record(pool, keys, reason=reason, **said)


async def test_many_rows_are_added_together_or_not_at_all(own: Pool, stack: TestStack) -> None:
    said = {"actor": "anna", "action": "retry", "reason": "mended"}
    await audit.record_each(own, stack.keys, references=["A", "B", "C"], **said)
    await audit.record_each(own, stack.keys, references=[], **said)

    def breaks() -> Iterator[str]:
        yield "D"
        raise LookupError

    with pytest.raises(LookupError):
        await audit.record_each(own, stack.keys, references=breaks(), **said)
    rows = await audit.page(own, stack.keys, limit=3)
    assert [row.reference for row in rows] == ["C", "B", "A"]
    assert {row.reason for row in rows} == {"mended"}
    chain = await audit_chain.verify(own, stack.keys, NOW)
    assert (chain.rows, chain.bad) == (ROWS + 3, None)


async def heads(pool: Pool, keys: KeyRing) -> list[str]:
    return [row.hash async for row in audit.since(pool, keys)]


async def test_an_untouched_chain_is_whole_and_still_holds_every_head_it_had(
    own: Pool, stack: TestStack
) -> None:
    kept = await heads(own, stack.keys)
    assert await audit_chain.verify(own, stack.keys, NOW) == Chain(ROWS, 1, kept[-1], None, None)
    for head in kept:
        assert (await audit_chain.verify(own, stack.keys, NOW, head)).held
    told = await audit_chain.verify(own, stack.keys, NOW, "ab" * 32)
    assert (told.bad, told.held, told.whole) == (None, False, False)


async def test_before_the_first_row_there_is_nothing_to_fit(own: Pool, stack: TestStack) -> None:
    for words in (UNLOCK, "DELETE FROM audit", "DELETE FROM audit_head"):
        await own.execute(words)
    assert await audit_chain.verify(own, stack.keys, NOW) == Chain(0, 1, "", None, None)


@pytest.mark.parametrize(
    ("attack", "bad"),
    [
        (["UPDATE audit SET actor = 'eve' WHERE id = 3"], 3),
        (["UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 2"], 2),
        (["UPDATE audit SET reference = NULL WHERE id = 4"], 4),
        (["UPDATE audit SET reason = 'x' WHERE id = 1"], 1),
        (["DELETE FROM audit WHERE id = 3"], 3),
        (["DELETE FROM audit WHERE id = 1"], 1),
        (["DELETE FROM audit WHERE id >= 4"], 4),
        (
            [
                "DELETE FROM audit WHERE id >= 4",
                "UPDATE audit_head h SET id = a.id, hash = a.hash FROM audit a WHERE a.id = 3",
            ],
            4,
        ),
        (["DELETE FROM audit WHERE id >= 4", "DELETE FROM audit_head"], 4),
        (["DELETE FROM audit"], 1),
        (["DELETE FROM audit WHERE id = 3", "UPDATE audit SET id = id - 1 WHERE id > 3"], 3),
        ([f"{COPY.format(id=6)} WHERE id = 5"], 6),
        ([f"{COPY.format(id=0)} WHERE id = 1"], 0),
        (
            [
                "UPDATE audit SET id = id + 100 WHERE id >= 3",
                "UPDATE audit SET id = id - 99 WHERE id >= 103",
                f"{COPY.format(id=3)} WHERE id = 2",
            ],
            3,
        ),
        (
            [
                "UPDATE audit SET id = 100 WHERE id = 2",
                "UPDATE audit SET id = 2 WHERE id = 4",
                "UPDATE audit SET id = 4 WHERE id = 100",
            ],
            2,
        ),
    ],
)
async def test_what_somebody_else_did_shows_also_after_work_went_on(
    own: Pool, stack: TestStack, attack: Sequence[str], bad: int
) -> None:
    for words in (UNLOCK, *attack):
        await own.execute(words)
    told = await audit_chain.verify(own, stack.keys, NOW)
    assert (told.bad, told.whole) == (bad, False)
    await write(own, stack.keys, "work goes on")
    assert (await audit_chain.verify(own, stack.keys, NOW)).bad == bad


async def test_a_chain_begun_anew_does_not_hold_the_head_that_was_kept(
    own: Pool, stack: TestStack
) -> None:
    kept = (await audit_chain.verify(own, stack.keys, NOW)).head
    for words in (UNLOCK, "DELETE FROM audit", "DELETE FROM audit_head"):
        await own.execute(words)
    await write(own, stack.keys, "as if nothing had been")
    told = await audit_chain.verify(own, stack.keys, NOW, kept)
    assert (told.rows, told.bad, told.held) == (1, None, False)


async def test_with_other_keys_no_row_fits_and_no_reason_is_read(own: Pool, tmp_path: Path) -> None:
    create(tmp_path, "2026-11")
    others = KeyRing(tmp_path)
    assert (await audit_chain.verify(own, others, NOW)).bad == 1
    assert {row.reason async for row in audit.since(own, others)} == {None}


async def test_racing_writers_make_one_chain(own: Pool, stack: TestStack) -> None:
    await asyncio.gather(*(write(own, stack.keys, f"at once {each}") for each in range(50)))
    told = await audit_chain.verify(own, stack.keys, NOW)
    assert (told.rows, told.bad) == (ROWS + 50, None)
    rows = [row async for row in audit.since(own, stack.keys)]
    assert len({row.reason for row in rows}) == ROWS + 50
    assert sorted(row.at for row in rows) == [row.at for row in rows]


async def test_what_is_written_is_read_again_and_lies_encrypted(
    own: Pool, stack: TestStack
) -> None:
    (row, *_) = await audit.page(own, stack.keys)
    assert (row.id, row.actor, row.action, row.reason) == (ROWS, "anna", "retry", "because 5")
    assert row.at > datetime.now(UTC) - timedelta(minutes=1)
    assert "because" not in await own.fetchval("SELECT encode(reason, 'escape') FROM audit LIMIT 1")


async def test_a_page_has_the_newest_that_fit(own: Pool, stack: TestStack) -> None:
    await write(own, stack.keys, "another's", actor="eleni")

    async def ids(**chosen: Any) -> list[int]:
        return [row.id for row in await audit.page(own, stack.keys, **chosen)]

    assert await ids() == [6, 5, 4, 3, 2, 1]
    assert await ids(limit=2, before=4) == [3, 2]
    assert await ids(actor="eleni") == [6]
    assert await ids(actor="anna", before=3) == [2, 1]
    assert await ids(action="cancel") == []
    assert await ids(reference="A-0000-0000") == []
    newest = (await audit.page(own, stack.keys))[0].at
    assert [row.id async for row in audit.since(own, stack.keys, newest)] == [6]


async def test_a_row_that_nobody_may_add_any_more_stops_nobody_and_is_told(
    own: Pool, stack: TestStack
) -> None:
    for words in (UNLOCK, f"{COPY.format(id=2**63 - 1)} WHERE id = 5", LOCK):
        await own.execute(words)
    await write(own, stack.keys, "work goes on")
    chain = await audit_chain.verify(own, stack.keys, NOW)
    assert (chain.rows, chain.bad) == (ROWS + 2, ROWS + 2)
    (_, newest) = await audit.page(own, stack.keys, limit=2)
    assert (newest.id, newest.reason) == (ROWS + 1, "work goes on")


async def test_a_row_that_others_may_add_hides_no_other(own: Pool, stack: TestStack) -> None:
    """Its reason is nothing that was ever encrypted, not even as long as that."""
    await own.execute("INSERT INTO audit VALUES (6, now(), 'x', 'x', NULL, '', '')")
    rows = await audit.page(own, stack.keys, limit=2)
    assert [row.reason for row in rows] == [None, f"because {ROWS}"]
    assert (await audit_chain.verify(own, stack.keys, NOW)).bad == ROWS + 1
