"""find_student: tells who has a mobile or e-mail on file with the registrar.

Reads the published view `v_vd_sis` and nothing else. PostgreSQL narrows the rows down by
expressions a registrar can put indexes on; Python compares for real, after normalising both sides.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.failures import guarded
from activities.students import LIVE, Row, Typed, insurance_of, persons, text
from domain.contracts import ActivityName, FailureType, FindStudent, StudentsFound
from ledger.pool import UNAVAILABLE, Pool, connect
from security.keys import KeyRing
from settings import Registrar, Settings

_COLUMNS = (
    "systemid",
    "registrationid",
    "ssn",
    "ssncountry",
    "firstnameel",
    "firstnameen",
    "lastnameel",
    "lastnameen",
    "fatherfirstnameel",
    "birthdate",
    "citizenship",
    "departmentid",
    "departmentel",
    "departmenten",
    "enrollmentstatus",
    "extemail",
    "mobilephone",
    "loginname",
    "inscriptionacyear",
)
_INDEXED_DIGITS = 8
_LONGEST_NUMBER = 15


class RegistrarActivities:
    def __init__(self, *, settings: Settings, keys: KeyRing) -> None:
        self._settings = settings.registrar
        self._keys = keys
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()
        by_contact, by_identity = _statements(settings.registrar)
        self._by_contact = by_contact
        self._by_identity = by_identity

    def all(self) -> list[Callable[..., Any]]:
        return [self.find_student]

    async def close(self) -> None:
        if self._pool:
            await self._pool.close()

    @activity.defn(name=ActivityName.FIND_STUDENT)
    async def find_student(self, request: FindStudent) -> StudentsFound:
        typed = Typed(request.mobile, request.email, self._settings.phone_region)
        with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            rows = await self._rows(typed)
        found = persons(rows, typed, lambda value: self._keys.index("person", value))
        return StudentsFound(persons=tuple(found))

    async def _rows(self, typed: Typed) -> list[Row]:
        """Return the rows that may hold a typed contact, and every other row of these people."""
        digits = re.sub(r"\D", "", typed.mobile or "")[-_INDEXED_DIGITS:] or None
        mailbox = _like(typed.email.split("@")[0] + "@") if typed.email else None
        held = await self._fetch(self._by_contact, list(LIVE), digits, typed.email, mailbox)
        related = await self._fetch(
            self._by_identity,
            [row["ssn"] for row in held if insurance_of(row)],
            [row["lastnameel"] for row in held],
            [row["birthdate"] for row in held],
        )
        return list({_key(row): row for row in [*held, *related]}.values())

    async def _fetch(self, query: str, *values: object) -> list[Row]:
        pool = await self._connected()
        return [dict(row) for row in await pool.fetch(query, *values)]

    async def _connected(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                seconds = self._settings.timeout_seconds
                self._pool = await connect(
                    self._settings.dsn.get_secret_value(),
                    connect_timeout=seconds,
                    command_timeout=seconds,
                )
            return self._pool


def _statements(settings: Registrar) -> tuple[str, str]:
    """Write the two queries; table and column names come from the settings, values never do."""
    actual = {column: _quoted(settings.columns.get(column, column)) for column in _COLUMNS}
    selected = ", ".join(f"{actual[column]} AS {column}" for column in _COLUMNS)
    view = ".".join(_quoted(part) for part in settings.view.split("."))
    digits = rf"regexp_replace({actual['mobilephone']}, '\D', '', 'g')"
    mail = f"lower({actual['extemail']})"
    head = f"SELECT {selected} FROM {view} WHERE "  # noqa: S608 - names from settings, quoted
    # A field may hold several contacts; only then its text is searched instead of compared.
    by_contact = (
        f"{actual['enrollmentstatus']} = ANY($1) AND ("
        f"right({digits}, {_INDEXED_DIGITS}) = $2"
        f" OR (length({digits}) > {_LONGEST_NUMBER} AND {digits} LIKE '%' || $2 || '%')"
        f" OR {mail} = $3"
        f" OR ({mail} ~ '[^!-~]|[,;|/<>]' AND {mail} LIKE '%' || $4 || '%'))"
    )
    names = f"({actual['lastnameel']}, {actual['birthdate']})"
    known = "SELECT * FROM unnest($2::text[], $3::text[])"
    by_identity = f"{actual['ssn']} = ANY($1) OR {names} IN ({known})"
    return head + by_contact, head + by_identity


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _like(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value)


def _key(row: Row) -> tuple[str, str]:
    return text(row, "systemid"), text(row, "registrationid")
