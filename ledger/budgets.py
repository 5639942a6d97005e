"""Rate limits: sliding windows of uses per bucket, shared by all processes, by the ledger's clock.

Uses that are named (`once`) are counted once and can be given back; identity tries have rows of
their own as well, and callers lock their buckets with `hold` before they count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Record

from postgres import Connection, Pool


@dataclass(frozen=True)
class Bound:
    """A rate limit: at most `most` uses of the bucket in any window of this length."""

    bucket: str
    most: int
    window: timedelta


@dataclass(frozen=True)
class Taken:
    """Result of a use: `left` uses remain; `opens` is set on refusal: when the next is possible."""

    left: int
    opens: datetime | None = None


async def take(
    ledger: Connection, bounds: Sequence[Bound], once: str | None = None
) -> dict[str, Taken]:
    """Count a use of each bucket, or of none if one is spent; a named use is counted once."""
    row = await ledger.fetchrow(
        "SELECT remaining, opens FROM take_limits($1, $2, $3, $4)",
        *columns(bounds),
        once,
    )
    assert row is not None  # noqa: S101 - the function returns one row
    return told(bounds, row)


def columns(bounds: Sequence[Bound]) -> tuple[list[str], list[timedelta], list[int]]:
    """Return buckets, windows and maxima as the ledger's function takes them."""
    buckets = [each.bucket for each in bounds]
    return buckets, [each.window for each in bounds], [each.most for each in bounds]


def told(bounds: Sequence[Bound], row: Record) -> dict[str, Taken]:
    """Return what the ledger's function told of each bucket."""
    results = zip(row["remaining"], row["opens"], strict=True)
    return {each.bucket: Taken(*result) for each, result in zip(bounds, results, strict=True)}


def latest(taken: Mapping[str, Taken]) -> datetime | None:
    """Return when a refused use is possible; None where it was counted."""
    return max((each.opens for each in taken.values() if each.opens), default=None)


async def may_be_given_back(ledger: Connection, taken: dict[str, Taken]) -> bool:
    """Return whether each spent bucket has a use of an activation that is still under way."""
    spent = [bucket for bucket, each in taken.items() if each.opens]
    found: int = await ledger.fetchval(
        "SELECT count(DISTINCT bucket) FROM budget b JOIN activation a ON a.reference = b.use"
        " WHERE bucket = ANY($1) AND b.ends_at > now() AND a.ended_at IS NULL",
        spent,
    )
    return found == len(spent)


async def used(ledger: Connection, bucket: str) -> int:
    """Return how many uses the window has counted."""
    count: int = await ledger.fetchval(
        "SELECT coalesce(sum(used), 0) FROM budget WHERE bucket = $1 AND ends_at > now()", bucket
    )
    return count


async def hold(ledger: Connection, buckets: Iterable[str]) -> None:
    """Lock these sliding windows until the transaction ends, sorted to prevent deadlocks."""
    for bucket in sorted(buckets):
        await ledger.execute("SELECT pg_advisory_xact_lock(hashtext($1))", bucket)


async def use(ledger: Connection, bucket: str, window: timedelta) -> None:
    """Count one use in this sliding window."""
    await ledger.execute(
        "INSERT INTO budget AS b (bucket, window_start, ends_at, used)"
        " SELECT $1, at, at + $2, 1 FROM clock_timestamp() at"
        " ON CONFLICT (bucket, window_start, use) DO UPDATE SET used = b.used + 1",
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


async def forget(ledger: Connection, buckets: Sequence[str]) -> None:
    """Delete every use of these buckets."""
    await ledger.execute("DELETE FROM budget WHERE bucket = ANY($1)", buckets)


async def keep(ledger: Connection, bucket: str, window: timedelta) -> None:
    """Have one use in this sliding window, counted from now."""
    await ledger.execute(
        "WITH before AS (DELETE FROM budget WHERE bucket = $1)"
        " INSERT INTO budget (bucket, window_start, ends_at, used)"
        " SELECT $1, at, at + $2, 1 FROM clock_timestamp() at",
        bucket,
        window,
    )


async def is_first(pool: Pool, bucket: str, name: str, window: timedelta) -> bool:
    """Count a named use unless the window has it; return whether it was counted."""
    async with pool.acquire() as ledger, ledger.transaction():
        await hold(ledger, [bucket])
        counted = await ledger.fetchval(
            "INSERT INTO budget (bucket, window_start, ends_at, used, use)"
            " SELECT $1, at, at + $3, 1, $2 FROM clock_timestamp() at WHERE NOT EXISTS"
            " (SELECT FROM budget WHERE bucket = $1 AND use = $2 AND ends_at > at)"
            " RETURNING true",
            bucket,
            name,
            window,
        )
    return counted is True


async def give_back(ledger: Connection, name: str) -> None:
    """Take back a named use of every window that it was counted in."""
    await ledger.execute("DELETE FROM budget WHERE use = $1", name)


async def counted(ledger: Connection, buckets: Sequence[str]) -> dict[str, int]:
    """Return how many uses the window of each of these buckets has, of those that have any."""
    rows = await ledger.fetch(
        "SELECT bucket, sum(used) AS uses FROM budget"
        " WHERE bucket = ANY($1) AND ends_at > now() GROUP BY bucket",
        buckets,
    )
    return {row["bucket"]: row["uses"] for row in rows}
