"""Persons whose row the registrar has replaced: the keys under which the ledger knew them before.

A person is known again by the insurance number and the names that an account was made for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from domain import names
from domain.contracts.requests import Enrolment, Person
from postgres import Pool
from security.keys import KeyRing

_BORN = "born:"


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
        "WITH wanted AS (SELECT unnest($1::text[]) AS number), named AS ("
        "SELECT n.number, a.person_key, a.found_by FROM wanted n"
        " JOIN activation a ON a.found_by @> ARRAY[n.number]"
        " WHERE a.username IS NOT NULL"
        " OR EXISTS (SELECT FROM username u WHERE u.person_key = a.person_key)"
        " UNION ALL SELECT n.number, a.person_key, a.found_by FROM wanted n"
        " JOIN insurance i ON i.number_index = n.number"
        " JOIN activation a ON a.person_key = i.person_key"
        " WHERE a.username IS NOT NULL"
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
    last, first, contacts = _compared(keys, person)
    told = last | first | set(marks(keys, person))
    number = number_of(person)
    if number and alone:
        told |= {number_index(keys, number)} | contacts
    return tuple(sorted(told))


def marks(keys: KeyRing, person: Person) -> Iterator[str]:
    """Yield birth dates and insurance numbers, each as what it is, so that a change is seen."""
    every: list[Person | Enrolment] = [person, *person.enrolments, *person.former]
    for each in every:
        if each.birth_date:
            yield _BORN + keys.index("person", f"born {each.birth_date:%Y%m%d}")
        if each.insurance_scheme and each.insurance_number:
            number = each.insurance_scheme, each.insurance_number
            yield number_mark(each.insurance_scheme, number_index(keys, number))


def number_mark(scheme: str, index: str) -> str:
    return f"number {scheme}:{index}"


def contradicts(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Whether what was noted under a key of this person's is clearly somebody else's.

    More of surname, first name, birth date and insurance number differ than agree, among them a
    name. A contact in common speaks against that. What is not known does not count. First name and
    insurance number that both differ are enough: twins have all the rest in common.
    """
    if not found_by:
        return False
    last, first, contacts = _compared(keys, person)
    own = set(marks(keys, person))
    called = [not each.isdisjoint(found_by) for each in (last, first) if each]
    numbers = [*_of_marks({mark for mark in own if not mark.startswith(_BORN)}, found_by)]
    if first and first.isdisjoint(found_by) and False in numbers:
        return True
    told = [*called, *_of_marks(own, found_by)]
    agreed = told.count(True) + (not contacts.isdisjoint(found_by))
    return False in called and told.count(False) > agreed


def _of_marks(own: Collection[str], found_by: Collection[str]) -> Iterator[bool]:
    """Tell of the birth date and of each scheme's number that both have whether they agree."""
    for kind in {mark.partition(":")[0] for mark in own}:
        there = {mark for mark in found_by if mark.partition(":")[0] == kind}
        if there:
            yield not there.isdisjoint(own)


def agrees(keys: KeyRing, person: Person, found_by: Collection[str]) -> bool:
    """Whether an activation found by this is of the same first name, and of surname or a contact.

    Twins have a surname and a parent's contact and number in common. A namesake has another birth
    date: it may have been corrected where surname and a contact agree, too.
    """
    last, first, contacts = _compared(keys, person)
    born = {mark for mark in marks(keys, person) if mark.startswith(_BORN)}
    agreed = [not each.isdisjoint(found_by) for each in (last, contacts)]
    enough = all(agreed) if False in _of_marks(born, found_by) else any(agreed)
    return not first.isdisjoint(found_by) and enough


def _compared(keys: KeyRing, person: Person) -> tuple[set[str], set[str], set[str]]:
    """Return the indexes of surname, first name and contacts."""
    every: list[Person | Enrolment] = [person, *person.enrolments, *person.former]
    last = _named(keys, (person.last_name_el, *(each.last_name_latin for each in every)))
    first = _named(keys, (person.first_name_el, *(each.first_name_latin for each in every)))
    contacts = {keys.index("mobile", each) for each in (person.mobile, person.sms_to) if each}
    contacts |= {keys.index("email", each) for each in (person.email, person.email_to) if each}
    return last, first, contacts


def _named(keys: KeyRing, spellings: Iterable[str]) -> set[str]:
    """Return the indexes by which the words of a name are found, as long as they are kept."""
    words = {word for each in spellings for word in names.words(each) if len(word) >= names.FEWEST}
    return {keys.index("name", word[: names.MOST]) for word in words}
