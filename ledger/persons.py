"""Everything that the ledger has of one person, told to them.

`TOLD` has each column that says something; keyed hashes, secrets and the engine's own numbers are
left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
from cryptography.exceptions import InvalidTag

from ledger import invitations
from ledger.traced import Traced
from postgres import Pool, exists
from security import receipt_tokens
from security.keys import KeyRing


class ToldTable(NamedTuple):
    """Which columns are told of the rows that one of the columns `by` finds.

    Each of `encrypted` has the purpose of its key and the column that its text is bound to.
    """

    columns: tuple[str, ...]
    by: tuple[str, ...] = ("reference",)
    encrypted: Mapping[str, tuple[str, str]] = {}


_PERSON = ("person_key",)
TOLD = {
    "activation": ToldTable(
        (
            *("reference", "language", "department", "started_at", "ended_at", "end_step"),
            *("name", "username"),
        ),
        encrypted={"name": ("name", "reference"), "username": ("username", "reference")},
    ),
    "assignment": ToldTable(("reference", "assignee", "assigned_by", "at")),
    "attempt": ToldTable(("reference", "outcome", "at")),
    "audit": ToldTable(("reference", "at", "actor", "action")),
    "case_note": ToldTable(
        ("reference", "request", "at", "author", "addressee", "text"),
        ("reference", "request"),
        {"text": ("case_note", "id")},
    ),
    "consent": ToldTable(
        (
            *("reference", "terms_version", "choices", "language", "accepted_at", "recorded_at"),
            *("withdrawal", "shown"),
        ),
        encrypted={"shown": ("consent", "reference")},
    ),
    "finding": ToldTable(
        (
            *("reference", "kind", "username", "first_seen", "last_seen", "confirmed_at"),
            *("mended_at", "settled_at", "gone_at"),
        ),
        encrypted={"username": ("username", "subject")},
    ),
    "imported": ToldTable(("name", "by_code", "noted_at"), _PERSON),
    "insurance": ToldTable(
        ("reference", "scheme", "number", "warnings", "recorded_at"),
        _PERSON,
        {"number": ("insurance", "person_key")},
    ),
    "invitation": ToldTable(
        (
            *("campaign", "round", "enrolment", "department", "state", "why", "channel", "parts"),
            *("tries", "planned_at", "claimed_at", "finished_at"),
        ),
        _PERSON,
        {"enrolment": ("invitation", "person_key")},
    ),
    "message": ToldTable(("reference", "channel", "reserved_at", "outcome", "finished_at")),
    "miss": ToldTable(("times", "last_at"), ("contact_index",)),
    "objection": ToldTable(("noted_at",), _PERSON),
    "post": ToldTable(("reference", "at")),
    "receipt": ToldTable(("state", "told_at"), ("message_index",)),
    "session": ToldTable(("reference", "created_at", "seen_at")),
    "support_request": ToldTable(
        (
            *("id", "reference", "step", "language", "created_at", "mailed_at", "mail_outcome"),
            *("name", "reply_to", "phone", "text", "answer", "closing", "settled_by", "settled_at"),
            *("answer_outcome", "assignee"),
        ),
        ("id",),
        {
            **dict.fromkeys(("name", "reply_to", "phone", "text"), ("support_request", "id")),
            **dict.fromkeys(("answer", "closing"), ("support_answer", "id")),
        },
    ),
    "username": ToldTable(("name", "reserved_at"), _PERSON),
}
_REQUESTS = "SELECT id FROM support_request WHERE reference = ANY($1)"
_MESSAGES = "SELECT key FROM message WHERE reference = ANY($1)"
_INVITATIONS = "SELECT id FROM invitation WHERE person_key = ANY($1)"
_CONTACTS = (
    "SELECT unnest(found_by || ARRAY[mobile_index, email_index])"
    " FROM activation WHERE reference = ANY($1)"
)
UNREADABLE = "-"
"""Stands for what does not decrypt, as the engine has not written it."""


async def known(pool: Pool, person: Traced) -> bool:
    """Return whether the ledger has anything of this person."""
    return bool(person.references or person.requests or person.undecided) or await exists(
        pool,
        "(SELECT person_key FROM username UNION ALL SELECT person_key FROM imported"
        " UNION ALL SELECT person_key FROM insurance"
        " UNION ALL SELECT person_key FROM invitation"
        " UNION ALL SELECT person_key FROM objection) had WHERE person_key = ANY($1)",
        person.keys,
    )


async def held(pool: Pool, keys: KeyRing, person: Traced) -> dict[str, list[dict[str, Any]]]:
    """Return in words what the ledger has of a person, by table."""
    asked = await _column(pool, _REQUESTS, person.references)
    sent = await _column(pool, _MESSAGES, person.references)
    invited = map(invitations.message_key, await _column(pool, _INVITATIONS, person.keys))
    requests = [*{*person.requests, *asked}]
    values: Mapping[str, Sequence[str]] = {
        "reference": person.references,
        "person_key": person.keys,
        "id": requests,
        "request": requests,
        "contact_index": await _column(pool, _CONTACTS, person.references),
        "message_index": [receipt_tokens.index_of(keys, each) for each in (*sent, *invited)],
    }
    told = {name: await _rows(pool, keys, name, values) for name in TOLD}
    for each in told["support_request"]:
        # The name that the export of 1.0 has.
        each["at"] = each.pop("created_at")
    return told


async def _column(pool: Pool, statement: str, values: Sequence[str]) -> list[Any]:
    return [row[0] for row in await pool.fetch(statement, values)]


async def _rows(
    pool: Pool, keys: KeyRing, name: str, values: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    table = TOLD[name]
    rows = await pool.fetch(_query(name), *(values[by] for by in table.by))
    return [_told(keys, table, row) for row in rows]


def _query(name: str) -> str:
    table = TOLD[name]
    read = {*table.columns, *(bound for _, bound in table.encrypted.values())}
    found = (f"{by} = ANY(${number})" for number, by in enumerate(table.by, 1))
    return f"SELECT {', '.join(read)} FROM {name} WHERE {' OR '.join(found)}"  # noqa: S608 - constants of this module


def _told(keys: KeyRing, table: ToldTable, row: asyncpg.Record) -> dict[str, Any]:
    told = {column: row[column] for column in table.columns}
    for column, (purpose, bound) in table.encrypted.items():
        try:
            box = row[column]
            told[column] = keys.decrypt(purpose, row[bound], box) if box else None
        except InvalidTag:
            told[column] = UNREADABLE
    return told
