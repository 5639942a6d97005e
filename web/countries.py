"""The countries of the world by their names in the student's language, in its alphabet's order."""

from functools import cache

from babel import Locale

from domain.countries import ISO, KOSOVO
from domain.text import without_marks

CODES = ISO | {KOSOVO}


@cache
def listed(language: str, first: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return every code with its name: those of `first`, then all by their names."""
    names = Locale(language).territories
    rest = sorted(CODES.difference(first), key=lambda code: _order(names[code]))
    return tuple((code, str(names[code])) for code in (*first, *rest))


def _order(name: str) -> str:
    """Return what Greek dictionaries sort by: letters without marks, one sigma."""
    return without_marks(name).casefold().replace("ς", "σ")
