"""Writes CSV that is safe from formula injection when a spreadsheet opens it."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from starter.output import Failed

BOM = "\ufeff"
"""Begins a file, so that Excel reads Greek."""
_FORMULA = re.compile(r"(\A|[,;\t])(?= *[=+\-@\t\r\n])")
"""Where a formula may begin, also after the delimiter of another country's spreadsheets."""


def line(cells: Sequence[object], delimiter: str = ",") -> str:
    """Return one CSV line; None becomes an empty cell."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow([_as_text(cell) for cell in cells])
    return out.getvalue()


@contextmanager
def written(file: Path, delimiter: str = ",") -> Iterator[Callable[[Sequence[object]], object]]:
    """Write a CSV file (see `whole`); yields what writes a line.

    It begins with a BOM, so that Excel reads Greek.
    """
    with whole(file) as new, new.open("w", encoding="utf-8-sig", newline="") as out:
        yield lambda cells: out.write(line(cells, delimiter))


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Yield an empty file of mode 600 that takes this name when it is whole.

    Raises `Failed` where it cannot be written.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        try:
            new.touch(mode=0o600, exist_ok=False)
            yield new
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"the spreadsheet cannot be written: {error.strerror}") from None


def _as_text(cell: object) -> object:
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell
