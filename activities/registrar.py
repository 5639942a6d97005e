"""find_student: tells who has a mobile or e-mail on file with the registrar.

`View` is what may be asked of the registrar, by this activity and by the desk's check alike.

Reads the published view `v_vd_sis` and nothing else. PostgreSQL narrows the rows down by
expressions a registrar can put indexes on; Python compares for real, after normalising both sides.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import asyncpg
from temporalio import activity

from activities.failures import guarded
from activities.students import (
    LIVE,
    MOST_SHARING,
    Row,
    Typed,
    birth_date,
    called,
    enrolment,
    holders,
    holds,
    insurance_of,
    names,
    persons,
    written_dates,
)
from domain import surnames
from domain.contracts.requests import FindStudent, Person, StudentsFound
from domain.contracts.vocabulary import ActivityName, FailureType
from domain.elot743 import ascii_fold
from domain.text import LOOK_ALIKES, has_greek, identifier
from ledger.pool import UNAVAILABLE, Pool, connect
from security.keys import KeyRing
from settings import Column, Registrar, Settings

_COLUMNS = get_args(Column)
_INDEXED_DIGITS = 8
_SEPARATORS = re.compile(r"[ ./-]")
_REPORT_SECONDS = 120.0
_MOST_ROWS = 10 * MOST_SHARING
"""Rows that may hold one contact; who has it may be enrolled more than once."""
_MOST_SEARCHED = 2_000
"""Rows of several contacts each that are read to look for one."""


async def reader(settings: Registrar) -> Pool:
    """Return a pool by the role that may only read the view."""
    return await connect(settings.dsn.get_secret_value(), seconds=settings.timeout_seconds)


class RegistrarActivities:
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._keys = keys
        self._settings = settings.registrar
        self._view = View(pool, settings.registrar)

    def all(self) -> list[Callable[..., Any]]:
        return [self.find_student]

    @activity.defn(name=ActivityName.FIND_STUDENT)
    async def find_student(self, request: FindStudent) -> StudentsFound:
        """Return the persons with a typed contact; one that too many have counts for nothing."""
        typed = Typed(request.mobile, request.email, self._settings.phone_region)
        with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            found = await self._persons(typed)
            too_many = found is None
            if too_many and typed.mobile and typed.email:
                for alone in (replace(typed, email=None), replace(typed, mobile=None)):
                    found = found or await self._persons(alone)
        return StudentsFound(persons=tuple(found or ()), too_many=too_many and not found)

    async def _persons(self, typed: Typed) -> list[Person] | None:
        """Return who has a typed contact; None when they are too many."""
        try:
            rows = await self._view.by_contact(typed)
        except SharedByMany:
            return None
        found = persons(rows, typed, lambda value: self._keys.index("person", value))
        return found if len(found) <= MOST_SHARING else None

    async def somebody_else_has(self, scheme: str, number: str, person_key: str) -> bool:
        """Whether the number stands on other students' rows and on none of this person's."""
        with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            rows = await self._view.by_insurance(number)
            found = holders(rows, (scheme, number), lambda value: self._keys.index("person", value))
        return bool(found) and person_key not in found


class SharedByMany(Exception):
    """A contact is on file for more persons than a contact of somebody's own can be."""


class View:
    """The registrar's view; each question brings every row of the people it finds."""

    def __init__(self, pool: Pool, settings: Registrar) -> None:
        self._pool = pool
        self._statements = statements(settings)

    async def by_contact(self, typed: Typed) -> list[Row]:
        """Return the rows that hold a typed contact, and every other row of these people.

        Raises `SharedByMany` before more is read than tells so.
        """
        digits = re.sub(r"\D", "", typed.mobile or "")[-_INDEXED_DIGITS:] or None
        mailbox = _like(typed.email.split("@")[0] + "@") if typed.email else None
        rows = await self._fetch(self._statements.by_contact, digits, typed.email, mailbox)
        held = [row for row in rows if holds(row, typed)]
        if len(held) > _MOST_ROWS:
            raise SharedByMany
        return await self._with_related(held)

    async def by_insurance(self, number: str) -> list[Row]:
        held = await self._fetch(self._statements.by_identity, [number, number.lower()], [])
        return await self._with_related(held)

    async def by_number(self, number: str) -> list[Row]:
        """Find a student number as people write it, alone or as `system/number`."""
        wanted = [identifier(part) for part in {number, number.rpartition("/")[2]}]
        return await self._with_related(await self._fetch(self._statements.by_number, wanted))

    async def by_surname(
        self, prefix: str, most: int, before: Callable[[Row], bool]
    ) -> tuple[list[Row], bool]:
        """Return the people of the first rows by name, and whether there are more.

        Rows that `before` picks come before all others.
        """
        heads = [each[: surnames.FEWEST_LETTERS] for each in (prefix, ascii_fold(prefix))]
        initials = [] if has_greek(prefix) else [*surnames.greek_initials(prefix)]
        rows = await self._fetch(self._statements.by_surname, heads, initials)
        fitting = {enrolment(row): row for row in rows if surnames.begins(names(row), prefix)}
        found = sorted(
            fitting.values(), key=lambda row: (not before(row), *map(surnames.folded, called(row)))
        )
        return await self._with_related(found[:most]), len(found) > most

    async def _with_related(self, held: list[Row]) -> list[Row]:
        related = await self._fetch(
            self._statements.by_identity,
            [spelled for row in held for spelled in _spellings(row)],
            [form for row in held if (born := birth_date(row)) for form in written_dates(born)],
        )
        return list({enrolment(row): row for row in [*held, *related]}.values())

    async def _fetch(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in await self._pool.fetch(query, *values)]


