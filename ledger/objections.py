"""Persons whom no campaign invites, because they told the desk so: one row for each of their keys.

An activation's erasure leaves it, because the sweep erases activations; it ends with the erasure
of the person, or years later.
"""

from collections.abc import Collection
from datetime import datetime

from postgres import Connection


async def note(ledger: Connection, persons: Collection[str]) -> None:
    """Record the objection of whoever has these keys (idempotent)."""
    await ledger.execute(
        "INSERT INTO objection (person_key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
        persons,
    )


async def take_back(
    ledger: Connection, persons: Collection[str], *, until: datetime | None = None
) -> bool:
    """Delete the objection of whoever has these keys; return False if there was none.

    `until`: only one that is not younger.
    """
    deleted = await ledger.fetch(
        "DELETE FROM objection WHERE person_key = ANY($1)"
        " AND ($2::timestamptz IS NULL OR noted_at <= $2) RETURNING true",
        persons,
        until,
    )
    return bool(deleted)


async def among(ledger: Connection, persons: Collection[str]) -> set[str]:
    """Return those of these keys under which there is an objection."""
    rows = await ledger.fetch(
        "SELECT person_key FROM objection WHERE person_key = ANY($1)", persons
    )
    return {key for (key,) in rows}


async def since(ledger: Connection, persons: Collection[str]) -> datetime | None:
    """Return when whoever has these keys objected; None if they did not."""
    at: datetime | None = await ledger.fetchval(
        "SELECT min(noted_at) FROM objection WHERE person_key = ANY($1)", persons
    )
    return at
