"""Stores staff's decisions that two similar persons are two; each is kept until it is withdrawn.

A decision applies to both persons, by all keys that the ledger has for each.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from asyncpg import Record

from domain.contracts.people import Enrolment, Person
from postgres import Pool

_NOTE = """
INSERT INTO told_apart (person_keys, other_keys, person_marks, other_marks)
SELECT $1::text[], $2::text[], $3::text[], $4::text[] WHERE NOT EXISTS (
    SELECT FROM told_apart WHERE person_keys = $1 AND other_keys = $2
    AND person_marks = $3 AND other_marks = $4)
"""
_OF = "SELECT * FROM told_apart WHERE person_keys && $1 OR other_keys && $1"
_OF_ROWS = (
    "SELECT * FROM told_apart WHERE person_keys && $1 OR person_marks && $2 OR other_marks && $2"
)


async def note_keys(pool: Pool, person: Person, others: Collection[str]) -> None:
    """Store that these keys, which have the person's insurance number, are another person's."""
    await pool.execute(_NOTE, sorted(person.keys), sorted(others), [], [])


async def note_rows(pool: Pool, person: Person, rows: Sequence[Enrolment]) -> None:
    """Store that these similar rows are another person's.

    Rows without keyed indexes, read by an activation of an older version, are left out.
    """
    known = [row for row in rows if row.row_mark]
    if known:
        await pool.execute(
            _NOTE,
            sorted(person.keys),
            sorted(row.row_key for row in known),
            _marks_of(person),
            sorted(row.row_mark for row in known),
        )


async def others(pool: Pool, person_keys: Sequence[str]) -> frozenset[str]:
    """Return the keys of persons with this person's insurance number who are not this person."""
    found = {
        key
        for row in await pool.fetch(_OF, person_keys)
        for own, other in (
            (row["person_keys"], row["other_keys"]),
            (row["other_keys"], row["person_keys"]),
        )
        if not row["other_marks"] and not set(own).isdisjoint(person_keys)
        for key in other
    }
    replaced = await pool.fetch(
        "SELECT person_key FROM rekeyed WHERE former_key = ANY($1)", list(found)
    )
    return frozenset(found.union(row["person_key"] for row in replaced) - set(person_keys))


async def without(pool: Pool, person: Person) -> Person:
    """Return the person without the similar rows that are another person's by a decision.

    The person must have the ledger's keys (`ledger.used_again`).
    """
    if not person.alike:
        return person
    return _without(person, _Rows(await pool.fetch(_OF_ROWS, person.keys, _marks_of(person))))


async def rows_left(pool: Pool, people: Mapping[str, Person]) -> dict[str, tuple[Enrolment, ...]]:
    """Return by key the similar rows that remain, for the persons about whom staff decided."""
    rows = _Rows(await pool.fetch("SELECT * FROM told_apart WHERE other_marks <> '{}'"))
    left = {key: _without(each, rows).alike for key, each in people.items() if each.alike}
    return {key: alike for key, alike in left.items() if alike != people[key].alike}


async def forget(pool: Pool, person: Person) -> int:
    """Withdraw every decision about a person, from either side; returns their number.

    The person must have the ledger's keys (`ledger.used_again`).
    """
    done = await pool.fetch(
        "DELETE FROM told_apart WHERE person_keys && $1 OR person_marks && $2"
        " OR other_marks && $2 OR (other_keys && $1 AND other_marks = '{}') RETURNING id",
        person.keys,
        _marks_of(person),
    )
    return len(done)


async def forget_gone(pool: Pool, registrar_key: str) -> int:
    """As `forget`, for the former owner of a number that the registrar no longer has."""
    done = await pool.fetch(
        "WITH RECURSIVE own AS (SELECT $1::text AS key UNION SELECT other.key FROM own"
        " JOIN (SELECT person_key AS of, former_key AS key FROM rekeyed"
        " UNION SELECT former_key, person_key FROM rekeyed"
        " UNION SELECT registrar_key, own_key FROM key_used_again) other ON other.of = own.key)"
        " DELETE FROM told_apart WHERE person_keys && ARRAY(SELECT key FROM own)"
        " OR other_keys && ARRAY(SELECT key FROM own) RETURNING id",
        registrar_key,
    )
    return len(done)


class _Rows:
    """Decisions about rows: the marks of another person's rows, by person key and row mark.

    The person of the activation is found by key or mark. The other person is found by mark only,
    because their key is the registrar's, whose number may have been used again.
    """

    def __init__(self, answers: Sequence[Record]) -> None:
        self._of: dict[str, set[str]] = defaultdict(set)
        for row in answers:
            for own in (*row["person_keys"], *row["person_marks"]):
                self._of[own].update(row["other_marks"])
            for own in row["other_marks"]:
                self._of[own].update(row["person_marks"])

    def of_others(self, person: Person) -> set[str]:
        """Return the marks of rows that are another person's."""
        own = (*person.keys, *_marks_of(person))
        return {mark for each in own for mark in self._of.get(each, ())}


def _marks_of(person: Person) -> list[str]:
    own = (*person.enrolments, *person.former)
    return sorted(row.row_mark for row in own if row.row_mark)


def _without(person: Person, rows: _Rows) -> Person:
    anothers = rows.of_others(person)
    alike = tuple(row for row in person.alike if row.row_mark not in anothers)
    return person.model_copy(update={"alike": alike})
