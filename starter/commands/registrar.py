"""`activation registrar ...`: what to correct before the term starts, and who has not activated."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

import settings
from adapters.registrar.wiring import everybody, registrar_of
from domain.counting import Counting
from domain.registrar.not_activated import WEEKS, DepartmentCount, Tally, WhyNot
from domain.registrar.readiness import Report
from domain.registrar.readiness import report as readiness_report
from ledger import clock
from postgres import Pool
from recognition.not_activated import judged
from security.keys import KeyRing
from settings import Settings
from starter import databases, workbook
from starter.audited import audited
from starter.not_activated_texts import WHY, Sheet
from starter.output import Failed, Json, group, show_json, tell
from starter.progress import working

commands = group("The secretariats' records.")

_LEDGER_TIMEOUT = 60.0
_EXPORT = "not_activated"
_Write = Callable[[Sequence[object]], object]


@commands.command()
def report(json: Json = False) -> None:
    """List the students who cannot activate and why, by department; only ids are shown."""
    config = settings.load()
    with databases.registrar(), working("The registrar is read"):
        rows = asyncio.run(everybody(config.registrar))
        found = readiness_report(
            rows,
            config.registrar.phone_region,
            config.usernames.reserved,
            config.institution.mail_domains,
        )
    if json:
        show_json(asdict(found))
    else:
        _show(found)


def _show(found: Report) -> None:
    name = Column("name", overflow="fold")
    table = Table("department", name, "students", "cannot activate", "findings")
    for row in found.departments:
        findings = ", ".join(f"{reason} {count}" for reason, count in row.reasons.items())
        numbers = str(row.students), str(row.unable)
        table.add_row(row.department_id, row.name_el or row.name_en, *numbers, findings)
    console = Console()
    console.print(table)
    for each in found.findings:
        others = f" with {each.shared_with}" if each.shared_with else ""
        student = f"{each.department_id}  {each.system_id}/{each.registration_id}"
        tell(f"{student}  {each.reason}{others}")
    for status, count in found.not_active.items():
        tell(f"not active: status {status or '(none)'}, in rows: {count}")


@commands.command("not-activated")
def not_activated(
    department: Annotated[
        list[str] | None,
        typer.Option(help="Only this department, by its number; once for each. Else all."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the students of these departments into a spreadsheet."),
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="The same, or both, as an Excel workbook.")
    ] = None,
    json: Json = False,
) -> None:
    """Count who has no account yet, by department, year, reason and week."""
    if (csv or xlsx) and not department:
        raise Failed("a spreadsheet names students: say of which departments, by --department")
    departments = sorted(set(department)) if department else None
    with (
        workbook.written_as(csv, xlsx, ";") as write,
        working("Students are counted") as count,
    ):
        counted = asyncio.run(_counted(settings.load(), departments, write, count))
    if json:
        show_json({"departments": [_as_dict(each) for each in counted]})
    else:
        _show_counted(counted)


async def _counted(
    config: Settings, departments: Sequence[str] | None, write: _Write | None, count: Counting
) -> Sequence[DepartmentCount]:
    """Count the enrolments; with `write`, leave an audit row and write a line a student."""
    sheet = Sheet(config.institution.default_language)
    opened: AbstractAsyncContextManager[tuple[Pool, KeyRing]]
    if write:
        about = ", ".join(departments or ())
        opened = audited(config, _EXPORT, about, seconds=_LEDGER_TIMEOUT)
        write(sheet.heading)
    else:
        opened = databases.ledger(config, seconds=_LEDGER_TIMEOUT)
    tally = Tally()
    async with opened as (pool, keys):
        today = (await clock.now(pool)).astimezone(config.institution.timezone).date()
        with databases.registrar():
            async with registrar_of(config.registrar) as registrar:
                rows = judged(registrar, pool, keys, config, departments)
                async with aclosing(rows):
                    async for each in rows:
                        tally.add(*each)
                        count(tally.students)
                        if write and each.why:
                            write(sheet.cells(each.row, each.why))
    return tally.departments(today, WEEKS)


def _as_dict(counted: DepartmentCount) -> dict[str, object]:
    weeks = {monday.isoformat(): number for monday, number in counted.weeks.items()}
    return asdict(counted) | {"weeks": weeks}


def _show_counted(counted: Sequence[DepartmentCount]) -> None:
    for each in counted:
        tell(f"\n{each.department_id} {each.name_el or each.name_en}".rstrip())
        table = Table("year", "students", "with account", "without", box=None)
        for year in each.years:
            without = year.students - year.activated
            table.add_row(year.year or "-", *map(str, (year.students, year.activated, without)))
        Console().print(table)
        for reason, number in each.reasons.items():
            tell(f"  {number:6} {reason}: {WHY[WhyNot(reason)].why}")
    weeks = Table("week of", "without an account", box=None)
    for monday in counted[0].weeks if counted else ():
        weeks.add_row(monday.isoformat(), str(sum(each.weeks[monday] for each in counted)))
    tell()
    Console().print(weeks)