@dataclass(frozen=True)
class Statements:
    """Everything that is ever asked of the view; `docs/registrar.md` has the indexes they use."""

    by_contact: str
    by_identity: str
    by_number: str
    by_surname: str
    everything: str


def statements(settings: Registrar) -> Statements:
    """Write the queries; table and column names come from the settings, values never do.

    Each condition is a query of its own, joined by UNION ALL: PostgreSQL takes an index for each,
    where one OR would make it read the whole table. A field that may hold several contacts is
    searched instead of compared; the marks of such fields are what the partial indexes cover.
    """
    actual = {column: _quoted(settings.columns.get(column, column)) for column in _COLUMNS}
    value = {column: f"{name}::text" for column, name in actual.items()}
    selected = ", ".join(f"{value[column]} AS {column}" for column in _COLUMNS)
    view = ".".join(_quoted(part) for part in settings.view.split("."))
    digits = rf"regexp_replace({value['mobilephone']}, '\D', '', 'g')"
    mail = f"lower({value['extemail']})"
    several_mobiles = f"({value['mobilephone']} ~ '[^-+0-9 ]' OR length({digits}) > 14)"
    several_mails = f"{mail} ~ '[^!-~]|[,;|/<>]'"
    live = f"lower(btrim({value['enrollmentstatus']})) IN {LIVE}"
    everything = f"SELECT {selected} FROM {view}"  # noqa: S608 - names from settings, quoted

    def any_of(*conditions: str) -> str:
        return " UNION ALL ".join(f"{everything} WHERE {condition}" for condition in conditions)

    def at_most(most: int, condition: str) -> str:
        return f"({everything} WHERE {live} AND {condition} LIMIT {most})"

    return Statements(
        by_contact=" UNION ALL ".join(
            (
                at_most(_MOST_ROWS + 1, f"right({digits}, {_INDEXED_DIGITS}) = $1::text"),
                at_most(
                    _MOST_SEARCHED, f"{several_mobiles} AND {digits} LIKE '%' || $1::text || '%'"
                ),
                at_most(_MOST_ROWS + 1, f"{mail} = $2::text"),
                at_most(_MOST_SEARCHED, f"{several_mails} AND {mail} LIKE '%' || $3::text || '%'"),
            )
        ),
        by_identity=any_of(
            f"regexp_replace({value['ssn']}, '[ ./-]', '', 'g') = ANY($1::text[])",
            f"left({value['birthdate']}, 10) = ANY($2::text[])",
        ),
        by_number=any_of(f"{_identified(value['registrationid'])} = ANY($1::text[])"),
        by_surname=any_of(
            f"left({_letters(value['lastnameel'])}, {surnames.FEWEST_LETTERS}) = ANY($1::text[])",
            f"left(lower({value['lastnameen']}), {surnames.FEWEST_LETTERS}) = ANY($1::text[])",
            f"btrim(coalesce({value['lastnameen']}, '')) = ''"
            f" AND left({_letters(value['lastnameel'])}, 1) = ANY($2::text[])",
        ),
        everything=everything,
    )


async def everybody(settings: Registrar) -> list[Row]:
    """Return every row of the view, for the report before the term starts."""
    connection = await asyncpg.connect(
        settings.dsn.get_secret_value(), command_timeout=_REPORT_SECONDS
    )
    try:
        return [dict(row) for row in await connection.fetch(statements(settings).everything)]
    finally:
        await connection.close()


def _spellings(row: Row) -> list[str]:
    """Return the row's own number as it stands there and as it is rightly spelled."""
    number = insurance_of(row)
    return [_SEPARATORS.sub("", row["ssn"] or ""), number[1]] if number else []


def _identified(column: str) -> str:
    """Write in SQL what `identifier` does, as far as student numbers go."""
    squashed = rf"upper(regexp_replace({column}, '[\s./-]', '', 'g'))"
    greek = "".join(map(chr, LOOK_ALIKES))
    latin = greek.translate(LOOK_ALIKES)
    return f"translate({squashed}, '{greek}{greek.lower()}', '{latin}{latin}')"


def _letters(column: str) -> str:
    """Write in SQL what `surnames.folded` does to Greek, whatever the database's locale."""
    greek = [c for c in map(chr, range(0x386, 0x3CF)) if c.isalpha() and surnames.folded(c) != c]
    bare = "".join(map(surnames.folded, greek))
    return f"translate(lower({column}), '{''.join(greek)}', '{bare}')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _like(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value)
