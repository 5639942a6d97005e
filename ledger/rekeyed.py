"""Persons whose row the registrar has replaced: the keys under which the ledger knew them before.

A person is known again by the insurance number, and by the names, birth date and contacts that an
account was made for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from domain import dates
from domain.contracts.people import Enrolment, Person
from ledger import noted_names
from postgres import Pool
from security.keys import KeyRing

_BORN, _NUMBER, _CONTACT = "born:", "number ", "contact:"
_ENOUGH = 3


async def former(pool: Pool, person_keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of this person's rows that the registrar has no more."""
    rows = await pool.fetch(
        "SELECT DISTINCT former_key FROM rekeyed WHERE person_key = ANY($1) ORDER BY former_key",
        person_keys,
    )
    return tuple(row["former_key"] for row in rows)


async def all_former(pool: Pool) -> dict[str, tuple[str, ...]]:
    """Return, for each key of a person, the keys of their rows that the registrar has no more."""
    rows = await pool.fetch(
        "SELECT person_key, array_agg(former_key ORDER BY former_key) AS former FROM rekeyed"
        " GROUP BY person_key"
    )
    return {row["person_key"]: tuple(row["former"]) for row in rows}


def with_keys(person: Person, keys: Iterable[str]) -> Person:
    more = (key for key in keys if key not in person.keys)
    return person.model_copy(update={"other_keys": (*person.other_keys, *more)})


