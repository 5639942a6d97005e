"""`activation accounts`, on the real registrar, directory and ledger."""

import asyncio
import csv
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from adapters.directory.entries import CODES
from adapters.directory.ldap_client import LdapClient
from demo.crowd import World
from demo.names import MEN, SURNAMES
from demo.part import aside
from demo.programs import activation
from demo.students import Department, Row, make_row
from domain.contracts.vocabulary import Language, Step
from ledger import activations, audit, imports, rekeyed
from ledger.imports import Owned
from postgres import Pool, connect
from recognition.comparison import Match, Plan
from starter.cli import app
from starter.commands import accounts
from starter.output import Failed
from tests.stack import TestStack
from tests.workbooks import Workbook

HERE = Department("=9+9", "\t=HYPERLINK(0)", "-")
COUNT = 250
LAST = f"zzknown{COUNT - 1}"
OWNERS = "SELECT json_object_agg(name, person_key)::text FROM username WHERE name LIKE 'zz%'"
HOLD = "INSERT INTO username (name, person_key) VALUES ($1, 'somebody else')"


def student(number: str, login: str | None) -> Row:
    born = date(2004, 5, 6)
    return make_row(number, MEN[0], SURNAMES[0].man, born, HERE, loginname=login, ssn=None)


@pytest.fixture(scope="module", autouse=True)
def enrolled(stack: TestStack) -> Iterator[None]:
    """Enrol students whose entries were made by other means, and one of each other kind."""
    rows = [student(f"K{n:03}", f"zzknown{n:03}") for n in range(COUNT)]
    names: list[tuple[str, dict[str, list[str]]]] = [(f"zzknown{n:03}", {}) for n in range(COUNT)]
    rows += [student("Kadopt", None), student("Knew", None), student("@doubt", None)]
    code = f"urn:schac:personalUniqueCode:gr:{stack.settings.institution.domain}:SIS:Kadopt"
    names += [("zzadopt", {CODES: [code]}), ("zzdoubt", {"employeeNumber": ["@doubt"]})]
    for n, row in enumerate(rows):
        row["fatherfirstnameel"] = f"Πατέρας{n}"
    with closing(LdapClient(stack.settings.directory)) as ldap:
        World({"REGISTRAR_DSN": stack.registrar_dsn}, ldap).enrol(rows)
        for name, more in names:
            entry = {"objectClass": ["inetOrgPerson", "schacLinkageIdentifiers"]}
            ldap.add(
                f"uid={name},{stack.settings.directory.people_dn}",
                {**entry, "cn": ["X"], "sn": ["X"], **more},
            )
    yield
    aside(asked(stack.registrar_dsn, "DELETE FROM v_vd_sis WHERE departmentid = $1", HERE.id))


async def asked(dsn: str, query: str, *values: object) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query, *values)
    finally:
        await connection.close()


def owners(stack: TestStack) -> dict[str, str]:
    found: dict[str, str] = json.loads(str(aside(asked(stack.ledger_dsn, OWNERS)) or "{}"))
    return found


def called(*words: str) -> Result:
    return CliRunner().invoke(app, ["accounts", *words])


