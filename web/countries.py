"""Lists the countries with their names in a language, sorted by its alphabet."""

from functools import cache

from babel import Locale

from domain.countries import ISO, KOSOVO
from domain.text import without_marks

CODES = ISO | {KOSOVO}


@cache
def listed(language: str, first: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return every code with its name: those of `first`, then the others sorted by name."""
    names = Locale(language).territories
    rest = sorted(CODES.difference(first), key=lambda code: _order(names[code]))
    return tuple((code, str(names[code])) for code in (*first, *rest))


def _order(name: str) -> str:
    """Return the sort key of Greek dictionaries: letters without accents, one form of sigma."""
    return without_marks(name).casefold().replace("ς", "σ")
