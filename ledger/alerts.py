"""What keeps activations from going on, and by which channels operators know it.

One row a cause, however many activations it befalls. `told` are the channels that know that the
cause stands: who has not heard of it hears once, and who has hears once that it is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger import locks
from postgres import Connection


@dataclass(frozen=True)
class Alert:
    """`gone_at` is None while the cause stands."""

    cause: str
    count: int
    since: datetime
    gone_at: datetime | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertDelivery:
    """A way to tell operators: its last success, its last failure, and since when it fails."""

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


async def try_lead(ledger: Connection) -> bool:
    """Try to become the leader; it stays so until the connection goes back to its pool."""
    return await ledger.fetchval("SELECT pg_try_advisory_lock($1)", locks.ALERTS) is True


async def note(ledger: Connection, found: Mapping[str, int]) -> None:
    """Take down what stands now; what does not has gone, and is forgotten if nobody knew it."""
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
    """Keep what these channels were told while the ledger was away, and since how long it stood."""
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
    """Return the causes that have stood, or been gone, for so long."""
    rows = await ledger.fetch(
        "SELECT * FROM alert WHERE coalesce(gone_at, since) <= now() - $1::interval"
        " ORDER BY since, cause",
        after,
    )
    return [Alert(**{**row, "told": tuple(row["told"])}) for row in rows]


async def standing(ledger: Connection) -> list[Alert]:
    """Return every cause that stands, the oldest first."""
    rows = await ledger.fetch("SELECT * FROM alert WHERE gone_at IS NULL ORDER BY since, cause")
    return [Alert(**{**row, "told": tuple(row["told"])}) for row in rows]


async def tell(ledger: Connection, cause: str, channel: str) -> None:
    """Note that this channel knows that the cause stands."""
    await ledger.execute(
        "UPDATE alert SET told = array_append(told, $2) WHERE cause = $1", cause, channel
    )


async def tell_over(ledger: Connection, cause: str, channel: str) -> None:
    """Note that this channel knows that the cause is over."""
    await ledger.execute(
        "UPDATE alert SET told = array_remove(told, $2) WHERE cause = $1", cause, channel
    )
