"""Notes are kept once, encrypted, and read again in the order they were written."""

from ledger import notes
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
    for row in await pool.fetch("SELECT text FROM case_note WHERE reference = $1", reference):
        assert b"first" not in row["text"]
