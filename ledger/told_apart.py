"""Stores staff's decisions that two similar persons are two; each is kept until it is withdrawn.

A decision applies to both persons, by all keys that the ledger has for each.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from asyncpg import Record

from domain.contracts.people import Enrolment, Person
from postgres import Pool
from security.keys import KeyRing

_NOTE = """
INSERT INTO told_apart (person_keys, other_keys, person_marks, other_marks)
SELECT $1::text[], $2::text[], $3::text[], $4::text[] WHERE NOT EXISTS (
    SELECT FROM told_apart WHERE person_keys = $1 AND other_keys = $2
    AND person_marks = $3 AND other_marks = $4)
"""
_OF = "SELECT * FROM told_apart WHERE person_keys && $1 OR other_keys && $1"


async def note_keys(pool: Pool, person: Person, others: Collection[str]) -> None:
    """Store that these keys, which have the person's insurance number, are another person's."""
    await pool.execute(_NOTE, sorted(person.keys), sorted(others), [], [])


async def note_rows(pool: Pool, person: Person, rows: Sequence[Enrolment]) -> None:
    """Store that these similar rows are another person's.

    Rows without keyed indexes, read by an activation of an older version, are left out.
    """
    known = [row for row in rows if row.row_mark]
    if known:
        own = (*person.enrolments, *person.former)
        await pool.execute(
            _NOTE,
            sorted(person.keys),
            sorted(row.row_key for row in known),
            sorted(row.row_mark for row in own if row.row_mark),
            sorted(row.row_mark for row in known),
        )


async def others(pool: Pool, person_keys: Sequence[str]) -> frozenset[str]:
    """Return the keys of persons with this person's insurance number who are not this person."""
    found = {
        key
        for row in await pool.fetch(_OF, person_keys)
        for own, other, marks in _sides(row)
        if not marks and not set(own).isdisjoint(person_keys)
        for key in other
    }
    replaced = await pool.fetch(
        "SELECT person_key FROM rekeyed WHERE former_key = ANY($1)", list(found)
    )
    return frozenset(found.union(row["person_key"] for row in replaced) - set(person_keys))


async def without(pool: Pool, person: Person) -> Person:
    """Return the person without the similar rows that are another person's by a decision."""
    if not person.alike:
        return person
    return _without(person, _marks(await pool.fetch(_OF, person.keys)))


async def rows_left(pool: Pool, people: Mapping[str, Person]) -> dict[str, tuple[Enrolment, ...]]:
    """Return by key the similar rows that remain, for the persons about whom staff decided."""
    marks = _marks(await pool.fetch("SELECT * FROM told_apart WHERE other_marks <> '{}'"))
    left = {key: _without(each, marks).alike for key, each in people.items() if each.alike}
    return {key: alike for key, alike in left.items() if alike != people[key].alike}


async def forget(pool: Pool, keys: KeyRing, number: str) -> int:
    """Withdraw every decision about a student, by system and number; returns their number."""
    key = keys.index("person", number)
    done = await pool.fetch(
        "WITH own AS (SELECT array_agg(key) AS keys FROM (SELECT $1::text AS key"
        " UNION SELECT own_key FROM key_used_again WHERE registrar_key = $1) known)"
        " DELETE FROM told_apart USING own"
        " WHERE person_keys && own.keys OR other_keys && own.keys RETURNING id",
        key,
    )
    return len(done)


def _marks(answers: Sequence[Record]) -> dict[str, set[str]]:
    """Return by person key the marks of the rows that are another person's."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in answers:
        for own, _, marks in _sides(row):
            for key in own:
                found[key].update(marks)
    return found


def _sides(row: Record) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Yield the decision from both sides: own keys, and keys and marks of the other person."""
    yield row["person_keys"], row["other_keys"], row["other_marks"]
    yield row["other_keys"], row["person_keys"], row["person_marks"]


def _without(person: Person, marks: Mapping[str, Collection[str]]) -> Person:
    anothers = {mark for key in person.keys for mark in marks.get(key, ())}
    alike = tuple(row for row in person.alike if row.row_mark not in anothers)
    return person.model_copy(update={"alike": alike})
