"""Health of each outside system: how often it answers activities, and when it last did.

Counts are kept per minute for a day; the last answer and the last failure for ever. Only the type
of a failure is kept.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.contracts.vocabulary import System
from postgres import Pool

_CLEAR = """
DELETE FROM part_minute WHERE (part, minute) IN (
    SELECT part, minute FROM part_minute
    WHERE minute < now() - interval '1 day' FOR UPDATE SKIP LOCKED
)
"""
_COUNT = """
INSERT INTO part_minute AS kept (part, minute, done, failed)
VALUES ($1, date_trunc('minute', now() - $2::interval), $3, $4)
ON CONFLICT (part, minute)
DO UPDATE SET done = kept.done + EXCLUDED.done, failed = kept.failed + EXCLUDED.failed
"""
_LAST = """
INSERT INTO part_last AS kept VALUES ($1, now() - $2::interval, now() - $3::interval, $4)
ON CONFLICT (part) DO UPDATE SET
    last_done = greatest(kept.last_done, EXCLUDED.last_done),
    last_failed = greatest(kept.last_failed, EXCLUDED.last_failed),
    failure = CASE WHEN EXCLUDED.last_failed >= coalesce(kept.last_failed, '-infinity')
        THEN EXCLUDED.failure ELSE kept.failure END
"""
_HEALTH = """
SELECT part_last.*, coalesce(sum(done), 0)::int AS done, coalesce(sum(failed), 0)::int AS failed
FROM part_last LEFT JOIN part_minute kept
    ON kept.part = part_last.part AND kept.minute > now() - $1::interval
GROUP BY part_last.part
"""


@dataclass
class CallCounts:
    """Outcomes of one process's calls to one system within a minute from `begun` on.

    Times are seconds of `time.monotonic`: `add` converts them to the ledger's clock.
    """

    part: System
    begun: float
    done: int = 0
    failed: int = 0
    last_done: float | None = None
    last_failed: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class DependencyHealth:
    """Health of a system; `done` and `failed` count the calls of a recent period only."""

    part: System
    last_done: datetime | None = None
    last_failed: datetime | None = None
    failure: str | None = None
    done: int = 0
    failed: int = 0

    @property
    def error_rate(self) -> float | None:
        """The share of calls that failed; None where there were none."""
        asked = self.done + self.failed
        return self.failed / asked if asked else None


async def add(pool: Pool, counts: Sequence[CallCounts]) -> None:
    """Add these counts in one transaction, always in the same order, which prevents deadlocks."""
    ordered = sorted(counts, key=lambda one: (one.part, one.begun))
    async with pool.acquire() as connection, connection.transaction():
        for one in ordered:
            await connection.execute(_COUNT, one.part, _ago(one.begun), one.done, one.failed)
        for one in ordered:
            last = (_ago(one.last_done), _ago(one.last_failed))
            await connection.execute(_LAST, one.part, *last, one.failure)
        await connection.execute(_CLEAR)


def _ago(at: float | None) -> timedelta | None:
    return None if at is None else timedelta(seconds=time.monotonic() - at)


async def standing(pool: Pool, within: timedelta) -> dict[System, DependencyHealth]:
    """Return the health of each system that was ever called, counting calls `within` that time."""
    rows = await pool.fetch(_HEALTH, within)
    found = [DependencyHealth(**{**row, "part": System(row["part"])}) for row in rows]
    return {health.part: health for health in found}
