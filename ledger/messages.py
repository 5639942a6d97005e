"""Messages: what was sent where and when, never its text; and their rate limits."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.codes import CodeBook
from domain.contracts.message_io import Delivery, ReserveSend, SendReserved
from domain.contracts.people import Destination
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Purse
from ledger import allowances, codes
from ledger.allowances import Allowance
from ledger.codes import SAVED
from ledger.words import word
from postgres import Pool
from security.keys import KeyRing
from settings.rules import SendBudget


@dataclass(frozen=True)
class Limits:
    """The rate limits of messages, and the policy that sets how long their codes are valid."""

    budget: SendBudget
    policy: Policy


@dataclass(frozen=True)
class Sending:
    """One message: its kind (`pin` or `notice`), and its outcome, None until it has one.

    `channel` is a plain name: the row outlives a channel that is no longer registered.
    """

    key: str
    kind: str
    channel: str
    reserved_at: datetime
    outcome: Delivery | None
    finished_at: datetime | None


_HOLD = "SELECT * FROM hold_message($1, $2, $3, $4, $5, $6, $7, $8)"
_DETACH_REQUEST = "UPDATE message SET request_no = NULL WHERE key = $1"
_RESERVE = f"""
WITH {SAVED}
INSERT INTO message (
    key, reference, channel, contact_index, person_key, run_id, request_no, send_no, code_no, purse
) VALUES ($8, $1, $9, $10, $11, $12, $13, $14, $15, $16)
"""  # noqa: S608 - a constant
_LAST_SENT = """
SELECT max(finished_at) FROM message
WHERE contact_index = $1 AND key LIKE '%:pin:%' AND outcome = 'sent'
"""


async def reserve(
    pool: Pool, keys: KeyRing, request: ReserveSend, run_id: str, limits: Limits
) -> SendReserved:
    """Reserve a PIN message within the rate limits of contact, person and institution.

    Idempotent within a run: the same request gets the same message or, once its code is no longer
    valid, a new one in its place; the run after a reset uses up the limits again. Contact and
    person are locked for the transaction, so that racing requests are counted one by one, and
    always in the same order, which prevents deadlocks.
    """
    channel, contact = request.destination.channel, contact_index(keys, request.destination)
    to = allowances.To(channel, contact, request.person_key)
    async with pool.acquire() as connection, connection.transaction():
        asked = request.reference, run_id, request.request_no
        bounds = allowances.first_bounds(to, request.purse, limits.budget)
        rows = await connection.fetch(_HOLD, to.holders, *asked, *bounds)
        first, book = rows[0], codes.read(rows, limits.policy)
        row, now = first if first["key"] else None, first["told_at"]
        if row and _still_usable(row, book, now):
            return _reserved(row["send_no"], row["code_no"], book, now)
        if book.locked(now):
            return SendReserved(told_at=now, locked_until=book.locked_until)
        if row:
            allowed = Allowance(Purse(row["purse"]))
        else:
            allowed_at = first["allowed_at"]
            allowed = await allowances.take(
                connection, to, request.purse, limits.budget, now=now, allowed_at=allowed_at
            )
        if allowed.not_before:
            return SendReserved(
                told_at=now,
                not_before=allowed.not_before,
                spent=allowed.spent,
                last_sent_at=await connection.fetchval(_LAST_SENT, contact),
                kept_at=allowed.kept_at,
                tries_left=book.tries_left(now),
            )
        send_no = first["next_no"]
        code_no = book.to_send(send_no, run_id, now) if request.carries_code else None
        if row:
            await connection.execute(_DETACH_REQUEST, row["key"])
        await connection.execute(
            _RESERVE,
            *codes.parameters(request.reference, book),
            pin_key(request.reference, send_no),
            channel,
            contact,
            to.person,
            run_id,
            request.request_no,
            send_no,
            code_no,
            allowed.purse,
        )
        return _reserved(send_no, code_no, book, now)


def _still_usable(row: asyncpg.Record, book: CodeBook, now: datetime) -> bool:
    """Return whether a reserved message is sent already, or still worth sending."""
    if row["outcome"] or row["code_no"] is None:
        return True
    return book.worth_sending(row["code_no"], now)


def _reserved(send_no: int, code_no: int | None, book: CodeBook, now: datetime) -> SendReserved:
    return SendReserved(
        told_at=now,
        send_no=send_no,
        code_no=code_no,
        valid_for=code_no and book.life_left(code_no, now),
        tries_left=book.tries_left(now),
    )


async def sent(pool: Pool, key: str) -> Delivery | None:
    """Return the recorded outcome of this message; None while it has none."""
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
    """Record that a message was handed over or refused; the first outcome stays."""
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


async def of(pool: Pool, reference: str) -> list[Sending]:
    """Return the messages of an activation, the oldest first."""
    rows = await pool.fetch(
        "SELECT key, split_part(key, ':', 2) AS kind, channel, reserved_at, outcome, finished_at"
        " FROM message WHERE reference = $1 ORDER BY reserved_at, key",
        reference,
    )
    return [Sending(**{**row, "outcome": word(Delivery, row["outcome"])}) for row in rows]


def contact_index(keys: KeyRing, destination: Destination) -> str:
    """Return the keyed index (HMAC) of a contact, the same for all channels to it."""
    return keys.index(destination.channel.contact, destination.to)


def pin_key(reference: str, send_no: int) -> str:
    return f"{reference}:pin:{send_no}"


def notice_key(reference: str, notice_no: int) -> str:
    return f"{reference}:notice:{notice_no}"
