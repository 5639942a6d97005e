"""Claims: at any moment at most one live activation holds a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from domain import names
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language
from domain.text import identifier
from ledger import rekeyed, used_again
from ledger.activations import WITH_ACCOUNT
from ledger.used_again import NOTED
from postgres import Pool
from security.keys import KeyRing

_NOTE_AND_CLAIM = f"""
WITH {NOTED}, claimed AS (
    INSERT INTO activation AS a
        (reference, language, person_key, student_number_index, department, found_by, name)
    VALUES ($1, $4, $5, $6, $7, $8, $9) ON CONFLICT (reference) DO UPDATE SET
        person_key = $5, student_number_index = $6, department = $7, found_by = $8, name = $9
    RETURNING reference
)
SELECT holders, has_account FROM claimed, claim_person(claimed.reference, $10, $11, $12)
"""  # noqa: S608 - a constant
_CLAIM = "SELECT holders, has_account FROM claim_person($1, $2, $3, $4)"


class ClaimHeld(NamedTuple):
    """`holders` hold a key of the person each; `has_account`: one has ended with an account."""

    holders: set[str]
    has_account: bool


def keys_of(keys: KeyRing, person: Person, own_keys: Mapping[str, str]) -> list[str]:
    """Return the claim keys of a person: one per enrolment, and one for the insurance number.

    A row's key in `own_keys` replaces its number's index, as somebody else who had the number
    before may have a live activation too.
    """
    rows = [
        f"{each.system_id}/{each.registration_id}" for each in (*person.enrolments, *person.former)
    ]
    held = [
        own_keys.get(keys.index("person", row)) or keys.index("registration", row) for row in rows
    ]
    if person.insurance_number:
        number = f"{person.insurance_scheme}:{person.insurance_number}"
        held.append(keys.index("insurance", number))
    return held


async def note_and_claim(
    pool: Pool,
    keys: KeyRing,
    *,
    reference: str,
    person: Person,
    language: Language,
    own_keys: Mapping[str, str] | None = None,
) -> ClaimHeld:
    """Record whose activation this is, and their own keys (upsert), then claim like `claim`.

    Both are seen at once, so that no rival takes this holder for an ended one.
    """
    own, newest = own_keys or {}, person.enrolments[0]
    name = f"{person.first_name_el} {person.last_name_el}".strip()
    row = await pool.fetchrow(
        _NOTE_AND_CLAIM,
        *used_again.parameters(reference, own),
        language,
        person.person_key,
        keys.index("student_number", newest.registration_id),
        newest.department_id,
        sorted(set(_found_by(keys, person))),
        keys.encrypt("name", reference, name),
        keys_of(keys, person, own),
        person.keys,
        WITH_ACCOUNT,
    )
    return _held(row)


async def claim(
    pool: Pool, *, reference: str, keys: Sequence[str], person_keys: Sequence[str] = ()
) -> ClaimHeld:
    """Try to hold all keys, or else none; return the references that hold any of them.

    Returns also whether an activation of the person ended with an account, read after the claim.
    """
    return _held(await pool.fetchrow(_CLAIM, reference, keys, person_keys, WITH_ACCOUNT))


def _held(row: asyncpg.Record | None) -> ClaimHeld:
    assert row is not None  # noqa: S101 - the function has one row
    return ClaimHeld(set(row["holders"]), row["has_account"])


def _found_by(keys: KeyRing, person: Person) -> Iterator[str]:
    yield from rekeyed.marks(keys, person)
    for each in (*person.enrolments, *person.former):
        yield keys.index("found_number", identifier(each.registration_id))
    if person.insurance_number:
        yield keys.index("insurance", f"{person.insurance_scheme}:{person.insurance_number}")
    if person.mobile:
        yield keys.index("mobile", person.mobile)
    if person.email:
        yield keys.index("email", person.email)
    spellings = (
        person.first_name_el,
        person.last_name_el,
        person.first_name_latin,
        person.last_name_latin,
    )
    for beginning in names.beginnings(" ".join(spellings)):
        yield keys.index("name", beginning)


async def release(pool: Pool, reference: str) -> None:
    await pool.execute("DELETE FROM claim WHERE reference = $1", reference)
