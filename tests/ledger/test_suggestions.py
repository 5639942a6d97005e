"""Suggested passwords are read back by the page that showed them, for as long as they hold."""

from datetime import timedelta

from ledger import suggestions
from postgres import Pool
from tests.stack import TestStack

OFFERED = ("Portokali-vouno-9", "Kareklaki-nisi-4")


async def test_a_page_reads_back_what_it_offered_until_it_is_forgotten(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    page = f"{reference}-one"
    await suggestions.offer(pool, stack.keys, page=page, suggestions=OFFERED)
    assert await suggestions.offered(pool, stack.keys, page=page) == OFFERED
    assert await suggestions.offered(pool, stack.keys, page=f"{reference}-two") == ()
    await suggestions.forget(pool, stack.keys, page=page)
    assert await suggestions.offered(pool, stack.keys, page=page) == ()


async def test_the_row_shows_neither_page_nor_password(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    before = {row["page_index"] for row in await pool.fetch("SELECT page_index FROM suggestion")}
    await suggestions.offer(pool, stack.keys, page=reference, suggestions=OFFERED)
    rows = await pool.fetch("SELECT page_index, offered FROM suggestion")
    (row,) = [row for row in rows if row["page_index"] not in before]
    assert reference not in row["page_index"]
    assert not any(word.encode() in row["offered"] for word in OFFERED)


async def test_an_old_offer_holds_no_more_and_the_next_one_clears_it_away(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    old = timedelta(minutes=-1)
    await suggestions.offer(pool, stack.keys, page=reference, suggestions=OFFERED, ttl=old)
    assert await suggestions.offered(pool, stack.keys, page=reference) == ()
    await suggestions.offer(pool, stack.keys, page=f"{reference}-next", suggestions=OFFERED)
    assert not await pool.fetchval("SELECT count(*) FROM suggestion WHERE expires_at < now()")
