"""Messages that nobody asked for: finds their activations by mark, and closes contacts.

A closed contact gets no ordinary code, and the ordinary codes that it has are compared no more, in
whatever activation: its guesses count as spent. Codes of kept messages and of staff stay outside.
"""

from datetime import datetime, timedelta

from postgres import Connection, Pool

CLOSED_FOR = timedelta(days=1)
_MOST_ALIKE = 5
"""Marks are random: of a million, two activations under way rarely have the same one."""
_CLOSE = """
INSERT INTO budget (bucket, window_start, ends_at, used, use)
SELECT DISTINCT kind || contact_index, at, at + $3::interval, $4::integer, 'not_me:' || $1
FROM message, unnest(ARRAY['guess:', 'closed:']) kind, clock_timestamp() at
WHERE reference = $1 AND code_no = $2 AND contact_index <> ''
"""
_CLOSURES = """
budget WHERE use LIKE 'not_me:%' AND ends_at > now() AND bucket IN (
    SELECT kind || contact FROM unnest(ARRAY['guess:', 'closed:']) kind, (
        SELECT contact_index AS contact FROM message WHERE reference = $1
        UNION SELECT unnest(ARRAY[mobile_index, email_index]) FROM activation WHERE reference = $1
    ) contacts
)
"""


async def activations(pool: Pool, mark: str) -> dict[str, bool]:
    """Return the references with this mark, and whether each is over; those under way first.

    None that ended more than a day ago: a contact that is not on file is forgotten by then too, and
    Temporal may have deleted the run, which would be told as if no worker answered.
    """
    rows = await pool.fetch(
        "SELECT reference, ended_at IS NOT NULL AS over FROM activation"
        " WHERE substr(reference, 3, 4) = $1"
        " AND (ended_at IS NULL OR ended_at > now() - interval '1 day')"
        " ORDER BY ended_at IS NOT NULL, ended_at DESC LIMIT $2",
        mark,
        _MOST_ALIKE,
    )
    return {row["reference"]: row["over"] for row in rows}


async def close(ledger: Connection, reference: str, code_no: int, guesses: int) -> None:
    """Close the contacts that this code was sent to; `guesses` are as many as are compared."""
    await ledger.execute(_CLOSE, reference, code_no, CLOSED_FOR, guesses)


async def closed_until(pool: Pool, reference: str) -> datetime | None:
    """Return until when a contact of this activation is closed; None if none is."""
    until: datetime | None = await pool.fetchval(
        f"SELECT max(ends_at) FROM {_CLOSURES}",  # noqa: S608 - a constant of this module
        reference,
    )
    return until


async def open_again(pool: Pool, reference: str) -> None:
    """Lift what closed the contacts of this activation, whichever activation was stopped."""
    await pool.execute(f"DELETE FROM {_CLOSURES}", reference)  # noqa: S608 - as above
