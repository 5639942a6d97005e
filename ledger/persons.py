"""Everything that the ledger has of one person: what is erased, and what is told to them.

The person is named by the reference of any of their activations, or by a number of the registrar.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from domain import contacts
from domain.references import normalise
from domain.rules import InvalidInput
from ledger import erasure, insurance, notes, support_requests
from ledger.support_requests import HelpRequestDetail
from postgres import Pool, exists
from security.keys import KeyRing

_OF_KEYS = "activation WHERE reference = $1 OR person_key = ANY($2)"
_BY_CONTACT = (
    "ended_at IS NOT NULL AND person_key IS NULL"
    " AND (mobile_index = ANY($1) OR email_index = ANY($1))"
)


class NumberUsedAgain(Exception):
    """The registrar gave the number to another person: it does not say who is meant."""


@dataclass(frozen=True)
class Traced:
    """A person's keys and activations, and their requests for help without an activation.

    The activation by which the person was named comes last: while it stands they can be found.
    """

    keys: tuple[str, ...]
    references: tuple[str, ...]
    requests: tuple[str, ...]


async def traced(pool: Pool, keys: KeyRing, named: str, region: str) -> Traced:
    """Find a person; raises `NumberUsedAgain`. Without any trace the result is empty."""
    reference = normalise(named)
    key = None if reference else keys.index("person", named)
    if key and await exists(pool, "key_used_again WHERE registrar_key = $1", key):
        raise NumberUsedAgain
    own = await erasure.keys_of(pool, reference, key)
    rows = await pool.fetch(
        f"SELECT reference, mobile_index, email_index, found_by FROM {_OF_KEYS}"  # noqa: S608 - a constant
        " ORDER BY reference = $1, reference",
        reference,
        own,
    )
    imported = await pool.fetch("SELECT found_by FROM imported WHERE person_key = ANY($1)", own)
    indexes = {row[name] for row in rows for name in ("mobile_index", "email_index") if row[name]}
    for row in (*rows, *imported):
        indexes.update(each.rpartition(":")[2] for each in row["found_by"])
    others = await pool.fetch(
        f"SELECT reference FROM activation WHERE {_BY_CONTACT}",  # noqa: S608 - a constant
        list(indexes),
    )
    references = [row["reference"] for row in (*others, *rows)]
    requests = [
        each.request.id
        for each in await _without_activation(pool, keys)
        if not indexes.isdisjoint(_contacts(keys, each, region))
    ]
    return Traced(tuple(own), tuple(dict.fromkeys(references)), tuple(requests))


async def known(pool: Pool, person: Traced) -> bool:
    """Return whether the ledger has anything of this person."""
    return bool(person.references or person.requests) or await exists(
        pool,
        "(SELECT person_key FROM username UNION ALL SELECT person_key FROM imported"
        " UNION ALL SELECT person_key FROM insurance) had WHERE person_key = ANY($1)",
        person.keys,
    )


async def held(pool: Pool, keys: KeyRing, person: Traced) -> dict[str, Any]:
    """Return in words what the ledger has of a person; keyed indexes are left out."""
    told: dict[str, Any] = {}
    for table, columns in _TOLD.items():
        rows = await pool.fetch(
            f"SELECT {columns} FROM {table} WHERE reference = ANY($1)",  # noqa: S608 - constants
            person.references,
        )
        told[table] = [_plain(keys, table, dict(row)) for row in rows]
    requests = {
        *person.requests,
        *(row["id"] for row in told["support_request"]),
    }
    found = [await support_requests.standing(pool, keys, each) for each in sorted(requests)]
    told["support_request"] = [
        {
            "id": each.request.id,
            "at": each.line.created_at,
            "name": each.request.name,
            "reply_to": each.request.reply_to,
            "text": each.request.text,
            "answer": each.answer,
            "closing": each.closing,
        }
        for each in found
        if each
    ]
    told["case_note"] = [
        {"at": note.at, "author": note.author, "text": note.text}
        for reference in person.references
        for note in await notes.of(pool, keys, reference)
    ]
    told["miss"] = [dict(row) for row in await pool.fetch(_MISSES_OF_CONTACTS, person.references)]
    told["insurance"] = await insurance.of(pool, keys, person.keys)
    told["username"] = await _all(pool, "username", "name, reserved_at", person)
    told["imported"] = await _all(pool, "imported", "name, by_code, noted_at", person)
    return told


_MISSES_OF_CONTACTS = (
    "SELECT times, last_at FROM miss WHERE contact_index IN (SELECT"
    " unnest(found_by || ARRAY[mobile_index, email_index])"
    " FROM activation WHERE reference = ANY($1))"
)
_TOLD = {
    "activation": "reference, language, department, started_at, ended_at, end_step, name, username",
    "message": "reference, channel, reserved_at, outcome, finished_at",
    "consent": "reference, terms_version, choices, language, accepted_at, withdrawal, shown",
    "session": "reference, created_at, seen_at",
    "post": "reference, at",
    "attempt": "reference, outcome, at",
    "support_request": "id",
    "audit": "reference, at, actor, action",
}
_ENCRYPTED = {"activation": ("name", "username"), "consent": ("shown",)}


def _plain(keys: KeyRing, table: str, row: dict[str, Any]) -> dict[str, Any]:
    for column in _ENCRYPTED.get(table, ()):
        purpose = "consent" if column == "shown" else column
        if row[column]:
            row[column] = keys.decrypt(purpose, row["reference"], row[column])
        else:
            row[column] = None
    return row


async def _all(pool: Pool, table: str, columns: str, person: Traced) -> list[dict[str, Any]]:
    rows = await pool.fetch(
        f"SELECT {columns} FROM {table} WHERE person_key = ANY($1)",  # noqa: S608 - constants
        person.keys,
    )
    return [dict(row) for row in rows]


async def _without_activation(pool: Pool, keys: KeyRing) -> list[HelpRequestDetail]:
    rows = await pool.fetch("SELECT id FROM support_request WHERE reference IS NULL ORDER BY id")
    found = [await support_requests.standing(pool, keys, row["id"]) for row in rows]
    return [each for each in found if each]


def _contacts(keys: KeyRing, asked: HelpRequestDetail, region: str) -> set[str]:
    """Return the indexes of the contacts in a request: where to answer, and what its text has."""
    found = set()
    texts = (asked.request.reply_to, asked.request.text, asked.answer or "", asked.closing or "")
    for text in texts:
        for piece in (*text.split(), *re.findall(r"\+?\d[\d ()./-]{7,18}\d", text)):
            word = piece.strip(".,;:()<>")
            with suppress(InvalidInput):
                found.add(keys.index("mobile", contacts.mobile(word, region)))
            with suppress(InvalidInput):
                found.add(keys.index("email", contacts.email(word)))
    return found
