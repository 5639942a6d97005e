"""Everything that the ledger has of one person, told to them."""

from itertools import chain
from typing import Any

from ledger import insurance, notes, support_requests
from ledger.traced import Traced
from postgres import Pool, exists
from security.keys import KeyRing


async def known(pool: Pool, person: Traced) -> bool:
    """Return whether the ledger has anything of this person."""
    return bool(person.references or person.requests or person.undecided) or await exists(
        pool,
        "(SELECT person_key FROM username UNION ALL SELECT person_key FROM imported"
        " UNION ALL SELECT person_key FROM insurance"
        " UNION ALL SELECT person_key FROM invitation) had WHERE person_key = ANY($1)",
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
            "phone": each.request.phone,
            "text": each.request.text,
            "answer": each.answer,
            "closing": each.closing,
        }
        for each in found
        if each
    ]
    written = [await notes.of(pool, keys, each) for each in person.references]
    written += [await notes.of_request(pool, keys, each) for each in sorted(requests)]
    told["case_note"] = [
        {"at": note.at, "author": note.author, "text": note.text}
        for note in dict.fromkeys(chain.from_iterable(written))
    ]
    told["miss"] = [dict(row) for row in await pool.fetch(_MISSES_OF_CONTACTS, person.references)]
    told["insurance"] = await insurance.of(pool, keys, person.keys)
    told["username"] = await _all(pool, "username", "name, reserved_at", person)
    told["invitation"] = await _all(
        pool, "invitation", "campaign, round, state, why, channel, planned_at, finished_at", person
    )
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
