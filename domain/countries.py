"""Country codes of ISO 3166, read from what records have in their place; pure."""

from functools import cache

from babel import Locale
from babel.core import get_global

from domain.elot743 import ascii_fold
from domain.text import has_greek, identifier

# What CLDR names beside the countries of ISO 3166: unions, outlying islands, pseudo-locales.
_OTHERS = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)
KOSOVO = "XK"
"""Widely used, and in lists of countries, though ISO 3166 has not assigned it."""
ISO = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if len(code) == len("GR") and code.isalpha() and code not in _OTHERS
)
# As `identifier` folds them: the Union's own codes, and abbreviations in Greek letters.
_CODES = {"EL": "GR", "EΛ": "GR", "ΓP": "GR", "UK": "GB", "YK": "GB", "HB": "GB"}
_WORDS = {
    "GR": "elliniki ellinas ellinida greek hellas hellenic",
    "CY": "kypriaki kyprios kypria cypriot",
    "GB": "anglia england great-britain britain",
}


def code(raw: str) -> str | None:
    """Return two letters for a code of two or three letters, a number or a name; else None."""
    short = identifier(raw)
    if short == "KY" and has_greek(raw):
        return "CY"
    known = _CODES.get(short, short)
    return known if known in ISO else _aliases().get(short) or _names().get(_folded(raw))


@cache
def _aliases() -> dict[str, str]:
    """Return the codes of three letters, the numbers, and codes that are no more."""
    aliases = get_global("territory_aliases").items()
    return {old: new[0] for old, new in aliases if len(new) == 1 and new[0] in ISO}


@cache
def _names() -> dict[str, str]:
    found = {_folded(word): code for code, words in _WORDS.items() for word in words.split()}
    for language in ("en", "el"):
        names = Locale(language).territories
        found |= {_folded(str(names[code])): code for code in sorted(ISO)}
    return found


def _folded(text: str) -> str:
    return "".join(c for c in ascii_fold(text).lower() if c.isalpha())
