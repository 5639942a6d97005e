"""Alerts: what keeps activations from going on, and which channels have reported it to operators.

One row per cause, however many activations it affects. `told` lists the channels that have reported
the cause: each channel reports a cause once, and then its end once.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from postgres import Connection, Pool

_MEGABYTE = (
    "WITH page AS MATERIALIZED (SELECT repeat('x', 8192) AS line FROM generate_series(1, 128))"
    " SELECT sum(length(line)) FROM page"
)
"""Written to a temporary file, because it is more than `work_mem`."""


@dataclass(frozen=True)
class Alert:
    """One cause; `gone_at` is None while it lasts."""

    cause: str
    count: int
    since: datetime
    gone_at: datetime | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertDelivery:
    """State of a channel to operators: last success, last failure, and since when it fails."""

    name: str
    delivered_at: datetime | None
    failure: str | None
    failed_at: datetime | None
    failing_since: datetime | None


async def delivered(ledger: Connection, channel: str) -> None:
    await ledger.execute(
        "INSERT INTO alert_channel (name, delivered_at) VALUES ($1, now())"
        " ON CONFLICT (name) DO UPDATE SET delivered_at = now(), failing_since = NULL",
        channel,
    )


async def failed(ledger: Connection, channel: str, failure: str) -> None:
    """Record that this channel failed to deliver, and since when it fails."""
    await ledger.execute(
        "INSERT INTO alert_channel AS kept (name, failure, failed_at, failing_since)"
        " VALUES ($1, $2, now(), now()) ON CONFLICT (name) DO UPDATE SET failure = $2,"
        " failed_at = now(), failing_since = coalesce(kept.failing_since, now())",
        channel,
        failure,
    )


async def channels(ledger: Connection) -> list[AlertDelivery]:
    """Return every channel that was ever used."""
    rows = await ledger.fetch("SELECT * FROM alert_channel ORDER BY name")
    return [AlertDelivery(**row) for row in rows]


@asynccontextmanager
async def leading(pool: Pool) -> AsyncIterator[bool]:
    """Yield whether this process leads while the block runs.

    The lock belongs to a transaction of a connection that does nothing else, and ends with it or
    with its process. It may be idle for long, which no time-out of the server may end. Statements
    do not wait for it, and only who may write alerts can take it.
    """
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute(
            "SELECT set_config(name, '0', true) FROM pg_settings"
            " WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"
        )
        try:
            async with holder.transaction():
                await holder.execute("LOCK TABLE alert IN SHARE UPDATE EXCLUSIVE MODE NOWAIT")
        except asyncpg.LockNotAvailableError:
            leads = False
        else:
            leads = True
        yield leads


async def write_megabyte(ledger: "PoolConnectionProxy[asyncpg.Record]") -> None:
    """Write a temporary file beside the tables; raises `DiskFullError` where there is no room.

    A statement of the alerts finds room in the tables long after those of students find none.
    """
    async with ledger.transaction():
        await ledger.execute("SET LOCAL work_mem = '64kB'; SET LOCAL temp_tablespaces = ''")
        await ledger.execute(_MEGABYTE)


async def note(ledger: Connection, found: Mapping[str, int]) -> None:
    """Upsert the current causes and mark the others as gone; delete gone ones never reported."""
    for cause, count in found.items():
        await ledger.execute(
            "INSERT INTO alert AS kept (cause, count) VALUES ($1, $2)"
            " ON CONFLICT (cause) DO UPDATE SET count = $2, gone_at = NULL,"
            " since = CASE WHEN kept.gone_at IS NULL OR kept.told <> '{}'"
            " THEN kept.since ELSE now() END",
            cause,
            count,
        )
    await ledger.execute(
        "UPDATE alert SET gone_at = now() WHERE gone_at IS NULL AND cause <> ALL($1)", [*found]
    )
    await ledger.execute("DELETE FROM alert WHERE gone_at IS NOT NULL AND told = '{}'")


async def adopt(ledger: Connection, cause: str, told: Sequence[str], stood: timedelta) -> None:
    """Record what these channels reported while the ledger was away; the cause lasted `stood`."""
    await ledger.execute(
        "INSERT INTO alert AS kept (cause, count, since, told)"
        " VALUES ($1, 1, now() - $2::interval, $3)"
        " ON CONFLICT (cause) DO UPDATE SET since = least(kept.since, EXCLUDED.since),"
        " told = ARRAY(SELECT DISTINCT unnest(kept.told || EXCLUDED.told))",
        cause,
        stood,
        [*told],
    )


async def settled(ledger: Connection, after: timedelta) -> list[Alert]:
    """Return the causes that have lasted, or been gone, for at least `after`."""
    rows = await ledger.fetch(
        "SELECT * FROM alert WHERE coalesce(gone_at, since) <= now() - $1::interval"
        " ORDER BY since, cause",
        after,
    )
    return [Alert(**{**row, "told": tuple(row["told"])}) for row in rows]


async def standing(ledger: Connection) -> list[Alert]:
    """Return every cause that lasts now, the oldest first."""
    rows = await ledger.fetch("SELECT * FROM alert WHERE gone_at IS NULL ORDER BY since, cause")
    return [Alert(**{**row, "told": tuple(row["told"])}) for row in rows]


async def tell(ledger: Connection, cause: str, channel: str) -> None:
    """Record that this channel has reported the cause."""
    await ledger.execute(
        "UPDATE alert SET told = array_append(told, $2) WHERE cause = $1", cause, channel
    )


async def tell_over(ledger: Connection, cause: str, channel: str) -> None:
    """Record that this channel has reported the end of the cause."""
    await ledger.execute(
        "UPDATE alert SET told = array_remove(told, $2) WHERE cause = $1", cause, channel
    )
