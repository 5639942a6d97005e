"""Who has no account yet, for the secretariats: a picture with its tables, and a spreadsheet."""

import csv
import io
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from xml.etree import ElementTree as ET

import asyncpg
import pytest
from fastapi import FastAPI

from demo.names import MEN, SURNAMES
from demo.part import aside
from demo.slapd import GROUPS_DN
from demo.students import COLUMNS, Department, make_row
from ledger import audit
from postgres import Pool
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import MakeApp, sign_in_to
from tests.workbooks import Workbook

SVG = re.compile(r"<svg class=\"app-curve.*?</svg>", re.DOTALL)
MINE = Department("zx;1", "Τμήμα <b>", "")
BARE = Department("zx 2", "", "")
OTHERS = Department("zx3", "Ξένο Τμήμα", "Foreign department")
PAGE, EXPORT = "/not-activated", "/not-activated/export"
Secretariat = Callable[..., Awaitable[Browser]]


def student(number: str, place: Department, **more: str | None) -> dict[str, str | None]:
    row = make_row(number, MEN[0], SURNAMES[0].man, date(2004, 5, 6), place, ssn=None)
    return {**row, "inscriptionacyear": "2026", "mobilephone": None, "extemail": None, **more}


ROWS = (
    student("ZX1", MINE),
    student("ZX2", MINE, inscriptionacyear=None, departmentel=None),
    student("ZX3", MINE, inscriptionacyear="Α΄ έτος", lastnameel="=Παππάς"),
    *(student(f"ZX{n}", MINE, inscriptionacyear=str(1950 + n)) for n in range(10, 50)),
    student("ZX4", BARE, inscriptionacyear=None),
    student("ZX5", OTHERS),
    student("ZX6", Department("", "Ιατρική", "")),
    student("ZX7", Department("", "", ""), departmentid=None),
    student("ZX8", Department("", "", ""), departmentid="unknown"),
)


@pytest.fixture(scope="module", autouse=True)
def enrolled(stack: TestStack) -> Iterator[None]:
    """Enrol students of departments with what secretariats leave out or write oddly."""

    async def enrol() -> None:
        records = await asyncpg.connect(stack.registrar_dsn)
        values = [[row.get(column) for column in COLUMNS] for row in ROWS]
        await records.copy_records_to_table("v_vd_sis", records=values, columns=COLUMNS)
        await records.close()

    async def leave() -> None:
        records = await asyncpg.connect(stack.registrar_dsn)
        await records.execute("DELETE FROM v_vd_sis WHERE registrationid LIKE 'ZX%'")
        await records.close()

    aside(enrol())
    yield
    aside(leave())


@pytest.fixture
def secretariat(make_app: MakeApp, settings: Settings, stack: TestStack) -> Secretariat:
    """Return how the demo's secretariat signs in, limited to these departments."""

    async def sign_in(*departments: str, **limits: int) -> Browser:
        limited = {f"cn=secretariat,{GROUPS_DN}": list(departments)} if departments else {}
        console = settings.console.model_copy(update={"departments": limited})
        counted = settings.limits.model_copy(update=limits)
        app = make_app(settings.model_copy(update={"console": console, "limits": counted}))
        return await sign_in_to(app, stack, "secretariat")

    return sign_in


async def test_picture_and_tables_say_the_same(secretariat: Secretariat) -> None:
    page = await (await secretariat(MINE.id)).get(PAGE)
    assert page.status_code == 200
    assert "Τμήμα &lt;b&gt;" in page.text
    assert "Α΄ έτος" not in page.text  # Among the other years, as it has no number.
    assert "Άλλα έτη" in page.text
    (drawn,) = SVG.findall(page.text)
    svg = ET.fromstring(drawn)  # noqa: S314 - our own page
    assert svg.get("role") == "img"
    names = (svg.get("aria-labelledby") or "").split()
    _, told = (svg.find(f"*[@id='{name}']") for name in names)
    assert told is not None
    weeks = [int(n) for n in re.findall(r": (\d+)\.", told.text or "")]
    assert weeks == [43] * 16
    by_week = page.text.rpartition("<tbody")[2]
    assert weeks == [int(n) for n in re.findall(r"numeric\">(\d+)<", by_week)]
    line = svg.find("polyline")
    assert line is not None
    assert {y for _, y in (at.split(",") for at in (line.get("points") or "").split())} == {"28.33"}
    assert "style" not in drawn


