"""Answers with a table as a file: CSV, or an Excel workbook where the address asks for one."""

import asyncio
import threading
from collections.abc import Iterable, Iterator, Sequence

from fastapi import Response

from starter import spreadsheet, workbook
from support.console.console_request import ConsoleRequest


async def download(
    ctx: ConsoleRequest, name: str, rows: Sequence[Sequence[object]], *, delimiter: str = ","
) -> Response:
    """Return these rows, the heading first, as `name.xlsx` for `format=xlsx`, else as CSV.

    CSV whose delimiter Excel expects in Greece (`;`) begins with a BOM, so that it reads Greek.
    """
    if ctx.request.query_params.get("format") == "xlsx":
        content = await _workbook(rows)
        file, kind = f"{name}.xlsx", workbook.MIME_TYPE
    else:
        lines = (spreadsheet.line(cells, delimiter) for cells in rows)
        text = "".join((spreadsheet.BOM if delimiter == ";" else "", *lines))
        file, content, kind = f"{name}.csv", text.encode(), "text/csv; charset=utf-8"
    named = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=kind, headers=named)


async def _workbook(rows: Iterable[Sequence[object]]) -> bytes:
    """Make a workbook in a thread, which ends where nobody waits for it any more."""
    over = threading.Event()

    def waited_for() -> Iterator[Sequence[object]]:
        for cells in rows:
            if over.is_set():
                raise TimeoutError
            yield cells

    try:
        return await asyncio.to_thread(workbook.content, waited_for())
    finally:
        over.set()
