"""Counters with a limit per window of time, shared by all processes."""

from datetime import datetime, timedelta

from ledger.pool import Pool


async def take(pool: Pool, bucket: str, *, limit: int, window: timedelta) -> datetime | None:
    """Use one of `limit` in the current window; None when taken, else when the next one opens.

    The counter is raised before it is compared, so that racing callers can never share a place.
    """
    row = await pool.fetchrow(
        "INSERT INTO budget AS b (bucket, window_start, used)"
        " VALUES ($1, date_bin($2::interval, now(), 'epoch'), 1)"
        " ON CONFLICT (bucket, window_start) DO UPDATE SET used = b.used + 1"
        " RETURNING used, window_start",
        bucket,
        window,
    )
    assert row is not None  # noqa: S101 - an upsert with RETURNING always has a row
    if row["used"] <= limit:
        return None
    opens: datetime = row["window_start"] + window
    return opens
