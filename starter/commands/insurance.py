"""`activation insurance ...`: exports the insurance numbers that were accepted with a warning."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

import settings
from domain import masks
from ledger import insurance
from starter import spreadsheet, workbook
from starter.audited import audited
from starter.output import group, write
from starter.progress import working

commands = group("Insurance numbers to look at.")

_COLUMNS = ("reference", "department", "scheme", "number", "warnings")


@commands.command()
def export(
    reason: Annotated[str, typer.Option(help="Why; it is written to the audit.")],
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="Write an Excel workbook in place of CSV.")
    ] = None,
) -> None:
    """Write the numbers with a warning as CSV, masked; the reference finds the student."""
    with working("The ledger is asked"):
        rows = asyncio.run(_flagged(reason))
    with workbook.written(xlsx) if xlsx else nullcontext(_write_line) as write_row:
        write_row(_COLUMNS)
        for row in rows:
            number = masks.insurance(row.number)
            cells = (row.reference, row.department, row.scheme, number, " ".join(row.warnings))
            write_row(cells)


def _write_line(cells: Sequence[object]) -> None:
    write(spreadsheet.line(cells))


async def _flagged(reason: str) -> list[insurance.Flagged]:
    async with audited(settings.load(), "insurance_export", reason) as (ledger, keys):
        return await insurance.flagged(ledger, keys)
