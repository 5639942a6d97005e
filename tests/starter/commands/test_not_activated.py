"""`activation registrar not-activated`, on the real registrar and ledger."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from adapters.directory.ldap_client import LdapClient
from adapters.registrar.wiring import everybody
from demo.crowd import World
from demo.names import MEN, SURNAMES, WOMEN
from demo.part import aside
from demo.students import Department, Row, amka, make_row
from domain import consent
from domain.contracts.account_io import RecordConsent
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language, Step
from domain.registrar.rows import Row as FromView
from domain.registrar.students import ContactQuery, person
from ledger import activations, audit, claims, consents, imports, rekeyed
from ledger.imports import Owned
from postgres import Pool, connect
from starter.cli import app
from tests.stack import TestStack
from tests.workbooks import Workbook

HERE = Department("zz=1", "=Τμήμα", "=Department")
ELSEWHERE = Department("zz2", "Άλλο", "Other")
BORN = date(2004, 5, 6)
NUMBER = amka(BORN, 771, gender="M")
MOBILE = "69720{:05}"


def student(number: str, place: Department = HERE, **more: str | None) -> Row:
    row = make_row(number, MEN[0], SURNAMES[0].man, BORN, place, ssn=None)
    contact = {"mobilephone": MOBILE.format(int(number[2:])), "extemail": None}
    return {**row, "loginname": None, "inscriptionacyear": "2026", **contact, **more}


ROWS = (
    student("NY1"),
    student("NY2"),
    student("NY3"),
    student("NY4"),
    student("NY5"),
    student("NY6", mobilephone=None),
    student("NY7", mobilephone="2710372128", inscriptionacyear="2025"),
    student("NY8", enrollmentstatus="graduated"),
    student("NY9"),
    student("NY10", firstnameel=WOMEN[0].el, firstnameen=WOMEN[0].latin, birthdate="20010101"),
    student("NY11", ELSEWHERE, ssn=NUMBER, ssncountry="GR"),
    student("NY12", ssn=NUMBER, ssncountry="GR"),
)


@pytest.fixture(scope="module", autouse=True)
def enrolled(stack: TestStack) -> Iterator[None]:
    """Enrol students, of whom some came to each step, and some have an account."""
    with closing(LdapClient(stack.settings.directory)) as ldap:
        World({"REGISTRAR_DSN": stack.registrar_dsn}, ldap).enrol(ROWS)
    aside(_live(stack))
    yield
    aside(_leave(stack))


async def _leave(stack: TestStack) -> None:
    records, ledger = await asyncpg.connect(stack.registrar_dsn), await connect(stack.ledger_dsn)
    await records.execute("DELETE FROM v_vd_sis WHERE departmentid LIKE 'zz%'")
    await ledger.execute("DELETE FROM activation WHERE reference LIKE 'A-NOTYET-%'")
    await ledger.execute("DELETE FROM claim WHERE reference LIKE 'A-NOTYET-%'")
    await ledger.execute("DELETE FROM imported WHERE name = 'zznotyet'")
    await ledger.execute("DELETE FROM username WHERE name = 'zznotyet'")
    await records.close()
    await ledger.close()


async def _live(stack: TestStack) -> None:
    rows = {str(row["registrationid"]): row for row in await everybody(stack.settings.registrar)}
    pool = await connect(stack.ledger_dsn)
    try:
        await _come_to(stack, pool, rows, "NY2")
        for number in ("NY3", "NY4", "NY9", "NY11"):
            await _come_to(stack, pool, rows, number, claimed=True)
        await _agree(stack, pool, rows["NY4"])
        for number in ("NY9", "NY11"):
            await activations.close(pool, reference=f"A-NOTYET-{number}", end=Step.ACTIVE)
        # The number of NY10 was another person's before, who has an account.
        before = {**rows["NY10"], "firstnameel": MEN[1].el, "lastnameel": "Άλλος"}
        await _come_to(
            stack, pool, {"NY10": {**before, "birthdate": "19800101"}}, "NY10", claimed=True
        )
        await activations.close(pool, reference="A-NOTYET-NY10", end=Step.ALREADY_ACTIVE)
        owner = _person(stack, rows["NY5"])
        found_by = rekeyed.facts(stack.keys, owner)
        await imports.reserve_all(pool, stack.keys, [Owned("zznotyet", owner.keys, found_by)])
    finally:
        await pool.close()


def _person(stack: TestStack, row: FromView) -> Person:
    return person(
        [row], ContactQuery(None, None, "GR"), lambda key: stack.keys.index("person", key)
    )


async def _come_to(
    stack: TestStack,
    pool: Pool,
    rows: Mapping[str, FromView],
    number: str,
    *,
    claimed: bool = False,
) -> None:
    """Begin with the student's mobile; `claimed`: and type the code."""
    reference, who, el = f"A-NOTYET-{number}", _person(stack, rows[number]), Language.EL
    await activations.begin(
        pool, stack.keys, reference=reference, language=el, mobile=who.mobile, email=None
    )
    if claimed:
        await claims.note_and_claim(pool, stack.keys, reference=reference, person=who, language=el)


