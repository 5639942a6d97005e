"""Judges every enrolment in the registrar by the ledger: who has an account, and who has not yet.

Rows are read in batches, and the ledger is asked by keyed indexes, so that memory has a bound. An
enrolment that came after the account is recognised by the insurance number.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from typing import NamedTuple

from adapters.registrar.port import Registrar
from domain.contracts.people import Person
from domain.memo import remembering
from domain.registrar import students
from domain.registrar.not_activated import ContactRules, StudentProgress, WhyNot, why_not
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, is_live, text
from domain.text import identifier
from ledger import progress, rekeyed
from ledger.activations import WITH_ACCOUNT
from ledger.progress import Noted
from postgres import Pool
from security.keys import KeyRing
from settings import Settings


class JudgedRow(NamedTuple):
    """A live row, how far its student came, and why there is no account; None if there is one."""

    row: Row
    progress: StudentProgress
    why: WhyNot | None


class _Asked(NamedTuple):
    """A row, its student, and by which keyed indexes the ledger is asked."""

    row: Row
    person: Person
    own: Collection[str]
    number: Collection[str]
    contacts: Collection[str]


async def judged(
    registrar: Registrar,
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    departments: Iterable[str] | None,
) -> AsyncGenerator[JudgedRow]:
    """Yield every live enrolment of these departments, one after the other; None: of all."""
    # As many as others, and the row itself. Once for all, because it reads the whole registrar.
    crowded = await registrar.crowded(MOST_SHARING)
    rules = ContactRules(
        settings.registrar.phone_region, settings.institution.mail_domains, crowded
    )
    for department in [None] if departments is None else departments:
        async with aclosing(_live(registrar, department)) as batches:
            async for live in batches:
                # For one batch only: what is kept for all rows makes garbage collection slow.
                with remembering():
                    # By threads, because reading and hashing so many fields holds the event loop.
                    asked = await asyncio.to_thread(_asked, keys, settings, live)
                    found = await _looked_up(pool, asked)
                    every = await asyncio.to_thread(_judge, keys, settings, rules, asked, found)
                for each in every:
                    yield each


async def _live(registrar: Registrar, department: str | None) -> AsyncGenerator[list[Row]]:
    """Yield the live enrolments of a department in batches; None: of all."""
    # What stands for no department is written in many ways, which only `text` knows.
    async with aclosing(registrar.batches(department or None)) as batches:
        async for batch in batches:
            yield [
                row
                for row in filter(is_live, batch)
                if department is None or text(row, "departmentid") == department
            ]


def _asked(keys: KeyRing, settings: Settings, rows: Sequence[Row]) -> list[_Asked]:
    typed = students.ContactQuery(
        None, None, settings.registrar.phone_region, settings.institution.mail_domains
    )
    people = [students.person([row], typed, lambda key: keys.index("person", key)) for row in rows]
    return [
        _Asked(row, who, _of_row(keys, who), _number(keys, who), _contacts(keys, row, typed))
        for row, who in zip(rows, people, strict=True)
    ]


def _of_row(keys: KeyRing, person: Person) -> tuple[str, ...]:
    """Return by what an activation or an import of this row is found."""
    number = identifier(person.enrolments[0].registration_id)
    return rekeyed.KEY + person.person_key, keys.index("found_number", number)


def _number(keys: KeyRing, person: Person) -> tuple[str, ...]:
    number = rekeyed.number_of(person)
    return (rekeyed.number_index(keys, number),) if number else ()


def _contacts(keys: KeyRing, row: Row, typed: students.ContactQuery) -> set[str]:
    mobiles, emails = students.contacts([row], typed.region, typed.own)
    return {keys.index("mobile", each) for each in mobiles} | {
        keys.index("email", each) for each in emails
    }


async def with_account(
    pool: Pool, keys: KeyRing, settings: Settings, students: Sequence[Sequence[Row]]
) -> list[bool]:
    """Return by the ledger whether each human, of whom these are the live rows, has an account."""
    every = await asyncio.to_thread(lambda: [_asked(keys, settings, rows) for rows in students])
    noted = await _noted(pool, [each for asked in every for each in asked])
    return [
        any(
            _reached(settings, _theirs(keys, each, noted), at_code=False).has_account
            for each in asked
        )
        for asked in every
    ]


class _Ledger(NamedTuple):
    """What the ledger has of a batch."""

    noted: dict[str, list[Noted]]
    begun: set[str]


async def _looked_up(pool: Pool, asked: Sequence[_Asked]) -> _Ledger:
    contacts = {contact for each in asked for contact in each.contacts}
    return _Ledger(await _noted(pool, asked), await progress.begun_by(pool, sorted(contacts)))


async def _noted(pool: Pool, asked: Iterable[_Asked]) -> dict[str, list[Noted]]:
    return await progress.noted(
        pool, sorted({key for each in asked for key in (*each.own, *each.number)})
    )


def _judge(
    keys: KeyRing, settings: Settings, rules: ContactRules, asked: Sequence[_Asked], ledger: _Ledger
) -> list[JudgedRow]:
    reached = [
        _reached(
            settings,
            _theirs(keys, each, ledger.noted),
            at_code=not ledger.begun.isdisjoint(each.contacts),
        )
        for each in asked
    ]
    return [
        JudgedRow(each.row, came, why_not(each.row, came, rules))
        for each, came in zip(asked, reached, strict=True)
    ]


def _theirs(keys: KeyRing, asked: _Asked, noted: dict[str, list[Noted]]) -> list[Noted]:
    """Return what is this person's: a student number or an insurance number may be another's."""
    return [
        each
        for key in asked.own
        for each in noted.get(key, ())
        if not rekeyed.contradicts(keys, asked.person, each.found_by)
    ] + [
        each
        for key in asked.number
        for each in noted.get(key, ())
        if rekeyed.agrees(keys, asked.person, each.found_by)
    ]


def _reached(settings: Settings, theirs: Sequence[Noted], *, at_code: bool) -> StudentProgress:
    zone = settings.institution.timezone
    ends = [each.ended_at for each in theirs if each.ended_at and each.end in WITH_ACCOUNT]
    if any(each.imported for each in theirs):
        return StudentProgress(has_account=True)
    if ends:
        return StudentProgress(has_account=True, activated_on=min(ends).astimezone(zone).date())
    if theirs:
        agreed = any(each.agreed for each in theirs)
        at = WhyNot.STOPPED_AT_PASSWORD if agreed else WhyNot.STOPPED_AT_DETAILS
        return StudentProgress(stopped_at=at)
    return StudentProgress(stopped_at=WhyNot.STOPPED_AT_CODE if at_code else None)
