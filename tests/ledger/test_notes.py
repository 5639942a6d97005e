"""Notes are kept once, encrypted, and read again in the order they were written."""

from ledger import erasure, notes
from postgres import Pool
from tests.stack import TestStack


async def test_notes_are_read_in_order_and_lie_encrypted(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    assert await notes.of(pool, stack.keys, reference) == []
    for number, text in (("b", "first"), ("a", "second"), ("b", "first, clicked again")):
        note = {"note_id": f"{reference}{number}", "reference": reference, "author": "anna"}
        await notes.put(pool, stack.keys, text=text, **note)
    told = await notes.of(pool, stack.keys, reference)
    assert [(note.author, note.text) for note in told] == [("anna", "first"), ("anna", "second")]
    assert await notes.written(pool, f"{reference}a")
    assert not await notes.written(pool, f"{reference}c")
    assert await notes.unread(pool, "anna", None) == []
    for row in await pool.fetch("SELECT text FROM case_note WHERE reference = $1", reference):
        assert b"first" not in row["text"]


async def test_a_note_is_listed_for_whom_it_is_until_it_is_read(
    pool: Pool, stack: TestStack, reference: str
) -> None:
    anna, renamed, another = f"anna~{reference}", f"anna.b~{reference}", f"bob{reference}"
    await pool.execute(
        "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', '404')",
        reference,
    )
    for request in (None, f"r{reference}"):
        await notes.put(
            pool,
            stack.keys,
            note_id=f"{reference}{request}",
            reference=None if request else reference,
            author="bob",
            text="Call her",
            addressee=anna,
            request=request,
        )
    of_request, of_case = await notes.unread(pool, renamed, None)
    assert (of_request.request, of_case.reference) == (f"r{reference}", reference)
    # One without an activation has no department, and is for whoever sees all of them.
    assert await notes.unread(pool, anna, ["404"]) == [of_case]
    assert await notes.unread(pool, anna, ["401"]) == []
    assert await notes.unread(pool, another, None) == []
    assert await notes.addressed(pool, another, of_case.id) is None
    assert await notes.addressed(pool, renamed, of_case.id) == of_case
    assert await notes.unread_count(pool, anna, None) == 2
    assert await notes.unread_count(pool, anna, ["404"]) == 1
    assert await notes.unread(pool, anna, None, limit=1, offset=1) == [of_case]
    for _ in range(2):
        await notes.mark_read(pool, of_case.id)
        assert await notes.unread(pool, anna, None) == [of_request]
        assert await notes.unread_count(pool, anna, None) == 1
    (note,) = await notes.of_request(pool, stack.keys, f"r{reference}")
    assert (note.text, note.addressee) == ("Call her", anna)
    await erasure.forget_requests(pool, [f"r{reference}"])
    assert await notes.of_request(pool, stack.keys, f"r{reference}") == []
    await erasure.erase(pool, stack.keys, reference)
    assert await notes.of(pool, stack.keys, reference) == []


async def test_unread_notes_are_found_by_an_index_however_many_notes_there_are(pool: Pool) -> None:
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute(
            "INSERT INTO case_note (id, reference, author, text, addressee, read_at)"
            " SELECT 'plan' || n, 'A-0000-0000', 'bob', '', CASE WHEN n % 3 = 0 THEN 'anna~1' END,"
            " CASE WHEN n % 30 <> 0 THEN now() END FROM generate_series(1, 3000) n"
        )
        await connection.execute("ANALYZE case_note")
        plan = await connection.fetch(f"EXPLAIN {notes.UNREAD}", "anna~1", None, 50, 0)
        await undone.rollback()
    assert "using case_note_unread" in "\n".join(row[0] for row in plan)
