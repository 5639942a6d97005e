"""Messages: what was sent where and when, never its text; and how many a contact may get."""

from datetime import datetime, timedelta

from domain.contracts.requests import Delivery, Destination, ReserveSend
from domain.contracts.vocabulary import Channel
from ledger.pool import Pool
from security.keys import KeyRing

_WINDOWS = (timedelta(hours=1), timedelta(days=1))


async def reserve(
    pool: Pool, keys: KeyRing, request: ReserveSend, *, per_hour: int, per_day: int
) -> datetime | None:
    """Reserve a PIN message to a contact, counted over all activations.

    Returns None when reserved (also when it already was), else when the next one is allowed.
    The contact is locked for the transaction, so that racing requests are counted one by one.
    """
    contact = contact_index(keys, request.destination)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", contact)
        key = pin_key(request.reference, request.send_no)
        if await connection.fetchval("SELECT EXISTS (SELECT FROM message WHERE key = $1)", key):
            return None
        for window, limit in zip(_WINDOWS, (per_hour, per_day), strict=True):
            nth_last: datetime | None = await connection.fetchval(
                "SELECT reserved_at FROM message WHERE contact_index = $1 AND key LIKE '%:pin:%'"
                " AND reserved_at > now() - $2::interval"
                " ORDER BY reserved_at DESC OFFSET $3 LIMIT 1",
                contact,
                window,
                limit - 1,
            )
            if nth_last:
                return nth_last + window
        await connection.execute(
            "INSERT INTO message (key, reference, channel, contact_index) VALUES ($1, $2, $3, $4)",
            key,
            request.reference,
            request.destination.channel,
            contact,
        )
        return None


async def sent(pool: Pool, key: str) -> Delivery | None:
    """Return the recorded outcome of this message, None while it has none."""
    outcome = await pool.fetchval("SELECT outcome FROM message WHERE key = $1", key)
    return Delivery(outcome) if outcome else None


async def record(
    pool: Pool,
    keys: KeyRing,
    *,
    key: str,
    reference: str,
    destination: Destination,
    outcome: Delivery,
) -> None:
    """Note that a message was handed over or refused; the first note stands."""
    await pool.execute(
        "INSERT INTO message AS m"
        " (key, reference, channel, contact_index, outcome, finished_at)"
        " VALUES ($1, $2, $3, $4, $5, now())"
        " ON CONFLICT (key) DO UPDATE SET outcome = $5, finished_at = now()"
        " WHERE m.outcome IS NULL",
        key,
        reference,
        destination.channel,
        contact_index(keys, destination),
        outcome,
    )


def contact_index(keys: KeyRing, destination: Destination) -> str:
    purpose = "mobile" if destination.channel is Channel.SMS else "email"
    return keys.index(purpose, destination.to)


def pin_key(reference: str, send_no: int) -> str:
    return f"{reference}:pin:{send_no}"


def notice_key(reference: str, notice_no: int) -> str:
    return f"{reference}:notice:{notice_no}"
