"""Writes CSV that is safe from formula injection when a spreadsheet opens it."""

import csv
import io
from collections.abc import Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(cells: Sequence[object]) -> str:
    """Return one CSV line; None becomes an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerow([_as_text(cell) for cell in cells])
    return out.getvalue()


def _as_text(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell
