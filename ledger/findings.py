"""Findings of the reconciler: one row for each kind and subject, however often it is seen.

What is seen for the first time is suspected. It is confirmed when it is seen again a while later,
by the ledger's clock, so that nothing that was just changing is found. A row that a whole look did
not see is gone, and deleted if it was only suspected.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from domain.findings import FindingKind
from postgres import Connection, Pool
from security.keys import KeyRing

CONFIRMED_AFTER = timedelta(minutes=10)
"""From a suspicion to its confirmation."""
_NOTE = """
INSERT INTO finding AS f (kind, subject, reference, username)
SELECT DISTINCT ON (1, 2) kind, subject, reference, username
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    seen (kind, subject, reference, username) ORDER BY 1, 2, reference
ON CONFLICT (kind, subject) DO UPDATE SET
    last_seen = now(),
    reference = coalesce(EXCLUDED.reference, f.reference),
    username = coalesce(EXCLUDED.username, f.username),
    first_seen = CASE WHEN f.gone_at IS NULL THEN f.first_seen ELSE now() END,
    confirmed_at = CASE WHEN f.gone_at IS NULL THEN coalesce(
        f.confirmed_at, CASE WHEN f.first_seen <= now() - $5::interval THEN now() END
    ) END,
    mended_at = CASE WHEN f.gone_at IS NULL THEN f.mended_at END,
    settled_at = CASE WHEN f.gone_at IS NULL THEN f.settled_at END,
    gone_at = NULL
RETURNING kind, subject, confirmed_at IS NOT NULL AS confirmed
"""
_STANDING = (
    "finding WHERE confirmed_at IS NOT NULL AND gone_at IS NULL"
    " AND mended_at IS NULL AND settled_at IS NULL"
)


class SeenFinding(NamedTuple):
    """What a look sees; `subject` is a reference, or the keyed index of the `username`."""

    kind: FindingKind
    subject: str
    reference: str | None = None
    username: str | None = None


@dataclass(frozen=True)
class FindingRow:
    """A confirmed finding; `gone_at`: a later look did not see it any more."""

    kind: FindingKind
    subject: str
    reference: str | None
    username: str | None
    first_seen: datetime
    last_seen: datetime
    mended_at: datetime | None
    settled_at: datetime | None
    gone_at: datetime | None


async def note(
    ledger: Connection, keys: KeyRing, seen: Collection[SeenFinding]
) -> set[SeenFinding]:
    """Upsert what was seen; return what is confirmed now."""
    if not seen:
        return set()
    rows = await ledger.fetch(
        _NOTE,
        [each.kind for each in seen],
        [each.subject for each in seen],
        [each.reference for each in seen],
        [
            keys.encrypt("username", each.subject, each.username) if each.username else None
            for each in seen
        ],
        CONFIRMED_AFTER,
    )
    confirmed = {(row["kind"], row["subject"]) for row in rows if row["confirmed"]}
    return {each for each in seen if (each.kind, each.subject) in confirmed}


async def mended(ledger: Connection, kind: FindingKind, subjects: Sequence[str]) -> None:
    await ledger.execute(
        "UPDATE finding SET mended_at = now() WHERE kind = $1 AND subject = ANY($2)",
        kind,
        subjects,
    )


async def end_look(pool: Pool, began: datetime) -> tuple[int, int]:
    """Close the look that began then; return how many findings are suspected, and how many stand.

    A finding stands if it is confirmed, and neither mended nor settled.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "DELETE FROM finding WHERE confirmed_at IS NULL AND last_seen < $1", began
        )
        await connection.execute(
            "UPDATE finding SET gone_at = now() WHERE gone_at IS NULL AND last_seen < $1", began
        )
        await connection.execute(
            "INSERT INTO reconciled DEFAULT VALUES ON CONFLICT (one) DO UPDATE SET at = now()"
        )
        suspected = await connection.fetchval(
            "SELECT count(*) FROM finding WHERE confirmed_at IS NULL"
        )
        return suspected, sum((await counts(connection)).values())


async def counts(ledger: Connection) -> dict[FindingKind, int]:
    """Return how many findings of each kind stand."""
    rows = await ledger.fetch(f"SELECT kind, count(*) AS number FROM {_STANDING} GROUP BY kind")  # noqa: S608 - a constant of this module
    return {FindingKind(row["kind"]): row["number"] for row in rows}


async def page(
    ledger: Connection, keys: KeyRing, *, limit: int | None, everything: bool = False
) -> list[FindingRow]:
    """Return the confirmed findings, the newest first; `everything`: also those that are over."""
    rows = await ledger.fetch(
        "SELECT kind, subject, reference, username, first_seen, last_seen, mended_at,"
        " settled_at, gone_at FROM finding WHERE confirmed_at IS NOT NULL AND ($1 OR"
        " gone_at IS NULL AND mended_at IS NULL AND settled_at IS NULL)"
        " ORDER BY first_seen DESC, kind, subject LIMIT $2",
        everything,
        limit,
    )
    return [_read(keys, row) for row in rows]


def _read(keys: KeyRing, row: asyncpg.Record) -> FindingRow:
    kept = row["username"]
    name = keys.decrypt("username", row["subject"], kept) if kept else None
    return FindingRow(**{**row, "kind": FindingKind(row["kind"]), "username": name})


async def settle(ledger: Connection, kind: str, subject: str) -> bool:
    """Record that staff have seen to it; return whether there is such a finding that stands."""
    done = await ledger.fetchval(
        "UPDATE finding SET settled_at = coalesce(settled_at, now())"
        " WHERE kind = $1 AND subject = $2 AND confirmed_at IS NOT NULL AND gone_at IS NULL"
        " RETURNING true",
        kind,
        subject,
    )
    return bool(done)


async def last_look(ledger: Connection) -> datetime | None:
    at: datetime | None = await ledger.fetchval("SELECT at FROM reconciled")
    return at
