"""The tables of docs/registrar.md, played on PostgreSQL, by the desk's check and by the report."""

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from adapters.registrar.view import View, reader
from domain import dates
from domain.contracts.people import Person
from domain.elot743 import ascii_fold
from domain.registrar import diagnosis
from domain.registrar.diagnosis import AccountSeen, Diagnosis, outcome
from domain.registrar.humans import humans
from domain.registrar.readiness import report
from domain.registrar.row_facts import MOST_ROWS
from domain.registrar.rows import Row
from domain.registrar.students import ContactQuery, contacts, person
from tests.stack import TestStack

TEXT = (Path(__file__).parents[2] / "docs" / "registrar.md").read_text("utf-8")
SECTION = TEXT.partition("## Fields as they come")[2].partition("\n## ")[0]
TABLES = [re.findall(r"^\| (.+?) \|$", part, re.MULTILINE) for part in SECTION.split("\n\n")]
FIELDS, PAIRS = (
    [row.split(" | ") for row in table[1:] if not row.startswith("--")] for table in TABLES if table
)
OWN = ("university.example",)
CONTACTS = ("mobilephone", "extemail")
REPORTED = {
    "no_contact": Diagnosis.NO_CONTACT,
    "own_address": Diagnosis.OWN_ADDRESS,
    "unreadable_birth_date": Diagnosis.FINE,
    "-": Diagnosis.FINE,
}
HUMAN = {
    "firstnameel": "Χρήστος",
    "lastnameel": "Δοκιμάκης",
    "birthdate": "1/2/2005",
    "enrollmentstatus": "active",
}


class Field(NamedTuple):
    number: str
    column: str
    written: str
    read: list[str]
    reason: str

    @property
    def row(self) -> Row:
        """Return a row of somebody with nothing else amiss."""
        woman = {"firstnameel": "Εύα", "lastnameel": "Δοκιμάκη", "enrollmentstatus": "active"}
        contact = {} if self.column in CONTACTS else {"mobilephone": "6940009999"}
        key = {"systemid": "FIELDS", "registrationid": self.number}
        return {**key, **woman, **contact, self.column: self.written}


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


CASES = [
    Field(str(n), column.strip("`"), written.strip("`"), quoted(read), reason.strip("`"))
    for n, (column, written, read, reason) in enumerate(FIELDS)
]


def read_of(found: Person, column: str) -> list[str]:
    values = {
        "birthdate": found.birth_date and found.birth_date.isoformat(),
        "firstnameel": ascii_fold(found.first_name_latin),
        "lastnameen": found.last_name_latin,
        "loginname": found.login_name,
        "citizenship": found.citizenship,
    }
    return [value] if (value := values[column]) else []


@pytest.fixture(scope="module")
async def view(stack: TestStack) -> AsyncIterator[View]:
    connection = await asyncpg.connect(stack.registrar_dsn)
    for row in (field.row for field in CASES):
        names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
        insert = f"INSERT INTO v_vd_sis ({names}) VALUES ({places})"  # noqa: S608 - names of ours
        await connection.execute(insert, *row.values())
    async with await reader(stack.settings.registrar) as pool:
        yield View(pool, stack.settings.registrar)
    await connection.execute("DELETE FROM v_vd_sis WHERE systemid = 'FIELDS'")
    await connection.close()


def numbers(rows: list[Row]) -> set[str]:
    return {str(row["registrationid"]) for row in rows if row["systemid"] == "FIELDS"}


async def test_a_contact_is_found_by_each_that_is_read_in_it(view: View) -> None:
    for column in CONTACTS:
        fields = [each for each in CASES if each.column == column]
        for contact in {contact for each in fields for contact in each.read}:
            mail = "@" in contact
            typed = ContactQuery(None if mail else contact, contact if mail else None, "GR")
            held = {each.number for each in fields if contact in each.read}
            found = numbers(await view._holding(view._statements.by_contact, typed))
            assert held <= found, contact
            assert not {each.number for each in fields if not each.read} & found


async def test_a_birth_date_is_found_by_the_day_that_is_read(view: View) -> None:
    dated = [each for each in CASES if each.column == "birthdate"]
    days = dates.keys(date(2005, 2, 1))
    found = numbers(await view._fetch(view._statements.by_identity, [], days))
    assert found == {each.number for each in dated if each.read}


@pytest.mark.parametrize("field", CASES, ids=lambda each: f"{each.column}-{each.number}")
def test_a_field_is_read_and_reported_as_the_table_says(field: Field) -> None:
    row = field.row
    found = person([row], ContactQuery(None, None, "GR", OWN), str)
    if field.column in CONTACTS:
        mobiles, emails = contacts([row], "GR", OWN)
        assert [*mobiles, *emails] == field.read
    else:
        assert read_of(found, field.column) == field.read
    reasons = [each.reason.value for each in report([row], "GR", own=OWN).findings]
    assert (reasons or ["-"]) == [field.reason]
    said = outcome(
        [row],
        diagnosis.TypedContacts(),
        "GR",
        account=AccountSeen.NONE,
        under_way=False,
        shared=False,
        own=OWN,
    )
    assert said is REPORTED.get(field.reason, Diagnosis.UNREADABLE)


@pytest.mark.parametrize(("one", "other", "persons"), PAIRS)
def test_two_rows_are_as_many_persons_as_the_table_says(one: str, other: str, persons: str) -> None:
    rows = [
        {"systemid": "SIS", "registrationid": str(n), **HUMAN}
        | dict(pair.split(" = ") for pair in quoted(cell))
        for n, cell in enumerate((one, other))
    ]
    assert len(humans(rows, "GR")) == int(persons)
    assert len(humans(rows[::-1], "GR")) == int(persons)


def test_the_tables_are_read() -> None:
    assert len(CASES) > 70
    assert len(PAIRS) == 26
    assert len(CASES) < MOST_ROWS