def test_match_tells_each_students_plan_and_writes_nothing_but_a_spreadsheet(
    stack: TestStack, tmp_path: Path
) -> None:
    before = aside(asked(stack.ledger_dsn, "SELECT count(*) FROM username"))
    sheet = tmp_path / "accounts.csv"
    sheet.write_text("old")
    sheet.chmod(0o666)
    book = tmp_path / "accounts.xlsx"
    done = called("match", "--dry-run", "--json", "--csv", str(sheet), "--xlsx", str(book))
    assert done.exit_code == 0, done.output
    counted = json.loads(done.stdout)
    (here,) = (each for each in counted["departments"] if each["department_id"] == HERE.id)
    assert here["plans"] == {
        **dict.fromkeys(Plan, 0),
        Plan.NEW: 1,
        Plan.ADOPT: COUNT + 1,
        Plan.CANNOT_TELL: 1,
    }
    assert here["why"] == {
        "to adopt: uid": COUNT,
        f"to adopt: {CODES}": 1,
        "cannot tell: not certain: employeeNumber": 1,
    }
    assert (
        sum(each["plans"][Plan.ADOPT] for each in counted["departments"])
        == (counted["total"][Plan.ADOPT])
    )
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert {*tmp_path.iterdir()} == {sheet, book}
    lines = [*csv.reader(sheet.read_text("utf-8-sig").splitlines())]
    # An empty cell has nothing in a workbook.
    assert Workbook(book).rows == [
        [cell.lstrip("'") for at, cell in enumerate(line) if cell or at < 5] for line in lines
    ]
    # No cell is a formula; nobody's name, contact or number but the student's own is told.
    mine = {line[3]: line for line in lines if line[0] == f"'{HERE.id}"}
    assert mine["K000"] == [
        *(f"'{HERE.id}", "'=HYPERLINK(0)", "SIS", "K000"),
        *("to adopt", "zzknown000", "uid"),
    ]
    assert mine["'@doubt"][4:] == ["cannot tell", "", "not certain: employeeNumber"]
    assert aside(asked(stack.ledger_dsn, "SELECT count(*) FROM username")) == before


def test_people_are_shown_a_table() -> None:
    shown = called("match")
    assert f"{HERE.id}  {COUNT} to adopt: uid\n" in shown.stdout
    assert f"{HERE.id}  1 cannot tell: not certain: employeeNumber\n" in shown.stdout


def test_a_spreadsheet_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    done = called("match", "--csv", str(tmp_path / "no folder" / "accounts.csv"))
    assert str(done.exception) == "the spreadsheet cannot be written: No such file or directory"


def test_an_import_that_was_killed_is_ended_by_the_next(stack: TestStack) -> None:
    """Killed while it waits for a name that somebody else is about to reserve."""
    assert aside(killed(stack)) == -signal.SIGKILL
    keys = {f"zzknown{n:03}": stack.keys.index("person", f"SIS/K{n:03}") for n in range(COUNT)}
    keys["zzadopt"] = stack.keys.index("person", "SIS/Kadopt")
    half = owners(stack)
    assert half
    assert half.items() < keys.items()
    again = called("import", "--json")
    assert again.exit_code == 0, again.output
    assert owners(stack) == keys
    told = json.loads(again.stdout)
    assert told["reserved"] >= len(keys) - len(half)
    assert told["reserved_before"] >= len(half)
    assert "\n0 usernames reserved" in f"\n{called('import').stdout}"


WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


async def killed(stack: TestStack) -> int | None:
    """Return how it ended; it had come to the batch with the last name, which is held."""
    ledger = await asyncpg.connect(stack.ledger_dsn)
    holding = ledger.transaction()
    await holding.start()
    await ledger.execute(HOLD, LAST)
    command = activation("accounts", "import")
    process = await asyncio.create_subprocess_exec(*command)
    while not await asked(stack.ledger_dsn, WAITS):  # noqa: ASYNC110 - another process sets it
        await asyncio.sleep(0.05)
    process.kill()
    await holding.rollback()
    await ledger.close()
    return await process.wait()


def test_a_name_that_the_ledger_has_for_somebody_else_stays_theirs(stack: TestStack) -> None:
    hold = f"{HOLD} ON CONFLICT (name) DO UPDATE SET person_key = 'somebody else'"
    aside(asked(stack.ledger_dsn, hold, LAST))
    done = called("import")
    assert done.exit_code == accounts.OTHERS_HAVE_NAMES
    assert f"SIS/K{COUNT - 1}  the ledger has this username for another person" in done.stdout
    assert owners(stack)[LAST] == "somebody else"


