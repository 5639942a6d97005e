"""Notes of staff on a case, for other staff: encrypted, deduplicated by id."""

from dataclasses import dataclass
from datetime import datetime

from postgres import Pool, exists
from security.keys import KeyRing


@dataclass(frozen=True)
class Note:
    at: datetime
    author: str
    text: str
    addressee: str | None = None


async def put(
    pool: Pool,
    keys: KeyRing,
    *,
    note_id: str,
    reference: str,
    author: str,
    text: str,
    addressee: str | None = None,
) -> None:
    """Insert a note (idempotent by `note_id`); `addressee` is for whom it is, None for all."""
    await pool.execute(
        "INSERT INTO case_note (id, reference, author, text, addressee)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
        note_id,
        reference,
        author,
        keys.encrypt("case_note", note_id, text),
        addressee,
    )


async def written(pool: Pool, note_id: str) -> bool:
    return await exists(pool, "case_note WHERE id = $1", note_id)


async def of(pool: Pool, keys: KeyRing, reference: str) -> list[Note]:
    """Return the notes on this case, the oldest first."""
    rows = await pool.fetch(
        "SELECT * FROM case_note WHERE reference = $1 ORDER BY at, id", reference
    )
    return [
        Note(
            row["at"],
            row["author"],
            keys.decrypt("case_note", row["id"], row["text"]),
            row["addressee"],
        )
        for row in rows
    ]
