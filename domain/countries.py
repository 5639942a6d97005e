"""Country codes of ISO 3166, read from what records have in their place; pure."""

from functools import cache
from itertools import product

from babel import Locale
from babel.core import get_global

from domain.elot743 import ascii_fold
from domain.text import has_greek, identifier, squash

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
    "GR": "elliniki elliniki-dimokratia ellas ell ellinas ellinida greek hellas hellenic",
    "CY": "kypriaki kyprios kypria cypriot",
    "GB": "anglia england great-britain britain",
    "US": "ipa",
    "DE": "ger",
}


def code(raw: str) -> str | None:
    """Return two letters for a code of two or three letters, a number or a name; else None."""
    short = identifier(raw)
    if short == "KY" and has_greek(raw):
        return "CY"
    known = _CODES.get(short, short)
    if known in ISO:
        return None if known == short and _sounds_another(raw, known) else known
    if len(short) == len("GR") and has_greek(raw):
        return _as_it_sounds(raw)
    return _aliases().get(short) or _names().get(_folded(raw))


def _sounds_another(raw: str, code: str) -> bool:
    """Whether a code that looks like a country's sounds like another's: `ΚΡ` is KP or KR."""
    sound = _folded(raw).upper()
    return has_greek(raw) and sound != code and sound in ISO


def _as_it_sounds(raw: str) -> str | None:
    """Read two Greek letters, each by its looks or its sound, where one country is meant.

    What begins the one-word name of another country may be short for that.
    """
    letters = [{identifier(char), _folded(char).upper()} for char in squash(raw)]
    meant = {one + other for one, other in product(*letters)} & ISO
    begun = {code for code, name in _greek_words() if _folded(name).startswith(_folded(raw))}
    return next(iter(meant)) if len(meant) == 1 and begun <= meant else None


def _greek_words() -> list[tuple[str, str]]:
    """Return the countries whose Greek name is one word."""
    names = [(code, str(Locale("el").territories[code])) for code in sorted(ISO)]
    return [(code, name) for code, name in names if name.isalpha()]


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
