"""Look-ups that found nobody: the end of their activations, and what remains for support.

An activation whose contact is not on file is deleted within the day, with its run in Temporal. What
remains is a number for each hour, and for some days a keyed index of the contact, with which
support answers somebody who says that they were not found. One about which somebody asked for help,
or staff wrote a note, is no such miss: it ends like any other activation.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from postgres import Connection, Pool
from security.keys import KeyRing

DeleteRuns: TypeAlias = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Deletes the runs of these references from Temporal; returns those that have none any more."""

MISSES = (
    "activation a WHERE end_step = 'not_found'"
    " AND coalesce(mobile_index, email_index, person_key) IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM message m WHERE m.reference = a.reference)"
    " AND NOT EXISTS (SELECT FROM support_request s WHERE s.reference = a.reference)"
    " AND NOT EXISTS (SELECT FROM case_note n WHERE n.reference = a.reference)"
)
_EXPIRED = f"{MISSES} AND ended_at < now() - $1::interval"
_DELETE = f"""
WITH gone AS (
    DELETE FROM activation WHERE reference = ANY($2)
        AND reference IN (SELECT reference FROM {_EXPIRED})
    RETURNING reference, started_at, ended_at, mobile_index, email_index
), unread AS (
    DELETE FROM session WHERE reference IN (SELECT reference FROM gone)
), unposted AS (
    DELETE FROM post WHERE reference IN (SELECT reference FROM gone)
), counted AS (
    INSERT INTO missed AS m SELECT date_trunc('hour', started_at), count(*) FROM gone GROUP BY 1
    ON CONFLICT (hour) DO UPDATE SET number = m.number + EXCLUDED.number
), noted AS (
    INSERT INTO miss AS m
    SELECT contact, count(*), max(ended_at)
    FROM gone, unnest(ARRAY[mobile_index, email_index]) contact
    WHERE contact IS NOT NULL GROUP BY contact
    ON CONFLICT (contact_index) DO UPDATE SET
        times = m.times + EXCLUDED.times, last_at = greatest(m.last_at, EXCLUDED.last_at)
)
SELECT count(*) FROM gone
"""  # noqa: S608 - a constant of this module
_OF_CONTACTS = """
SELECT coalesce(sum(times), 0)::bigint AS times, max(last_at) AS last_at FROM (
    SELECT times, last_at FROM miss WHERE contact_index = ANY($1)
    UNION ALL
    SELECT 1, ended_at FROM activation
    WHERE end_step = 'not_found' AND (mobile_index = ANY($1) OR email_index = ANY($1))
) seen
"""


@dataclass(frozen=True)
class Misses:
    """How often a contact was looked up in the last days and found nobody, and when last."""

    times: int
    last_at: datetime


async def oldest(pool: Pool, term: timedelta, limit: int) -> list[str]:
    """Return references of misses whose term is over."""
    rows = await pool.fetch(
        f"SELECT reference FROM {_EXPIRED} ORDER BY ended_at LIMIT $2",  # noqa: S608 - as above
        term,
        limit,
    )
    return [row["reference"] for row in rows]


async def delete(ledger: Connection, term: timedelta, references: Collection[str]) -> int:
    """Delete these misses in the caller's transaction, count them and note their contacts."""
    # Two sweeps at once would add to the same rows in another order.
    await ledger.execute("LOCK TABLE missed IN SHARE ROW EXCLUSIVE MODE")
    gone: int = await ledger.fetchval(_DELETE, term, references)
    return gone


async def of_contacts(
    pool: Pool, keys: KeyRing, *, mobile: str | None, email: str | None
) -> Misses | None:
    """Return the misses of these contacts, those not swept yet included; None without any."""
    typed = {"mobile": mobile, "email": email}
    indexes = [keys.index(purpose, value) for purpose, value in typed.items() if value]
    row = await pool.fetchrow(_OF_CONTACTS, indexes)
    return Misses(row["times"], row["last_at"]) if row and row["times"] else None
