"""Finds the former keys of persons whose row the registrar has replaced.

A person is recognised by the insurance number, together with the names, birth date and contacts
that were stored with their account.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from domain import dates
from domain.contracts.people import Enrolment, Person
from ledger import noted_names
from postgres import Connection, Pool
from security.keys import KeyRing

_BORN, _NUMBER, _CONTACT = "born:", "number ", "contact:"
KEY = "key:"
"""Begins the mark of each key of a person; nothing is compared by it, they are found by it."""
_ENOUGH = 3
_IS_NEW = """
SELECT NOT (
    EXISTS (SELECT FROM activation WHERE person_key = ANY($1))
    OR EXISTS (SELECT FROM imported WHERE person_key = ANY($1))
    OR EXISTS (SELECT FROM rekeyed WHERE person_key = ANY($1))
    OR EXISTS (SELECT FROM username WHERE person_key = ANY($1) AND owner_marks <> '{}')
    OR EXISTS (SELECT FROM activation WHERE found_by @> ARRAY[$2::text])
    OR EXISTS (SELECT FROM imported WHERE found_by @> ARRAY[$2])
    OR EXISTS (SELECT FROM insurance WHERE number_index = $2)
)
"""


async def former(pool: Pool, person_keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of this person's rows that the registrar no longer has."""
    rows = await pool.fetch(
        "SELECT DISTINCT former_key FROM rekeyed WHERE person_key = ANY($1) ORDER BY former_key",
        person_keys,
    )
    return tuple(row["former_key"] for row in rows)


async def all_former(pool: Pool) -> dict[str, tuple[str, ...]]:
    """Return by person key the keys of the rows that the registrar no longer has."""
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
    """Find the keys of other rows with a username and the person's insurance number.

    Returns the person's own keys, and those of other persons.
    """
    number = number_of(person)
    if number is None:
        return (), ()
    found = await holders(pool, keys, number, person.keys)
    same = tuple(key for key in found if agrees(keys, person, found[key]))
    return same, tuple(key for key in found if key not in same)


async def is_new(pool: Pool, keys: KeyRing, person: Person) -> bool:
    """Return whether the ledger has nothing under the person's keys and insurance number.

    Nearly everybody is new: one statement instead of one for each question about a person.
    """
    number = number_of(person)
    index = number_index(keys, number) if number else None
    new: bool = await pool.fetchval(_IS_NEW, person.keys, index)
    return new


async def note(pool: Pool, person_key: str, former_keys: Iterable[str]) -> None:
    await pool.executemany(
        "INSERT INTO rekeyed (person_key, former_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [(person_key, key) for key in former_keys],
    )


async def holders(
    ledger: Connection, keys: KeyRing, number: tuple[str, str], person_keys: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return the facts of everybody else with a username and this insurance number, by key."""
    index = number_index(keys, number)
    found = (await holders_of(ledger, [index])).get(index, {})
    return {key: found_by for key, found_by in found.items() if key not in person_keys}


async def holders_of(
    ledger: Connection, numbers: Sequence[str]
) -> dict[str, dict[str, frozenset[str]]]:
    """Return by index of an insurance number, then by key, the facts of all with a username.

    Includes numbers of the registrar, typed numbers, and those of imported accounts.
    """
    rows = await ledger.fetch(
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
    """Return the facts by which an account's owner is recognised, as keyed indexes.

    With an insurance number that is theirs `alone`, the owner is found by another row too. Without
    one, the facts can only tell the owner from another person.
    """
    last, first = _names(person)
    found = noted_names.indexes(keys, (*last, *first)) | set(marks(keys, person))
    number = number_of(person)
    if number and alone:
        found |= {number_index(keys, number), *_contacts(keys, person)}
        return tuple(sorted(found))
    return tuple(sorted(each for each in found if not each.startswith(_CONTACT)))


def marks(keys: KeyRing, person: Person) -> Iterator[str]:
    """Yield the compared facts, each with its kind, so that a changed one is recognised.

    The person's keys are among them, because of several enrolments one key alone has the data.
    """
    yield from (KEY + each for each in person.keys)
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
    """Tells of each fact whether it equals the stored one; None if that is unknown.

    It is also None for a birth date with day and month exchanged.
    """

    last: bool | None
    first: bool | None
    born: bool | None
    number: bool | None
    contact: bool | None


def contradicts(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Tell whether the facts stored under a key of this person may be another person's.

    They may be if surname, first name, birth date or insurance number differs, unless more of these
    agree than differ, among them two of first name, birth date and number. An equal contact counts
    too unless the birth date differs, a different one only if the birth date is unknown.
    """
    if not found_by:
        return False
    same = _compared(keys, person, found_by)
    if False not in same[:4] and (same.contact is not False or same.born is not None):
        return False
    surely = (same.first and (same.born or same.number)) or (same.born and same.number)
    counts = same.born is None or (same.born and same.contact)
    facts = (*same[:4], same.contact if counts else None)
    return not surely or facts.count(True) <= facts.count(False)


def agrees(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Tell whether facts of another row with the person's insurance number are the person's.

    The first name must agree, the birth date must not differ, and three of surname, first name,
    birth date and contact must agree: twins may have surname, birth date, and a parent's contact
    and number in common, and namesakes a family's contact.
    """
    same = _compared(keys, person, found_by)
    facts = (same.last, same.first, same.born, same.contact)
    return bool(same.first) and same.born is not False and facts.count(True) >= _ENOUGH


def owner_marks(keys: KeyRing, found_by: Collection[str]) -> list[str]:
    """Return keyed marks of each stored birth date with each whole name; none without both.

    They are all that is kept of whose a username was. First names are stored like surnames.
    """
    born = [mark for mark in found_by if mark.startswith(_BORN)]
    return sorted(_owned(keys, born, noted_names.wholes(found_by)))


def is_owner(keys: KeyRing, person: Person, kept: Collection[str]) -> bool:
    """Tell whether first name and birth date are those of the owner of whom `kept` is left.

    Day and month may be exchanged.
    """
    days = [each.birth_date for each in _rows(person) if each.birth_date]
    exchanged = filter(None, map(dates.swapped, days))
    born = [_born(keys, day) for day in (*days, *exchanged)]
    first = noted_names.wholes(noted_names.marks(keys, _names(person)[1]))
    return not _owned(keys, born, first).isdisjoint(kept)


def _owned(keys: KeyRing, born: Iterable[str], names: Collection[str]) -> set[str]:
    return {keys.index("person", f"owner {day} {name}") for day in born for name in names}


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

    The only name of a person counts as the first name, whichever column it is in. If only the
    surname of two names is on file now, it does not count as one, because twins share it.
    """
    last, first = _names(person)
    same = (
        noted_names.is_noted(keys, last, found_by),
        noted_names.is_noted(keys, first, found_by),
    )
    if same == (True, None) and noted_names.knows_none_but(keys, (*last, *first), found_by):
        return None, True
    return same


def _in_common(own: Collection[str], found_by: Collection[str], kind: str) -> bool | None:
    """Tell whether both have a mark of this kind in common; None if one has no such mark."""
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
