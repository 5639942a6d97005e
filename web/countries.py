"""The countries of the world by their names in the student's language, in its alphabet's order."""

import unicodedata
from functools import cache

from babel import Locale

from domain.countries import ISO, KOSOVO

CODES = ISO | {KOSOVO}


@cache
def listed(language: str, first: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return every code with its name: those of `first`, then all by their names."""
    names = Locale(language).territories
    rest = sorted(CODES.difference(first), key=lambda code: _order(names[code]))
    return tuple((code, str(names[code])) for code in (*first, *rest))


def _order(name: str) -> str:
    """Return what Greek dictionaries sort by: letters without marks, one sigma."""
    letters = (c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return "".join(letters).casefold().replace("ς", "σ")