async def _agree(stack: TestStack, pool: Pool, row: FromView) -> None:
    who = _person(stack, row)
    agreed = RecordConsent(
        reference="A-NOTYET-NY4",
        person_key=who.person_key,
        shown=consent.review(who, "zzname", "1"),
        choices=(),
        language=Language.EL,
        accepted_at=datetime.now(UTC),
    )
    await consents.record(pool, stack.keys, agreed)


def called(*words: str) -> Result:
    return CliRunner().invoke(app, ["registrar", "not-activated", *words])


def test_the_students_of_a_department_are_counted_by_year_reason_and_week() -> None:
    done = called("--department", HERE.id, "--json")
    assert done.exit_code == 0, done.output
    (here,) = json.loads(done.stdout)["departments"]
    assert (here["department_id"], here["name_el"]) == (HERE.id, HERE.el)
    assert here["years"] == [
        {
            "year": "2026",
            "students": 9,
            "activated": 3,
            "reasons": {
                "no_contact": 1,
                "not_tried": 2,
                "stopped_at_code": 1,
                "stopped_at_details": 1,
                "stopped_at_password": 1,
            },
        },
        {"year": "2025", "students": 1, "activated": 0, "reasons": {"landline": 1}},
    ]
    # The imported account was there before; two others came this week.
    assert [*here["weeks"].values()] == [9] * 15 + [7]


def test_all_departments_are_counted_where_none_is_named_and_nobody_is_named() -> None:
    done = called()
    assert done.exit_code == 0, done.output
    assert "401" in done.stdout
    assert "NY11" not in called("--json").stdout
    assert called("--department", "zz none").exit_code == 0


def test_a_spreadsheet_has_a_line_for_each_who_has_none_and_the_audit_who_took_it(
    stack: TestStack, tmp_path: Path
) -> None:
    sheet, book = tmp_path / "not.csv", tmp_path / "not.xlsx"
    done = called("--department", HERE.id, "--csv", str(sheet), "--xlsx", str(book))
    assert done.exit_code == 0, done.output
    assert {each.stat().st_mode & 0o777 for each in (sheet, book)} == {0o600}
    assert {*tmp_path.iterdir()} == {sheet, book}
    heading, *lines = csv.reader(sheet.read_text("utf-8-sig").splitlines(), delimiter=";")
    assert heading[0] == "Αριθμός Τμήματος"
    assert "Δεν έχει αρχίσει" in lines[0]
    assert {line[4]: line[-1] for line in lines} == {
        "NY1": "not_tried",
        "NY2": "stopped_at_code",
        "NY3": "stopped_at_details",
        "NY4": "stopped_at_password",
        "NY6": "no_contact",
        "NY7": "landline",
        "NY10": "not_tried",
    }
    assert lines[0][:5] == [f"{HERE.id}", "'=Τμήμα", "2026", "SIS", "NY1"]
    newest = aside(_newest(stack))
    assert (newest.action, newest.reason) == ("not_activated", HERE.id)
    assert Workbook(book).rows == [
        [cell.lstrip("'") for cell in each] for each in (heading, *lines)
    ]


async def _newest(stack: TestStack) -> audit.Row:
    pool = await connect(stack.ledger_dsn)
    try:
        return (await audit.page(pool, stack.keys, limit=1))[0]
    finally:
        await pool.close()


def test_a_spreadsheet_names_students_of_named_departments_only(tmp_path: Path) -> None:
    done = called("--csv", str(tmp_path / "all.csv"))
    assert "say of which departments" in str(done.exception)
    done = called("--xlsx", str(tmp_path / "all.xlsx"))
    assert "say of which departments" in str(done.exception)
    assert [*tmp_path.iterdir()] == []