async def test_a_secretariat_sees_its_departments_and_no_other(secretariat: Secretariat) -> None:
    browser = await secretariat(MINE.id, BARE.id, "zx none")
    page = (await browser.get(PAGE)).text
    linked = re.findall(r'href="/not-activated\?department=([^"]*)"', page)
    assert linked == ["zx%202", "zx%20none", "zx%3B1"]
    assert re.findall(r"app-sum__number\">(\d+)<", page) == ["44"]
    assert "Τμήμα zx 2" in page  # Its name is nowhere on file.
    assert "Χωρίς έτος" in (await browser.get(f"{PAGE}?department=zx 2")).text
    nobody = (await browser.get(f"{PAGE}?department=zx none")).text
    assert "δεν είναι εγγεγραμμένος κανένας φοιτητής" in nobody
    for other in (OTHERS.id, "", "401", "ZX3", "zx3 ", "zx3\x00", "zx;1,zx3", "x" * 5000):
        for path in (PAGE, EXPORT):
            answer = await browser.http.get(path, params={"department": other})
            assert answer.status_code == 404, other
            assert OTHERS.el not in answer.text
    twice = await browser.get(f"{EXPORT}?department=zx%3B1&department=zx3")
    assert twice.status_code == 404
    for path in ("/queue", "/search", "/funnel", "/registrar", "/list?group=stuck"):
        assert (await browser.get(path)).status_code == 403
    assert "/search" not in page


async def test_whoever_is_limited_to_nothing_that_exists_sees_nobody(
    secretariat: Secretariat,
) -> None:
    page = await (await secretariat("no such department")).get(PAGE)
    assert page.status_code == 200
    assert "<table" not in page.text


async def test_staff_of_all_departments_see_rows_without_one(secretariat: Secretariat) -> None:
    browser = await secretariat()
    assert "Χωρίς Τμήμα" in (await browser.get(PAGE)).text
    assert "<h1" in (await browser.get(f"{PAGE}?department=")).text
    sheet = (await browser.get(f"{EXPORT}?department=")).text
    assert {"ZX6", "ZX7", "ZX8"} <= set(re.findall("ZX[0-9]+", sheet))


async def test_the_spreadsheet_has_the_students_and_the_audit_who_took_it(
    secretariat: Secretariat, pool: Pool, stack: TestStack
) -> None:
    browser = await secretariat(MINE.id)
    answer = await browser.get(f"{EXPORT}?department=zx%3B1")
    assert answer.text.startswith("\ufeff")
    lines = [*csv.reader(io.StringIO(answer.text[1:]), delimiter=";")]
    assert lines[0][:2] == ["Αριθμός Τμήματος", "Τμήμα"]
    assert len(lines) == 44
    assert {line[0] for line in lines[1:]} == {MINE.id}
    assert {tuple(line[-3:]) for line in lines[1:]} == {
        (
            "Ούτε κινητό ούτε email στο μητρώο",
            "Ζητήστε από τον φοιτητή κινητό ή προσωπικό email και καταχωρίστε το.",
            "no_contact",
        )
    }
    assert "'=Παππάς" in {line[5] for line in lines}
    answer = await browser.get(f"{EXPORT}?department=zx%3B1&format=xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="not-activated.xlsx"'
    book = Workbook(answer.content)
    assert [[cell.lstrip("'") for cell in line] for line in lines] == book.rows
    assert not book.found("f")
    english = await browser.get(f"{EXPORT}?department=zx%3B1&lang=en")
    assert "No mobile and no e-mail on file" in english.text
    newest = (await audit.page(pool, stack.keys, actor="secretariat", limit=1))[0]
    assert (newest.action, newest.reason) == ("not_activated", MINE.id)


async def test_who_takes_too_many_spreadsheets_is_stopped_and_still_sees_the_page(
    secretariat: Secretariat, pool: Pool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sheets:%'")
    browser = await secretariat(MINE.id, sheets_per_staff=1)
    answers = [await browser.get(f"{EXPORT}?department=zx%3B1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert (await browser.get(PAGE)).status_code == 200
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'sheets:%'")


async def test_while_the_registrar_is_away_the_page_says_so(
    make_app: MakeApp, settings: Settings, stack: TestStack
) -> None:
    browser = await sign_in_to(without_registrar(make_app, settings), stack, "secretariat")
    for path in (PAGE, f"{EXPORT}?department=401"):
        answer = await browser.get(path)
        assert answer.status_code == 503
        assert "δεν απαντά αυτή τη στιγμή" in answer.text


def without_registrar(make_app: MakeApp, settings: Settings) -> FastAPI:
    dsn = type(settings.registrar.dsn)("postgresql://nobody@127.0.0.1:1/none")
    section = settings.registrar.model_copy(update={"dsn": dsn})
    return make_app(settings.model_copy(update={"registrar": section}))
