"""Puts letters that only look right back into the alphabet of their word; pure.

Keyboards left in Latin and signs of mathematics leave `Xρήστος`, `Δηµήτρης` and `∆ΗΜΗΤΡΑ` in names.
What is repaired is compared and transcribed; what is shown stays as the registrar has it.
"""

import re
import unicodedata

from domain.text import has_greek

_LATIN = "ABEZHIKMNOPTYXaeiknoptuvwxy"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικηορτυνωχγ"
_CAPITALS = str.maketrans("∆∏∑", "ΔΠΣ")
_SMALL = str.maketrans("∆∏∑", "δπσ")
_MICRO = "µ"
_WITH_SIGNS = re.compile(r"(?:[^\W\d_]|[∆∏∑])+")
TO_GREEK = str.maketrans(_LATIN, _GREEK)
_TO_LATIN = str.maketrans(_GREEK, _LATIN)
_ALPHABET = frozenset("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψω")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0345])*")


def repaired(text: str) -> str:
    """Return the text with each word in one alphabet, as far as its letters allow."""
    lettered = _WITH_SIGNS.sub(
        lambda found: _lettered(found[0]), unicodedata.normalize("NFC", text)
    )
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", lettered))
    return unicodedata.normalize("NFC", _WORD.sub(lambda found: _word(found[0]), apart))


def _lettered(word: str) -> str:
    """Turn signs to letters: a sign has one case only, the letter has that of those around it."""
    others = word.replace(_MICRO, "")
    if others.isupper():
        word = word.replace(_MICRO, "Μ")
    small = any(map(str.islower, others))
    return word[0].translate(_CAPITALS) + word[1:].translate(_SMALL if small else _CAPITALS)


def _word(word: str) -> str:
    """Turn to Greek, unless more letters can only be Latin than can only be Greek."""
    greek = [char for char in word if has_greek(char)]
    latin = [char for char in word if char.isascii()]
    if not greek or not latin or not _ALPHABET.issuperset(greek):
        return word
    only_greek = sum(ord(char) not in _TO_LATIN for char in greek)
    only_latin = sum(ord(char) not in TO_GREEK for char in latin)
    return word.translate(TO_GREEK if only_greek >= only_latin else _TO_LATIN)
