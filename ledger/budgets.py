"""Rate limits: counters per bucket and window of time, shared by all processes.

Most windows are fixed. A sliding one has a row for each use, until that is as old as the window;
callers lock its buckets with `hold` before they count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postgres import Connection, Pool

_CLEAR = """
DELETE FROM budget WHERE (bucket, window_start) IN (
    SELECT bucket, window_start FROM budget WHERE ends_at < now() FOR UPDATE SKIP LOCKED
)
"""


async def take(
    ledger: Connection, bucket: str, *, limit: int, window: timedelta
) -> datetime | None:
    """Count a use in the current window; None within `limit`, else when the next window opens."""
    return await take_each(ledger, [bucket], [window], [limit])


async def take_each(
    ledger: Connection,
    buckets: Sequence[str],
    windows: Sequence[timedelta],
    limits: Sequence[int],
) -> datetime | None:
    """Count a use in each, up to the first that is spent: return when its next window opens.

    The counter is raised before it is compared, so that racing callers never exceed a limit.
    """
    opens: datetime | None = await ledger.fetchval(
        "SELECT take_budgets($1, $2, $3)", buckets, windows, limits
    )
    return opens


async def used(ledger: Connection, bucket: str) -> int:
    """Return how many uses the current window has counted, refused ones included."""
    count: int | None = await ledger.fetchval(
        "SELECT used FROM budget WHERE bucket = $1 AND ends_at > now()"
        " ORDER BY window_start DESC LIMIT 1",
        bucket,
    )
    return count or 0


@dataclass(frozen=True)
class Taken:
    """Result of a use: `left` uses remain; `opens` is set on refusal: when the next is possible."""

    left: int
    opens: datetime | None = None


async def take_once(
    pool: Pool, submission_id: str, buckets: Sequence[str], *, limit: int, window: timedelta
) -> Taken:
    """Count a use of each bucket (in a fixed order, against deadlocks), once per submission."""
    once = f"once:{submission_id}"
    async with pool.acquire() as ledger, ledger.transaction():
        await ledger.execute("SELECT pg_advisory_xact_lock(hashtext($1))", once)
        if not await used(ledger, once):
            for bucket in buckets:
                if opens := await take(ledger, bucket, limit=limit, window=window):
                    return Taken(0, opens)
            await take(ledger, once, limit=1, window=window)
        return Taken(max(limit - max([await used(ledger, each) for each in buckets]), 0))


async def take_of_last(
    pool: Pool, submission_id: str, limits: Mapping[str, int], *, window: timedelta
) -> dict[str, Taken]:
    """Count a use in all these sliding windows, or in none if one is spent; once per submission."""
    once = f"once:{submission_id}"
    async with pool.acquire() as ledger, ledger.transaction():
        await ledger.execute(_CLEAR)
        await hold(ledger, {once, *limits})
        before = {bucket: await ends(ledger, bucket) for bucket in (once, *limits)}
        if before.pop(once):
            return {name: Taken(max(limits[name] - len(each), 0)) for name, each in before.items()}
        taken = {
            name: Taken(0, each[-limit]) if len(each) >= limit else Taken(limit - len(each))
            for (name, limit), each in zip(limits.items(), before.values(), strict=True)
        }
        if any(each.opens for each in taken.values()):
            return taken
        for name in (once, *limits):
            await use(ledger, name, window)
        return {name: Taken(each.left - 1) for name, each in taken.items()}


async def hold(ledger: Connection, buckets: Iterable[str]) -> None:
    """Lock these sliding windows until the transaction ends, sorted to prevent deadlocks."""
    for bucket in sorted(buckets):
        await ledger.execute("SELECT pg_advisory_xact_lock(hashtext($1))", bucket)


async def use(ledger: Connection, bucket: str, window: timedelta) -> None:
    """Count one use in this sliding window."""
    await ledger.execute(
        "INSERT INTO budget AS b (bucket, window_start, ends_at, used)"
        " SELECT $1, at, at + $2, 1 FROM clock_timestamp() at"
        " ON CONFLICT (bucket, window_start) DO UPDATE SET used = b.used + 1",
        bucket,
        window,
    )


async def ends(ledger: Connection, bucket: str) -> list[datetime]:
    """Return when each use in a sliding window expires, the earliest first."""
    rows = await ledger.fetch(
        "SELECT ends_at FROM budget, generate_series(1, used)"
        " WHERE bucket = $1 AND ends_at > clock_timestamp() ORDER BY ends_at",
        bucket,
    )
    return [row["ends_at"] for row in rows]
