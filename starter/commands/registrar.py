"""`activation registrar ...`: reports the records to correct before the term starts."""

import asyncio
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

import settings
from adapters.registrar.wiring import everybody
from domain.registrar.readiness import Report
from domain.registrar.readiness import report as readiness_report
from starter import databases
from starter.output import Json, group, show_json

commands = group("The secretariats' records.")


@commands.command()
def report(json: Json = False) -> None:
    """List the students who cannot activate and why, by department; only ids are shown."""
    config = settings.load()
    with databases.registrar():
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
    table = Table("department", "name", "students", "cannot activate", "findings")
    for row in found.departments:
        findings = ", ".join(f"{reason} {count}" for reason, count in row.reasons.items())
        numbers = str(row.students), str(row.unable)
        table.add_row(row.department_id, row.name_el or row.name_en, *numbers, findings)
    console = Console()
    console.print(table)
    for each in found.findings:
        others = f" with {each.shared_with}" if each.shared_with else ""
        student = f"{each.department_id}  {each.system_id}/{each.registration_id}"
        typer.echo(f"{student}  {each.reason}{others}")
    for status, count in found.not_active.items():
        typer.echo(f"not active: status {status or '(none)'}, in rows: {count}")
