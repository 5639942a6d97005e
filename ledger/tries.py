"""Counters of tries of a secret, deduplicated by submission: a workflow may repeat it."""

from dataclasses import dataclass
from datetime import datetime

from postgres import Connection

TAKEN, SPENT = "taken", "spent"


@dataclass(frozen=True)
class Attempt:
    """The recorded outcome of a submission that was counted."""

    outcome: str
    tries_left: int
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Counter:
    """Tries that were used; `now` is the ledger's clock, read once the counter is locked."""

    used: int
    locked_until: datetime | None
    now: datetime


async def hold(ledger: Connection, reference: str, counter: str) -> Counter:
    """Lock this counter until the transaction ends, and return it."""
    row = await ledger.fetchrow(
        "INSERT INTO tries AS t (reference, counter) VALUES ($1, $2)"
        " ON CONFLICT (reference, counter) DO UPDATE SET used = t.used"
        " RETURNING used, locked_until, clock_timestamp() AS now",
        reference,
        counter,
    )
    assert row is not None  # noqa: S101 - an upsert with RETURNING always has a row
    return Counter(**row)


async def known(ledger: Connection, reference: str, submission_id: str) -> Attempt | None:
    """Return the outcome of this submission; None when it was not counted yet."""
    row = await ledger.fetchrow(
        "SELECT outcome, tries_left, locked_until FROM attempt"
        " WHERE reference = $1 AND submission_id = $2",
        reference,
        submission_id,
    )
    return Attempt(**row) if row else None


async def note(ledger: Connection, reference: str, submission_id: str, attempt: Attempt) -> None:
    await ledger.execute(
        "INSERT INTO attempt (reference, submission_id, outcome, tries_left, locked_until)"
        " VALUES ($1, $2, $3, $4, $5)",
        reference,
        submission_id,
        attempt.outcome,
        attempt.tries_left,
        attempt.locked_until,
    )
