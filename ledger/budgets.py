"""Counters with a limit per window of time, shared by all processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.pool import Connection, Pool

_CLEAR = """
DELETE FROM budget WHERE (bucket, window_start) IN (
    SELECT bucket, window_start FROM budget WHERE ends_at < now() FOR UPDATE SKIP LOCKED
)
"""


async def take(
    ledger: Connection, bucket: str, *, limit: int, window: timedelta
) -> datetime | None:
    """Use one of `limit` in the current window; None when taken, else when the next one opens.

    The counter is raised before it is compared, so that racing callers can never share a place.
    Windows that are over are cleared away, but never waited for.
    """
    await ledger.execute(_CLEAR)
    row = await ledger.fetchrow(
        "INSERT INTO budget AS b (bucket, window_start, ends_at, used)"
        " SELECT $1, start, start + $2, 1"
        " FROM date_bin($2::interval, now(), 'epoch') start"
        " ON CONFLICT (bucket, window_start)"
        " DO UPDATE SET used = b.used + 1, ends_at = EXCLUDED.ends_at"
        " RETURNING used, ends_at",
        bucket,
        window,
    )
    assert row is not None  # noqa: S101 - an upsert with RETURNING always has a row
    if row["used"] <= limit:
        return None
    opens: datetime = row["ends_at"]
    return opens


async def used(ledger: Connection, bucket: str) -> int:
    """Return how often the current window was asked for, refusals included."""
    count: int | None = await ledger.fetchval(
        "SELECT used FROM budget WHERE bucket = $1 AND ends_at > now()"
        " ORDER BY window_start DESC LIMIT 1",
        bucket,
    )
    return count or 0


@dataclass(frozen=True)
class Taken:
    """`left` is how many remain; `opens`: none was there, and from then on one is."""

    left: int
    opens: datetime | None = None


async def take_once(
    pool: Pool, submission_id: str, buckets: Sequence[str], *, limit: int, window: timedelta
) -> Taken:
    """Use one of each of these buckets, which callers name in one order; the same id once only."""
    this = f"once:{submission_id}"
    async with pool.acquire() as ledger, ledger.transaction():
        await ledger.execute("SELECT pg_advisory_xact_lock(hashtext($1))", this)
        if not await used(ledger, this):
            for bucket in buckets:
                if opens := await take(ledger, bucket, limit=limit, window=window):
                    return Taken(0, opens)
            await take(ledger, this, limit=1, window=window)
        return Taken(max(limit - max([await used(ledger, each) for each in buckets]), 0))
