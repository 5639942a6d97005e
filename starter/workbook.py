"""Writes Excel workbooks (xlsx) whose cells are texts and numbers, never formulas.

Excel shows a text as it is, so that numbers of students keep their zeros and Greek is read in every
country's settings, which CSV cannot promise.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starter import spreadsheet
from starter.output import Failed
from starter.spreadsheet import whole

MIME_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
_WIDEST = 60
_EVERY_CELL = f"A1:XFD{MOST_ROWS}"
_Write = Callable[[Sequence[object]], None]


@contextmanager
def written(file: Path) -> Iterator[_Write]:
    """Write a workbook as `spreadsheet.written` does CSV; yields what writes a row.

    The first row is the heading.
    """
    with whole(file) as new, new.open("wb") as out, _rows(out, file.parent) as write:
        yield write


@contextmanager
def written_as(
    csv: Path | None, xlsx: Path | None, delimiter: str = ","
) -> Iterator[_Write | None]:
    """Write the same rows as CSV, as a workbook or as both; yields None if no file is given.

    Raises `Failed` as `written` does, and for one file that is given as both.
    """
    if csv and csv == xlsx:
        raise Failed("--csv and --xlsx name one file: give two")
    with ExitStack() as stack:
        writers: list[Callable[[Sequence[object]], object]] = []
        if csv:
            writers.append(stack.enter_context(spreadsheet.written(csv, delimiter)))
        if xlsx:
            writers.append(stack.enter_context(written(xlsx)))

        def write(cells: Sequence[object]) -> None:
            for each in writers:
                each(cells)

        yield write if writers else None


def content(rows: Iterable[Sequence[object]]) -> bytes:
    """Return a workbook, whose first row is the heading; takes seconds, so call it in a thread."""
    out = io.BytesIO()
    with _rows(out, None) as write:
        for cells in rows:
            write(cells)
    return out.getvalue()


@contextmanager
def _rows(out: Any, folder: Path | None) -> Iterator[_Write]:
    """Yield what writes a row.

    Memory stays small however many there are: they pass through files in a new folder below this
    one, or below that for temporary files, of mode 700, which is deleted whatever happens.
    """
    import xlsxwriter  # noqa: PLC0415 - most commands and pages write none

    with TemporaryDirectory(prefix=".", dir=folder) as passed_through:
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": passed_through})
        sheet = book.add_worksheet()
        try:
            yield from _filled(book, sheet)
            failed = _closed(book)
        finally:
            # Else what failed is written when it is collected.
            book.fileclosed = True
            sheet.row_data_fh.close()
    if failed:
        raise failed


def _closed(book: Any) -> OSError | None:
    """Write the file; return what stops it, such as a full disk."""
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415 - as above

    try:
        book.close()
    except FileCreateError as error:
        return OSError(*error.args[0].args)
    return None


def _filled(book: Any, sheet: Any) -> Iterator[_Write]:
    plain = book.add_format({"num_format": "@"})
    heading = book.add_format({"num_format": "@", "bold": True})
    widths: list[int] = []
    count = 0

    def write(cells: Sequence[object]) -> None:
        nonlocal count
        if count == MOST_ROWS:
            raise Failed(f"a sheet of Excel has {MOST_ROWS:,} rows at most: take CSV")
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(count, column, cell)
            elif cell is not None:
                shown = str(cell)[:_LONGEST_TEXT]
                sheet.write_string(count, column, shown, plain if count else heading)
            widths.extend([0] * (column + 1 - len(widths)))
            widths[column] = max(widths[column], len(str(cell or "")))
        count += 1

    sheet.freeze_panes(1, 0)
    # Else Excel marks each number that is a text.
    sheet.ignore_errors({"number_stored_as_text": _EVERY_CELL})
    yield write
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width + 2, _WIDEST))
