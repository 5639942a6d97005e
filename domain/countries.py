"""Reads country codes of ISO 3166 from codes, numbers and names in records; pure."""

from functools import cache
from itertools import product

from babel import Locale
from babel.core import get_global

from domain.elot743 import ascii_fold
from domain.text import has_greek, identifier, squash

# CLDR territories that are not countries of ISO 3166: unions, outlying islands, pseudo-locales.
_OTHERS = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)
KOSOVO = "XK"
"""Widely used and in lists of countries, but not assigned by ISO 3166."""
ISO = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if len(code) == len("GR") and code.isalpha() and code not in _OTHERS
)
# In the form of `identifier`: the European Union's own codes, and Greek abbreviations.
_CODES = {"EL": "GR", "EΛ": "GR", "ΓP": "GR", "UK": "GB", "YK": "GB", "HB": "GB"}
_LONGEST = 100
"""Characters of a value that are read: twice as many as the longest name of a country has."""
_WORDS = {
    "GR": "elliniki elliniki-dimokratia ellas ell ellinas ellinida greek hellas hellenic",
    "CY": "kypriaki kyprios kypria cypriot",
    "GB": "anglia england great-britain britain",
    "US": "ipa",
    "DE": "ger",
}


def code(raw: str) -> str | None:
    """Return the two-letter code for a code, number or name of a country; None if unknown."""
    raw = raw[:_LONGEST]
    short = identifier(raw)
    if short == "KY" and has_greek(raw):
        return "CY"
    known = _CODES.get(short, short)
    if known in ISO:
        return None if known == short and _sounds_another(raw, known) else known
    if len(short) == len(squash(raw)) == len("GR") and has_greek(raw):
        return _as_it_sounds(raw)
    return _aliases().get(short) or _names().get(_folded(raw))


def _sounds_another(raw: str, code: str) -> bool:
    """Tell whether a Greek code looks like one country's and sounds like another's: `ΚΡ`."""
    sound = _folded(raw).upper()
    return has_greek(raw) and sound != code and sound in ISO


def _as_it_sounds(raw: str) -> str | None:
    """Return the one country that two Greek letters can mean, each by its shape or its sound.

    Return None if they also begin the one-word Greek name of another country.
    """
    letters = [{identifier(char), _folded(char).upper()} for char in squash(raw)]
    possible = {one + other for one, other in product(*letters)} & ISO
    begun = {code for code, name in _greek_words() if _folded(name).startswith(_folded(raw))}
    return next(iter(possible)) if len(possible) == 1 and begun <= possible else None


def _greek_words() -> list[tuple[str, str]]:
    """Return the countries whose Greek name is one word."""
    names = [(code, str(Locale("el").territories[code])) for code in sorted(ISO)]
    return [(code, name) for code, name in names if name.isalpha()]


@cache
def _aliases() -> dict[str, str]:
    """Return two-letter codes by three-letter, numeric and withdrawn codes."""
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
