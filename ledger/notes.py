"""Notes of staff on an activation or a request for help, for other staff: encrypted.

They are deduplicated by id. A note to one of staff stays unread until they say that they read it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from postgres import Pool, exists
from security.keys import KeyRing

_NAMED = "(addressee = $1 OR nullif(split_part(addressee, '~', 2), '') = split_part($1, '~', 2))"
_FROM = "FROM case_note n LEFT JOIN activation a USING (reference)"
_LINES = f"SELECT n.id, n.reference, n.request, a.department, n.author, n.at {_FROM}"
_UNREAD = (
    f"{_NAMED} AND addressee IS NOT NULL AND read_at IS NULL"
    " AND ($2::text[] IS NULL OR a.department = ANY($2))"
)
_COUNT = f"SELECT count(*) {_FROM} WHERE {_UNREAD}"

UNREAD = f"{_LINES} WHERE {_UNREAD} ORDER BY n.at DESC, n.id LIMIT $3 OFFSET $4"


@dataclass(frozen=True)
class Note:
    at: datetime
    author: str
    text: str
    addressee: str | None = None


@dataclass(frozen=True)
class NoteLine:
    """A note as listed, without its text; `request` is the request for help that it is on."""

    id: str
    reference: str | None
    request: str | None
    department: str | None
    author: str
    at: datetime


async def put(
    pool: Pool,
    keys: KeyRing,
    *,
    note_id: str,
    reference: str | None,
    author: str,
    text: str,
    addressee: str | None = None,
    request: str | None = None,
) -> None:
    """Insert a note (idempotent by `note_id`); `addressee` is for whom it is, None for all."""
    await pool.execute(
        "INSERT INTO case_note (id, reference, author, text, addressee, request)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
        note_id,
        reference,
        author,
        keys.encrypt("case_note", note_id, text),
        addressee,
        request,
    )


async def written(pool: Pool, note_id: str) -> bool:
    return await exists(pool, "case_note WHERE id = $1", note_id)


async def of(pool: Pool, keys: KeyRing, reference: str) -> list[Note]:
    """Return the notes on this case and its requests for help, the oldest first."""
    return _read(
        keys,
        await pool.fetch("SELECT * FROM case_note WHERE reference = $1 ORDER BY at, id", reference),
    )


async def of_request(pool: Pool, keys: KeyRing, request_id: str) -> list[Note]:
    """Return the notes on this request for help, the oldest first."""
    return _read(
        keys,
        await pool.fetch("SELECT * FROM case_note WHERE request = $1 ORDER BY at, id", request_id),
    )


async def unread(
    pool: Pool,
    name: str,
    departments: Collection[str] | None,
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[NoteLine]:
    """Return one page of the notes to this name that are not read yet, the newest first.

    Of these departments (None: of all), and of activations that have ended as well.
    """
    rows = await pool.fetch(UNREAD, name, departments, limit, offset)
    return [NoteLine(**row) for row in rows]


async def unread_count(pool: Pool, name: str, departments: Collection[str] | None) -> int:
    """Return how many notes `unread` has on all pages."""
    count: int = await pool.fetchval(_COUNT, name, departments)
    return count


async def addressed(pool: Pool, name: str, note_id: str) -> NoteLine | None:
    """Return a note to this name, read or not; None if there is none."""
    row = await pool.fetchrow(f"{_LINES} WHERE {_NAMED} AND n.id = $2", name, note_id)
    return NoteLine(**row) if row else None


async def mark_read(pool: Pool, note_id: str) -> None:
    """Record that the addressee has read a note (idempotent)."""
    await pool.execute(
        "UPDATE case_note SET read_at = now() WHERE id = $1 AND read_at IS NULL", note_id
    )


def _read(keys: KeyRing, rows: list[asyncpg.Record]) -> list[Note]:
    return [
        Note(
            row["at"],
            row["author"],
            keys.decrypt("case_note", row["id"], row["text"]),
            row["addressee"],
        )
        for row in rows
    ]
