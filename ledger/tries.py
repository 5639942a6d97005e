"""Tries of something secret, counted once a submission however often a workflow is run again."""

from dataclasses import dataclass
from datetime import datetime

from postgres import Connection

TAKEN, SPENT = "taken", "spent"


@dataclass(frozen=True)
class Attempt:
    """What became of a submission that was counted."""

    outcome: str
    tries_left: int
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Counter:
    """What was used; `now` is the ledger's clock, read once the counter is held."""

    used: int
    locked_until: datetime | None
    now: datetime


async def hold(ledger: Connection, reference: str, counter: str) -> Counter:
    """Return this counter, which nobody else changes before the transaction ends."""
    await ledger.execute(
        "INSERT INTO tries (reference, counter) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        reference,
        counter,
    )
    row = await ledger.fetchrow(
        "SELECT used, locked_until FROM tries WHERE reference = $1 AND counter = $2 FOR UPDATE",
        reference,
        counter,
    )
    assert row is not None  # noqa: S101 - inserted above, and only erasure deletes it
    now: datetime = await ledger.fetchval("SELECT clock_timestamp()")
    return Counter(row["used"], row["locked_until"], now)


async def put(
    ledger: Connection, reference: str, counter: str, used: int, locked_until: datetime | None
) -> None:
    """Set a counter that is held."""
    await ledger.execute(
        "UPDATE tries SET used = $3, locked_until = $4 WHERE reference = $1 AND counter = $2",
        reference,
        counter,
        used,
        locked_until,
    )


async def known(ledger: Connection, reference: str, submission_id: str) -> Attempt | None:
    """Return what became of this submission; None when it was not counted yet."""
    row = await ledger.fetchrow(
        "SELECT outcome, tries_left, locked_until FROM attempt"
        " WHERE reference = $1 AND submission_id = $2",
        reference,
        submission_id,
    )
    return Attempt(**row) if row else None


async def note(ledger: Connection, reference: str, submission_id: str, attempt: Attempt) -> None:
    """Keep what became of this submission."""
    await ledger.execute(
        "INSERT INTO attempt (reference, submission_id, outcome, tries_left, locked_until)"
        " VALUES ($1, $2, $3, $4, $5)",
        reference,
        submission_id,
        attempt.outcome,
        attempt.tries_left,
        attempt.locked_until,
    )
