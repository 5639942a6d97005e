"""Requests of students for help, and the answers of staff: encrypted, one row per request.

The first who answers or closes a request settles it; for whoever comes second `settle` returns
False. A request whose answer was undeliverable stays open: it can only be closed, because it has no
other address.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg
from cryptography.exceptions import InvalidTag

from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import Language, Step, WaitReason
from ledger.words import word
from postgres import Pool
from security.keys import KeyRing
from settings.rules import SendBudget

_OPEN = f"closing IS NULL AND (answer IS NULL OR answer_outcome = '{Delivery.UNDELIVERABLE}')"
_UNMAILED = "mailed_at IS NULL AND closing IS NULL"
_OPEN_IN = (
    "FROM support_request s LEFT JOIN activation a USING (reference)"
    f" WHERE {_OPEN} AND ($1::text[] IS NULL OR a.department = ANY($1))"
)


class HelpLetter(StrEnum):
    """How support is told of a request: by a letter of its own, by one for many, or on the page."""

    OWN = "own"
    MORE = "more"
    NONE = "none"


@dataclass(frozen=True)
class HelpRequest:
    """A request as sent; `reference` and `step` (of that time) are None without an activation."""

    id: str
    reference: str | None
    step: str | None
    language: Language
    name: str
    reply_to: str
    text: str
    phone: str = ""


@dataclass(frozen=True)
class Waiting:
    """A request as listed, without personal data; `delivery` is the outcome of its answer.

    `unread`: the mail server refused the letter to the desk, which can read it in the console only.
    """

    id: str
    reference: str | None
    department: str | None
    step: str | None
    language: Language
    created_at: datetime
    delivery: Delivery | None
    unread: bool = False
    assignee: str | None = None


@dataclass(frozen=True)
class HelpRequestDetail:
    """All that is stored of a request; `closing` is why it was closed without a (new) answer."""

    line: Waiting
    request: HelpRequest
    answer: str | None
    closing: str | None
    settled_id: str | None
    settled_by: str | None
    settled_at: datetime | None

    @property
    def is_open(self) -> bool:
        refused = self.line.delivery is Delivery.UNDELIVERABLE
        return self.closing is None and (self.answer is None or refused)


async def put(pool: Pool, keys: KeyRing, request: HelpRequest) -> None:
    """Insert a request (idempotent by its id)."""
    name, reply_to, text, phone = (
        keys.encrypt("support_request", request.id, value)
        for value in (request.name, request.reply_to, request.text, request.phone)
    )
    await pool.execute(
        "INSERT INTO support_request (id, reference, step, language, name, reply_to, text,"
        " phone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        request.id,
        request.reference,
        request.step,
        request.language,
        name,
        reply_to,
        text,
        phone,
    )


async def unmailed(pool: Pool, keys: KeyRing, request_id: str) -> HelpRequest | None:
    """Return a request not mailed to support yet; None when it was, is closed, or is gone."""
    row = await pool.fetchrow(
        f"SELECT * FROM support_request WHERE id = $1 AND {_UNMAILED}",  # noqa: S608 - a constant of this module
        request_id,
    )
    return _read(keys, row) if row else None


async def take_letter(pool: Pool, request_id: str, budget: SendBudget) -> HelpLetter:
    """Return how support is told of this request, and count it; a repeated one is told alike."""
    hour, day = budget.help_letters_per_hour, budget.help_letters_per_day
    return HelpLetter(
        await pool.fetchval("SELECT take_help_letter($1, $2, $3)", request_id, hour, day)
    )


async def mailed(pool: Pool, request_id: str, outcome: Delivery = Delivery.SENT) -> None:
    await pool.execute(
        "UPDATE support_request SET mailed_at = now(), mail_outcome = $2 WHERE id = $1",
        request_id,
        outcome,
    )


async def left_behind(pool: Pool) -> list[str]:
    """Return up to 20 unmailed requests over a minute old, at random, so that none starves."""
    return await _some(pool, _UNMAILED, "created_at")


async def waiting(
    pool: Pool, departments: Collection[str] | None, *, limit: int, offset: int
) -> list[Waiting]:
    """Return one page of open requests of these departments (None: of all), the oldest first.

    Those of a known person come before the others: anybody can ask for help, any number of times.
    """
    rows = await pool.fetch(
        f"SELECT s.*, a.department {_OPEN_IN}"
        " ORDER BY a.person_key IS NULL, s.created_at, s.id LIMIT $2 OFFSET $3",
        departments,
        limit,
        offset,
    )
    return [_listed(row) for row in rows]


async def assigned(pool: Pool, departments: Collection[str] | None, name: str) -> list[Waiting]:
    """Return the open requests of these departments that are assigned to this name."""
    rows = await pool.fetch(
        f"SELECT s.*, a.department {_OPEN_IN} AND (assignee = $2"
        " OR nullif(split_part(assignee, '~', 2), '') = split_part($2, '~', 2))"
        " ORDER BY s.created_at, s.id",
        departments,
        name,
    )
    return [_listed(row) for row in rows]


async def open_count(pool: Pool, departments: Collection[str] | None) -> int:
    """Return how many requests of these departments (None: of all) are open."""
    count: int = await pool.fetchval(f"SELECT count(*) {_OPEN_IN}", departments)
    return count


async def standing(pool: Pool, keys: KeyRing, request_id: str) -> HelpRequestDetail | None:
    """Return a request with its answer and state; None when there is none.

    What does not decrypt, as the engine has not written it, is empty: staff see that and close it.
    """
    row = await pool.fetchrow(
        "SELECT s.*, a.department FROM support_request s LEFT JOIN activation a USING (reference)"
        " WHERE s.id = $1",
        request_id,
    )
    if row is None:
        return None
    answer, closing = (
        keys.decrypt("support_answer", request_id, row[column]) if row[column] else None
        for column in ("answer", "closing")
    )
    settled = row["settled_id"], row["settled_by"], row["settled_at"]
    try:
        request = _read(keys, row)
    except InvalidTag:
        request = _request(row, "", "", "")
    return HelpRequestDetail(_listed(row), request, answer, closing, *settled)


async def settle(
    pool: Pool,
    keys: KeyRing,
    request_id: str,
    *,
    by: str,
    settled_id: str,
    answer: str | None = None,
    closing: str | None = None,
) -> bool:
    """Store the answer, or why none is sent; return False when settled before, or gone."""
    answer_box, closing_box = (
        keys.encrypt("support_answer", request_id, text) if text is not None else None
        for text in (answer, closing)
    )
    done = await pool.fetchval(
        "UPDATE support_request SET answer = coalesce(answer, $2), closing = $3,"  # noqa: S608 - constants of this module
        " settled_by = $4, settled_id = $5, settled_at = now()"
        f" WHERE id = $1 AND {_OPEN} AND (answer IS NULL OR $2::bytea IS NULL) RETURNING true",
        request_id,
        answer_box,
        closing_box,
        by,
        settled_id,
    )
    return bool(done)


async def delivered(pool: Pool, request_id: str, outcome: Delivery) -> None:
    await pool.execute(
        "UPDATE support_request SET answer_outcome = $2 WHERE id = $1", request_id, outcome
    )


async def answers_left_behind(pool: Pool) -> list[str]:
    """Return up to 20 requests answered over a minute ago whose answer is not sent, at random."""
    return await _some(pool, "answer IS NOT NULL AND answer_outcome IS NULL", "settled_at")


async def _some(pool: Pool, condition: str, since: str) -> list[str]:
    rows = await pool.fetch(
        f"SELECT id FROM support_request WHERE {condition}"  # noqa: S608 - constants of this module
        f" AND {since} < now() - interval '1 minute' ORDER BY random() LIMIT 20"
    )
    return [row["id"] for row in rows]


def _read(keys: KeyRing, row: asyncpg.Record) -> HelpRequest:
    texts = (
        "" if row[column] is None else keys.decrypt("support_request", row["id"], row[column])
        for column in ("name", "reply_to", "text", "phone")
    )
    return _request(row, *texts)


def _request(row: asyncpg.Record, *texts: str) -> HelpRequest:
    language = word(Language, row["language"]) or Language.EL
    return HelpRequest(row["id"], row["reference"], _state(row["step"]), language, *texts)


def _state(stored: str | None) -> str | None:
    """Return a step, with or without a wait reason; None for none, and for other words."""
    step, _, reason = (stored or "").partition(" ")
    known = word(Step, step) and (not reason or word(WaitReason, reason))
    return stored if known else None


def _listed(row: asyncpg.Record) -> Waiting:
    return Waiting(
        row["id"],
        row["reference"],
        row["department"],
        _state(row["step"]),
        word(Language, row["language"]) or Language.EL,
        row["created_at"],
        word(Delivery, row["answer_outcome"]),
        row["mail_outcome"] == Delivery.UNDELIVERABLE,
        row["assignee"],
    )