async def recognised(
    pool: Pool, keys: KeyRing, person: Person
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Look for usernames of other rows under the person's insurance number.

    Returns the keys that are the person's own, and those of others who have the number.
    """
    number = number_of(person)
    if number is None:
        return (), ()
    found = await holders(pool, keys, number, person.keys)
    same = tuple(key for key in found if agrees(keys, person, found[key]))
    return same, tuple(key for key in found if key not in same)


async def note(pool: Pool, person_key: str, former_keys: Iterable[str]) -> None:
    await pool.executemany(
        "INSERT INTO rekeyed (person_key, former_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [(person_key, key) for key in former_keys],
    )


async def holders(
    pool: Pool, keys: KeyRing, number: tuple[str, str], person_keys: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return who else has a username under this insurance number, and what each is found by."""
    index = number_index(keys, number)
    found = (await holders_of(pool, [index])).get(index, {})
    return {key: found_by for key, found_by in found.items() if key not in person_keys}


async def holders_of(pool: Pool, numbers: Sequence[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Return who has a username under each of these indexes of insurance numbers.

    A number that the registrar had, one that was typed, and one of an account that was imported
    count alike.
    """
    rows = await pool.fetch(
        "WITH wanted AS (SELECT unnest($1::text[]) AS number), numbered AS ("
        "SELECT n.number, a.person_key, a.found_by, a.username FROM wanted n"
        " JOIN activation a ON a.found_by @> ARRAY[n.number]"
        " UNION ALL SELECT n.number, a.person_key, a.found_by, a.username FROM wanted n"
        " JOIN insurance i ON i.number_index = n.number"
        " JOIN activation a ON a.person_key = i.person_key), named AS ("
        "SELECT number, person_key, found_by FROM numbered a WHERE username IS NOT NULL"
        " OR EXISTS (SELECT FROM username u WHERE u.person_key = a.person_key)"
        " UNION ALL SELECT n.number, m.person_key, m.found_by FROM wanted n"
        " JOIN imported m ON m.found_by @> ARRAY[n.number])"
        " SELECT number, person_key, found_by FROM named WHERE person_key IS NOT NULL",
        numbers,
    )
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in rows:
        of_number, key = found[row["number"]], row["person_key"]
        of_number[key] = of_number.get(key, frozenset()).union(row["found_by"])
    return dict(found)


def number_index(keys: KeyRing, number: tuple[str, str]) -> str:
    return keys.index("insurance", ":".join(number))


def number_of(person: Person) -> tuple[str, str] | None:
    if person.insurance_scheme and person.insurance_number:
        return person.insurance_scheme, person.insurance_number
    return None


def facts(keys: KeyRing, person: Person, *, alone: bool = True) -> tuple[str, ...]:
    """Return what tells whose an account is, also by another row where the number is theirs alone.

    Without a number, or with one that others have too, it only tells the person from another.
    """
    last, first = _names(person)
    told = noted_names.indexes(keys, (*last, *first)) | set(marks(keys, person))
    number = number_of(person)
    if number and alone:
        told |= {number_index(keys, number), *_contacts(keys, person)}
        return tuple(sorted(told))
    return tuple(sorted(each for each in told if not each.startswith(_CONTACT)))


def marks(keys: KeyRing, person: Person) -> Iterator[str]:
    """Yield what is compared, each as what it is, so that a change is seen."""
    for each in _rows(person):
        if each.birth_date:
            yield _born(keys, each.birth_date)
        if each.insurance_scheme and each.insurance_number:
            number = each.insurance_scheme, each.insurance_number
            yield number_mark(each.insurance_scheme, number_index(keys, number))
    for spellings in _names(person):
        yield from noted_names.marks(keys, spellings)
    yield from (_CONTACT + each for each in _contacts(keys, person))


def number_mark(scheme: str, index: str) -> str:
    return f"{_NUMBER}{scheme}:{index}"


class Compared(NamedTuple):
    """Which facts are the same as those that were noted; None where that cannot be told.

    A birth date with day and month exchanged may be the same.
    """

    last: bool | None
    first: bool | None
    born: bool | None
    number: bool | None
    contact: bool | None


def contradicts(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Whether what was noted under a key of this person's may be somebody else's.

    Nothing is told where surname, first name, birth date or insurance number differ, unless more
    agree than differ, and birth date or number among them with the first name, or both of them. A
    contact counts as well, where the birth date does not differ; a contact that differs only where
    the birth date is not known.
    """
    if not found_by:
        return False
    told = _compared(keys, person, found_by)
    if False not in told[:4] and (told.contact is not False or told.born is not None):
        return False
    surely = (told.first and (told.born or told.number)) or (told.born and told.number)
    counts = told.born is None or (told.born and told.contact)
    facts = (*told[:4], told.contact if counts else None)
    return not surely or facts.count(True) <= facts.count(False)


def agrees(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Whether what was noted under the person's insurance number is theirs, by another row.

    Twins have a surname, a birth date and a parent's contact and number in common, and namesakes
    may have a family's contact: the first name must agree, the birth date must not differ, and
    three of these and surname and a contact must agree.
    """
    told = _compared(keys, person, found_by)
    facts = (told.last, told.first, told.born, told.contact)
    return bool(told.first) and told.born is not False and facts.count(True) >= _ENOUGH


def _compared(keys: KeyRing, person: Person, found_by: Collection[str]) -> Compared:
    rows, own = _rows(person), set(marks(keys, person))
    number = number_of(person)
    numbered = [
        _in_common(own, found_by, number_mark(scheme, ""))
        for scheme in {each.insurance_scheme for each in rows if each.insurance_scheme}
    ]
    if number and number_index(keys, number) in found_by:
        numbered.append(True)
    born = _in_common(own, found_by, _BORN)
    exchanged = (dates.swapped(each.birth_date) for each in rows if each.birth_date)
    if born is False and any(_born(keys, each) in found_by for each in exchanged if each):
        born = None
    contact = _in_common(own, found_by, _CONTACT)
    if not _contacts(keys, person).isdisjoint(found_by):
        contact = True
    return Compared(
        *_names_compared(keys, person, found_by),
        born,
        True if True in numbered else False if False in numbered else None,
        contact,
    )


def _names_compared(
    keys: KeyRing, person: Person, found_by: Collection[str]
) -> tuple[bool | None, bool | None]:
    """Return whether surname and first name are the same.

    The one name of a person who has no other counts as the first name, whichever column it is in.
    A surname that is left of two names does not: it is a twin's as well.
    """
    last, first = _names(person)
    told = (
        noted_names.is_noted(keys, last, found_by),
        noted_names.is_noted(keys, first, found_by),
    )
    if told == (True, None) and noted_names.knows_none_but(keys, (*last, *first), found_by):
        return None, True
    return told


def _in_common(own: Collection[str], found_by: Collection[str], kind: str) -> bool | None:
    """Whether marks of a kind have one in common; None where one has none of them."""
    one, other = ({each for each in marks if each.startswith(kind)} for marks in (own, found_by))
    return not one.isdisjoint(other) if one and other else None


def _rows(person: Person) -> list[Person | Enrolment]:
    return [person, *person.enrolments, *person.former]


def _born(keys: KeyRing, day: date) -> str:
    return _BORN + keys.index("person", f"born {day:%Y%m%d}")


def _names(person: Person) -> tuple[list[str], list[str]]:
    """Return surname and first name in every spelling."""
    rows = _rows(person)
    return (
        [person.last_name_el, *(each.last_name_latin for each in rows)],
        [person.first_name_el, *(each.first_name_latin for each in rows)],
    )


def _contacts(keys: KeyRing, person: Person) -> set[str]:
    mobiles = {keys.index("mobile", each) for each in (person.mobile, person.sms_to) if each}
    return mobiles | {keys.index("email", each) for each in (person.email, person.email_to) if each}