async def test_two_imports_at_once_end_as_one_would(stack: TestStack) -> None:
    found = [
        Match((f"key {n}",), "1", "", "S", str(n), Plan.ADOPT, f"twice{n:03}", "uid")
        for n in range(COUNT)
    ]
    both = await asyncio.gather(
        accounts.reserved(stack.settings, found),
        accounts.reserved(stack.settings, [*reversed(found)]),
    )
    assert sum(each.reserved for each in both) == COUNT
    assert all(each.reserved + each.reserved_before == COUNT for each in both)
    assert not any(each.names_of_others for each in both)


async def test_what_stands_under_an_older_key_of_the_person_is_theirs(stack: TestStack) -> None:
    def match(*keys: str) -> Match:
        return Match(keys, "1", "", "S", "1", Plan.ALREADY_ACTIVE, "Older.Key", "uid")

    first = await accounts.reserved(stack.settings, [match("old")])
    again = await accounts.reserved(stack.settings, [match("new", "old")])
    assert (first.reserved, again.reserved, again.reserved_before) == (1, 0, 1)
    assert not again.names_of_others


async def test_a_name_that_no_student_may_have_is_left_out(stack: TestStack) -> None:
    root = Match(("key",), "1", "", "S", "1", Plan.ALREADY_ACTIVE, "root", "uid")
    done = await accounts.reserved(stack.settings, [root])
    assert (done.reserved, done.left_out) == (0, 1)


def test_a_directory_that_is_away_is_told_in_one_line(stack: TestStack) -> None:
    stack.stop("slapd")
    try:
        done = called("match")
    finally:
        stack.start("slapd")
    assert done.exit_code == 1
    assert "see to directory.urls" in str(done.exception)


@pytest.mark.parametrize("held", ["entry", "under way", "under way by a newer row", "account", ""])
async def test_a_name_that_nothing_has_is_released_and_no_other(
    stack: TestStack, pool: Pool, held: str
) -> None:
    name, reference = f"zr.{held.replace(' ', '.') or 'free'}", f"A-RELEASE-{held.upper()}"
    owner = f"owner of {name}"
    await imports.reserve_all(pool, stack.keys, [Owned(name, [owner], ["facts"])])
    if held == "entry":
        with closing(LdapClient(stack.settings.directory)) as ldap:
            entry = {"objectClass": ["inetOrgPerson"], "cn": ["X"], "sn": ["X"]}
            ldap.add(f"uid={name},{stack.settings.directory.people_dn}", entry)
    elif held:
        key = f"newer {owner}" if "newer" in held else owner
        await rekeyed.note(pool, f"newer {owner}", [owner])
        await activations.begin(
            pool, stack.keys, reference=reference, language=Language.EL, mobile=None, email=None
        )
        await pool.execute(
            "UPDATE activation SET person_key = $2 WHERE reference = $1", reference, key
        )
    if held == "account":
        await activations.provisioned(pool, stack.keys, reference=reference, username=name)
        await activations.close(pool, reference=reference, end=Step.ACTIVE)
    asked = accounts.released(stack.settings, name.upper(), "given to the wrong one")
    if held:
        with pytest.raises(Failed):
            await asked
    else:
        await asked
    kept = {
        table: await pool.fetchval(f"SELECT count(*) FROM {table} WHERE name = $1", name)  # noqa: S608 - one of two
        for table in ("username", "imported")
    }
    assert set(kept.values()) == {int(bool(held))}
    rows = await audit.page(pool, stack.keys, reference=None)
    told = [(row.action, row.reason) for row in rows]
    at = told.index(("accounts_release", f"{name.upper()}: given to the wrong one"))
    # The newest row is the first.
    assert (told[at - 1 : at] == [(audit.REFUSED, "accounts_release")]) is bool(held)


def test_a_name_that_the_ledger_does_not_have_is_told_in_one_line() -> None:
    done = called("release", "zz.nobodys", "--reason", "a slip")
    assert str(done.exception) == "the ledger has no such username"
    assert called("release", "zz.nobodys").exit_code == 2
    assert called("release", "zz.nobodys", "--reason", " ").exit_code == 1


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await connect(stack.ledger_dsn) as ledger:
        yield ledger
