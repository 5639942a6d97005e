"""Queries the registrar's published view `v_vd_sis`, and nothing else.

PostgreSQL preselects the rows (`sql.py`); Python compares them after normalising both sides.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Container, Iterable, Iterator
from itertools import product
from typing import TypeAlias

import asyncpg

import postgres
from adapters.errors import AdapterError, translated
from adapters.registrar.names_sql import heads, initials
from adapters.registrar.port import SharedByMany
from adapters.registrar.sql import ending, like, spelled, statements
from domain import blanks, dates, surnames
from domain.contacts import emails_on_file, mobiles_on_file
from domain.contracts.vocabulary import FailureType
from domain.registrar.humans import deciding
from domain.registrar.row_facts import MOST_ROWS
from domain.registrar.row_names import spellings, transcribed
from domain.registrar.rows import (
    Row,
    birth_date,
    enrolment,
    first_names,
    insurance_of,
    names,
    without_blank_words,
)
from domain.registrar.students import ContactQuery, display_names, holds, holds_login_name
from postgres import UNAVAILABLE, Pool, connect
from settings.systems import RegistrarSettings

DSN = "registrar.dsn"
"""The name of the setting that leads to the view."""
_REPORT_SECONDS = 120.0
_BATCH = 200
_PLANNER = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan"
"""PostgreSQL underestimates the conditions, which fold texts: of a table of some hundred rows it
would evaluate them for each row instead of using the indexes, which takes twenty times as long. It
would also plan the first five runs of a query on each connection anew, at 21 ms for the largest."""
_Asked: TypeAlias = tuple[str, ...]
"""A search key: a column, or a way to find rows by names, and the values to find."""
_UNDATED, _OF_ANY_DATE = "without a birth date", "of any birth date"


async def reader(settings: RegistrarSettings) -> Pool:
    """Return a pool of the role that may only read the view."""
    with translated(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
        return await connect(
            settings.dsn.get_secret_value(), seconds=settings.timeout_seconds, planner=_PLANNER
        )


def explain(error: AdapterError) -> str:
    """Return one line about an error of the view that names the setting to check."""
    lacks = "the registrar lacks the view or a column: see to registrar.view and registrar.columns"
    return postgres.explain(error.driver_error or type(error), "registrar", DSN, lacks)


class View:
    """A registrar in PostgreSQL; a mailbox at the university's domains (`own`) is nobody's."""

    def __init__(self, pool: Pool, settings: RegistrarSettings, own: Collection[str] = ()) -> None:
        self._pool = pool
        self._statements = statements(settings)
        self._region = settings.phone_region
        self._own = own
        self._blank_words = blanks.known(settings.blank_words)
        # A word that means "unknown" may be a date.
        blanks_dates = any(map(str.isdigit, "".join(self._blank_words)))
        query = self._statements
        self._undated = query.by_surname if blanks_dates else query.undated_by_surname

    async def check_settings(self) -> None:
        await postgres.refuse_shared_sessions(self._pool, DSN)

    async def by_contact(self, typed: ContactQuery, beyond: int = 0) -> list[Row]:
        held = await self._holding(self._statements.by_contact, typed)
        return await self._of_few(held, beyond)

    async def _holding(self, query: str, typed: ContactQuery) -> list[Row]:
        digits = ending(typed.mobile) if typed.mobile else None
        mailbox = like(typed.email.split("@")[0] + "@") if typed.email else None
        rows = await self._fetch(query, digits, typed.email, mailbox)
        return [row for row in rows if holds(row, typed)]

    async def by_insurance(self, number: str) -> list[Row]:
        held = await self._fetch(self._statements.by_identity, [spelled(number)], [])
        return await self._with_related(held)

    async def by_number(self, *numbers: str) -> list[Row]:
        every = [number.split("/") for number in numbers]
        wanted = {spelled("/".join(parts[at:])) for parts in every for at in range(len(parts))}
        held = await self._fetch(self._statements.by_number, sorted(wanted))
        return await self._with_related(held)

    async def by_login_name(self, name: str, others: Callable[[Row], bool]) -> list[Row]:
        rows = await self._fetch(self._statements.by_login_name, name, like(name))
        held = [row for row in rows if holds_login_name(row, name)]
        return await self._of_few(held) if any(map(others, held)) else []

    async def _of_few(self, held: list[Row], beyond: int = 0) -> list[Row]:
        """Return the people of these rows, if these are more than `beyond`.

        Raises `SharedByMany`; for that, and for fewer, nothing more is read.
        """
        number = len({enrolment(row) for row in held})
        if number > MOST_ROWS:
            raise SharedByMany
        return await self._with_related(held) if number > beyond else []

    async def by_surname(
        self, prefix: str, most: int, before: Callable[[Row], bool]
    ) -> tuple[list[Row], bool]:
        rows = await self._fetch(self._statements.by_surname, heads(prefix), initials(prefix))
        fitting = {enrolment(row): row for row in rows if surnames.begins(names(row), prefix)}
        found = sorted(
            fitting.values(),
            key=lambda row: (not before(row), *map(surnames.folded, display_names(row))),
        )
        return await self._with_related(found[:most]), len(found) > most

    async def _with_related(self, held: list[Row]) -> list[Row]:
        """Return these rows and every other row of these people.

        Searches in rounds until there is no new key, because each row found has keys of its own.
        """
        rows = {enrolment(row): row for row in held}
        found, asked = {*rows}, set[_Asked]()
        while new := {*self._asked_of(rows.values(), found)} - asked:
            asked |= new
            for row in await self._asked(new):
                rows.setdefault(enrolment(row), row)
        return list(rows.values())

    async def _asked(self, keys: Collection[_Asked]) -> list[Row]:
        def of(wanted: str) -> list[str]:
            return sorted(key[1] for key in keys if key[0] == wanted)

        found = await self._fetch(self._statements.by_identity, of("ssn"), of("birthdate"))
        for contact in of("contact"):
            mobile, email = (None, contact) if "@" in contact else (contact, None)
            typed = ContactQuery(mobile, email, self._region)
            found += await self._holding(self._statements.holding, typed)
        for column, query in (
            (_UNDATED, self._undated),
            (_OF_ANY_DATE, self._statements.by_surname),
        ):
            names = {key[1:] for key in keys if key[0] == column}
            if names:
                lasts = {surnames.folded(last) for last, _ in names}
                rows = await self._fetch(
                    query,
                    sorted({head for last in lasts for head in heads(last)}),
                    sorted({initial for last in lasts for initial in initials(last)}),
                )
                wanted = {tuple(map(transcribed, each)) for each in names}
                found += [row for row in rows if not wanted.isdisjoint(spellings(row))]
        return found

    def _asked_of(self, rows: Iterable[Row], found: Container[str]) -> Iterator[_Asked]:
        """Yield the search keys that decide which humans the found rows belong to."""
        theirs, contacts = deciding(rows, found, self._region, self._own)
        for row in theirs:
            yield from _keys(row)
        for contact in contacts:
            yield "contact", contact

    async def batches(self, department: str | None = None) -> AsyncGenerator[list[Row]]:
        with translated(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                rows = await connection.cursor(
                    self._statements.everything, department, timeout=_REPORT_SECONDS
                )
                while batch := await rows.fetch(_BATCH, timeout=_REPORT_SECONDS):
                    yield self._read(batch)

    async def crowded(self, most: int) -> set[str]:
        mobiles = await self._long(self._statements.crowded_mobiles, most)
        emails = await self._long(self._statements.crowded_emails, most)
        found = {each for row in emails for each in emails_on_file(row["sample"])}
        for row in mobiles:
            every = mobiles_on_file(row["sample"], self._region)
            found |= {each for each in every if ending(each) == row["part"]}
        return found

    async def _long(self, query: str, *values: object) -> list[asyncpg.Record]:
        with translated(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            return await self._pool.fetch(query, *values, timeout=_REPORT_SECONDS)

    async def _fetch(self, query: str, *values: object) -> list[Row]:
        with translated(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            rows = await self._pool.fetch(query, *values)
        return self._read(rows)

    def _read(self, rows: Iterable[asyncpg.Record]) -> list[Row]:
        return [without_blank_words(dict(row), self._blank_words) for row in rows]


def _keys(row: Row) -> Iterator[_Asked]:
    """Yield the search keys of other rows of this human.

    They are the insurance number as stored and as normalised, and the birth date, also with day and
    month exchanged. Names find rows without a date; the names of such a row find rows of any date.
    """
    if number := insurance_of(row):
        yield "ssn", spelled(row["ssn"] or "")
        yield "ssn", spelled(number[1])
    born = birth_date(row)
    for day in (born, born and dates.swapped(born)):
        yield from (("birthdate", key) for key in (dates.keys(day) if day else ()))
    for last, first in product(names(row), first_names(row)):
        if last and first:
            yield (_UNDATED if born else _OF_ANY_DATE), last, first
