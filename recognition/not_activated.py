"""Judges every enrolment in the registrar by the ledger: who has an account, and who has not yet.

Rows are read in batches, and the ledger is asked by keyed indexes, so that memory has a bound. An
enrolment that came after the account is recognised by the insurance number.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import NamedTuple

from adapters.registrar.port import Registrar
from domain.contracts.people import Person
from domain.registrar import students
from domain.registrar.not_activated import ContactHolders, StudentProgress, WhyNot, why_not
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


async def judged(
    registrar: Registrar,
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    departments: Collection[str] | None,
) -> AsyncGenerator[JudgedRow]:
    """Yield every live enrolment of these departments; None: of all.

    All rows are read twice, because a contact that others have too may be in any department.
    """
    holders = ContactHolders(settings.registrar.phone_region, settings.institution.mail_domains)
    async with aclosing(registrar.batches()) as batches:
        async for batch in batches:
            for row in filter(is_live, batch):
                holders.add(row)
    async with aclosing(registrar.batches()) as batches:
        async for batch in batches:
            live = [
                row
                for row in filter(is_live, batch)
                if departments is None or text(row, "departmentid") in departments
            ]
            reached = await _progress(pool, keys, settings, live)
            for row, came in zip(live, reached, strict=True):
                yield JudgedRow(row, came, why_not(row, came, holders))


async def _progress(
    pool: Pool, keys: KeyRing, settings: Settings, rows: Sequence[Row]
) -> list[StudentProgress]:
    typed = students.ContactQuery(
        None, None, settings.registrar.phone_region, settings.institution.mail_domains
    )
    people = [students.person([row], typed, lambda key: keys.index("person", key)) for row in rows]
    asked = {key for person in people for key in (*_of_row(keys, person), *_number(keys, person))}
    noted = await progress.noted(pool, sorted(asked))
    mailed = [_contacts(keys, row, typed) for row in rows]
    begun = await progress.begun_by(pool, sorted(set[str]().union(*mailed)))
    return [
        _reached(settings, _theirs(keys, person, noted), at_code=not begun.isdisjoint(contacts))
        for person, contacts in zip(people, mailed, strict=True)
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


def _theirs(keys: KeyRing, person: Person, noted: dict[str, list[Noted]]) -> list[Noted]:
    """Return what is this person's: a student number or an insurance number may be another's."""
    return [
        each
        for key in _of_row(keys, person)
        for each in noted.get(key, ())
        if not rekeyed.contradicts(keys, person, each.found_by)
    ] + [
        each
        for key in _number(keys, person)
        for each in noted.get(key, ())
        if rekeyed.agrees(keys, person, each.found_by)
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
