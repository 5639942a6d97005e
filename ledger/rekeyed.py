"""Persons whose row the registrar has replaced: the keys under which the ledger knew them before.

A person is known again by the insurance number and the names that an account was made for.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from domain import names
from domain.contracts.requests import (
    CheckAccount,
    Enrolment,
    Person,
    ProvisionAccount,
    ResolveAccount,
)
from ledger.pool import Pool
from security.keys import KeyRing

R = TypeVar("R", ResolveAccount, ProvisionAccount, CheckAccount)


async def former(pool: Pool, person_keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of this person's rows that the registrar has no more."""
    rows = await pool.fetch(
        "SELECT DISTINCT former_key FROM rekeyed WHERE person_key = ANY($1) ORDER BY former_key",
        person_keys,
    )
    return tuple(row["former_key"] for row in rows)


async def known(pool: Pool, person: Person) -> Person:
    """Return the person with the keys of their rows that the registrar has no more."""
    return with_keys(person, await former(pool, person.keys))


async def widened(pool: Pool, request: R) -> R:
    """Return the request with every key under which the ledger knows the person."""
    return request.model_copy(update={"person": await known(pool, request.person)})


def with_keys(person: Person, keys: Iterable[str]) -> Person:
    more = (key for key in keys if key not in person.keys)
    return person.model_copy(update={"other_keys": (*person.other_keys, *more)})


async def recognised(pool: Pool, keys: KeyRing, person: Person) -> tuple[tuple[str, ...], bool]:
    """Look for usernames of other rows under the person's insurance number.

    Returns the keys that are the person's own, and whether another person has the number.
    """
    if not (person.insurance_scheme and person.insurance_number):
        return (), False
    number = (person.insurance_scheme, person.insurance_number)
    found = await holders(pool, keys, number, person.keys)
    same = tuple(key for key in found if agrees(keys, person, found[key]))
    return same, len(same) < len(found)


async def note(pool: Pool, person_key: str, former_keys: Iterable[str]) -> None:
    await pool.executemany(
        "INSERT INTO rekeyed (person_key, former_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [(person_key, key) for key in former_keys],
    )


async def holders(
    pool: Pool, keys: KeyRing, number: tuple[str, str], person_keys: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return who else has a username under this insurance number, and what each is found by.

    A number that the registrar had and one that was typed count alike.
    """
    rows = await pool.fetch(
        "SELECT a.person_key, a.found_by FROM activation a WHERE a.person_key <> ALL($2)"
        " AND (a.found_by @> ARRAY[$1] OR a.person_key = ANY(ARRAY("
        "SELECT i.person_key FROM insurance i WHERE i.number_index = $1)))"
        " AND (a.username IS NOT NULL"
        " OR EXISTS (SELECT FROM username u WHERE u.person_key = a.person_key))",
        keys.index("insurance", ":".join(number)),
        person_keys,
    )
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        found[row["person_key"]] = found.get(row["person_key"], frozenset()).union(row["found_by"])
    return found


def agrees(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Whether an activation found by this is of the same names, or of one name and a contact."""
    every: list[Person | Enrolment] = [person, *person.enrolments, *person.former]
    last = _named(keys, (person.last_name_el, *(each.last_name_latin for each in every)))
    first = _named(keys, (person.first_name_el, *(each.first_name_latin for each in every)))
    contacts = {keys.index("mobile", each) for each in (person.mobile, person.sms_to) if each}
    contacts |= {keys.index("email", each) for each in (person.email, person.email_to) if each}
    agreeing = [not facts.isdisjoint(found_by) for facts in (last, first, contacts)]
    return any(agreeing[:2]) and sum(agreeing) > 1


def _named(keys: KeyRing, spellings: Iterable[str]) -> set[str]:
    """Return the indexes by which the words of a name are found, as long as they are kept."""
    words = {word for each in spellings for word in names.words(each) if len(word) >= names.FEWEST}
    return {keys.index("name", word[: names.MOST]) for word in words}
