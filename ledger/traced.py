"""Finds all activations of one person, and their requests for help: to tell them, or to erase them.

The person is named by the reference of any of their activations, or by a number of the registrar.
An activation that proved no contact has no person. It is found by the contact that began it, and by
the person for whose contact a message was reserved. What stands only for a contact that others have
too may be theirs: requests for help are then left to whoever asks.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from domain import contacts
from domain.references import normalise
from domain.rules import InvalidInput
from ledger import erasure, support_requests
from ledger.support_requests import HelpRequestDetail
from postgres import Pool, exists
from security.keys import KeyRing

_OF_KEYS = "activation WHERE reference = $1 OR person_key = ANY($2)"
_MEANT = (
    "SELECT DISTINCT m.person_key FROM message m JOIN activation a USING (reference)"
    " WHERE m.reference = $1 AND a.person_key IS NULL AND m.person_key IS NOT NULL"
)
_UNPROVED = """
SELECT a.reference, a.mobile_index, a.email_index, ARRAY(
    SELECT s.id FROM support_request s WHERE s.reference = a.reference ORDER BY s.id
) AS requests, ARRAY(
    SELECT m.contact_index FROM message m
    WHERE m.reference = a.reference AND m.person_key = ANY($2) AND m.contact_index <> ''
) AS used FROM activation a
WHERE a.person_key IS NULL AND (
    a.reference IN (SELECT m.reference FROM message m WHERE m.person_key = ANY($2))
    OR (a.mobile_index = ANY($1) OR a.email_index = ANY($1)) AND NOT EXISTS (
        SELECT FROM message m WHERE m.reference = a.reference AND m.person_key <> ALL($2)
    )
) ORDER BY a.reference
"""
_SHARED = """
SELECT used FROM unnest($1::text[]) used WHERE EXISTS (
    SELECT FROM activation a WHERE a.person_key <> ALL($2)
    AND (a.mobile_index = used OR a.email_index = used OR a.found_by @> ARRAY[used])
) OR EXISTS (
    SELECT FROM imported i WHERE i.person_key <> ALL($2) AND i.found_by @> ARRAY[used]
) OR EXISTS (
    SELECT FROM message m WHERE m.contact_index = used AND m.send_no > 0
    AND (m.person_key IS NULL OR m.person_key <> ALL($2))
)
"""
_OF_OTHERS = (
    "SELECT reference FROM activation WHERE person_key <> ALL($2)"
    " AND (mobile_index = ANY($1) OR email_index = ANY($1)) ORDER BY reference"
)
_OF_SOMEBODY = (
    "activation a WHERE person_key IS NOT NULL"
    " AND (mobile_index = ANY($1) OR email_index = ANY($1) OR found_by && $1)"
)
_MEANT_SOMEBODY = "message WHERE contact_index = ANY($1) AND person_key IS NOT NULL"


class NumberUsedAgain(Exception):
    """The registrar gave the number to another person: it does not say who is meant."""


class NobodyNamed(Exception):
    """The activation proved nothing, and somebody who is known has its contact too."""


@dataclass(frozen=True)
class RegisteredPerson:
    """What the registrar has of a person: every key, and the indexes of all contacts.

    `shared` are contacts that other persons have too.
    """

    keys: tuple[str, ...] = ()
    contacts: frozenset[str] = field(default=frozenset())
    shared: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Traced:
    """A person's keys and activations, and their requests for help without an activation.

    What tells whose the others are comes after these, and the activation by which the person was
    named comes last: while it stands they can be found.
    `undecided` are requests for help that may be another's, who has the same contact, and `others`
    activations of such persons, in whose histories this person may be.
    """

    keys: tuple[str, ...]
    references: tuple[str, ...]
    requests: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def without_effect(self, decided: Collection[str]) -> tuple[str, ...]:
        """Return which requests were named as the person's, but were not left to be decided."""
        return tuple(sorted({*decided}.difference(self.requests)))


async def trace(
    pool: Pool,
    keys: KeyRing,
    named: str,
    *,
    region: str,
    on_file: RegisteredPerson,
    decided: Collection[str] = (),
) -> Traced:
    """Find a person; without any trace the result is empty.

    `decided` are requests for help that are the person's, although others have the contact too.
    Raises `NumberUsedAgain` and `NobodyNamed`.
    """
    reference = normalise(named)
    some = await _some_keys(pool, keys, reference, named, on_file)
    own = await erasure.keys_of(pool, reference, some)
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
    indexes |= on_file.contacts
    if rows and not own and await _is_somebodys(pool, indexes):
        raise NobodyNamed
    unproved = await pool.fetch(_UNPROVED, list(indexes), own)
    for row in unproved:
        indexes.update(row["used"])
    used = list(indexes)
    asked = {
        each.request.id: written
        for each in await _without_activation(pool, keys)
        if (written := _contacts(keys, each, region)) & indexes
    }
    told = list(indexes.union(*asked.values()))
    shared = {row["used"] for row in await pool.fetch(_SHARED, told, own)} | on_file.shared
    # Theirs if it names a contact of theirs alone, and none of which only another is known.
    sure = {
        each
        for each, written in asked.items()
        if written & indexes - shared and not written & shared - indexes
    }
    doubtful = {*asked} - sure
    proved = [row["reference"] for row in rows]
    theirs = [*proved]
    for row in unproved:
        begun = {row["mobile_index"], row["email_index"]} & indexes
        if row["used"] or not begun <= shared or row["reference"] in proved:
            theirs.append(row["reference"])
        elif {*row["requests"]} <= {*decided}:
            theirs.append(row["reference"])
            doubtful.update(row["requests"])
        else:
            doubtful.update(row["requests"])
    theirs.sort(key=lambda each: (each == reference, each in proved, each))
    others = [row["reference"] for row in await pool.fetch(_OF_OTHERS, used, own)] if own else []
    return Traced(
        tuple(own),
        tuple(dict.fromkeys(theirs)),
        tuple(sorted(sure | doubtful.intersection(decided))),
        tuple(sorted(doubtful.difference(decided))),
        tuple(others),
    )


async def _some_keys(
    pool: Pool, keys: KeyRing, reference: str | None, named: str, on_file: RegisteredPerson
) -> Sequence[str]:
    """Return keys of the person; of an activation that proved nothing, whose contact it used."""
    if reference:
        return [row["person_key"] for row in await pool.fetch(_MEANT, reference)]
    some = list(on_file.keys or [keys.index("person", named)])
    if await exists(pool, "key_used_again WHERE registrar_key = ANY($1)", some):
        raise NumberUsedAgain
    return some


async def _is_somebodys(pool: Pool, indexes: set[str]) -> bool:
    used = list(indexes)
    return await exists(pool, _OF_SOMEBODY, used) or await exists(pool, _MEANT_SOMEBODY, used)


async def _without_activation(pool: Pool, keys: KeyRing) -> list[HelpRequestDetail]:
    """Return the requests of no activation, or of one that the ledger lacks or has erased."""
    rows = await pool.fetch(
        "SELECT id FROM support_request s WHERE NOT EXISTS ("
        "SELECT FROM activation a WHERE a.reference = s.reference"
        " AND coalesce(a.mobile_index, a.email_index, a.person_key) IS NOT NULL) ORDER BY id"
    )
    found = [await support_requests.standing(pool, keys, row["id"]) for row in rows]
    return [each for each in found if each]


def _contacts(keys: KeyRing, asked: HelpRequestDetail, region: str) -> set[str]:
    """Return the indexes of the contacts in a request: where to answer, and what its text has."""
    found = set()
    request = asked.request
    texts = (request.reply_to, request.phone, request.text, asked.answer or "", asked.closing or "")
    for text in texts:
        for piece in (*text.split(), *re.findall(r"\+?\d[\d ()./-]{7,18}\d", text)):
            word = piece.strip(".,;:()<>")
            with suppress(InvalidInput):
                found.add(keys.index("mobile", contacts.mobile(word, region)))
            with suppress(InvalidInput):
                found.add(keys.index("email", contacts.email(word)))
    return found
