"""Replaces look-alike letters (homoglyphs) by those of the word's own alphabet; pure.

Keyboards in another layout and mathematical symbols leave `Xρήστος`, `Αnna` with a Greek alpha,
`НΛΙΑΔΗΣ` with a Cyrillic letter, `Δηµήτρης` and `∆ΗΜΗΤΡΑ` in names. Repaired text is used for
comparison and transcription; Greek that is shown stays as the registrar has it.
"""

import re
import unicodedata

from domain.text import has_greek

_LATIN = "ABEZHIKMNOPTYXaeiknoptuvwxy"
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικηορτυνωχγ"
_CYRILLIC_LATIN = ("АВЕЅЗІЈКМНОРСТУХаеѕіјкорстух", "ABESZIJKMHOPCTYXaesijkopctyx")
_CYRILLIC_GREEK = ("АВГЕЅЗІКМНОПРСТУФХаеѕікорстуфх", "ΑΒΓΕΣΖΙΚΜΗΟΠΡΣΤΥΦΧαεσικορστγφχ")
_CAPITALS = str.maketrans("∆∏∑", "ΔΠΣ")
_SMALL = str.maketrans("∆∏∑", "δπσ")
_MICRO = "µ"
_WITH_SIGNS = re.compile(r"(?:[^\W\d_]|[∆∏∑])+")
TO_GREEK = str.maketrans(_LATIN, _GREEK)
_TO_LATIN = str.maketrans(_GREEK, _LATIN)
ALL_TO_GREEK = TO_GREEK | str.maketrans(*_CYRILLIC_GREEK)
ALL_TO_LATIN = _TO_LATIN | str.maketrans(*_CYRILLIC_LATIN)
_ALIKE = ALL_TO_GREEK.keys() | ALL_TO_LATIN.keys()
_ALPHABET = frozenset("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψω")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0345])*")


def repaired(text: str, *, latin: bool = False) -> str:
    """Return the text with each word in one alphabet, as far as its letters allow.

    With `latin` a word is Latin unless it has letters that exist only in another alphabet.
    """
    if text.isascii():
        return text
    lettered = _WITH_SIGNS.sub(
        lambda found: _lettered(found[0]), unicodedata.normalize("NFC", text)
    )
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", lettered))
    mended = _WORD.sub(lambda found: _word(found[0], latin=latin), apart)
    return unicodedata.normalize("NFC", mended)


def _lettered(word: str) -> str:
    """Replace symbols (∆, µ) by letters in the case of the letters around them."""
    others = word.replace(_MICRO, "")
    if others.isupper():
        word = word.replace(_MICRO, "Μ")
    small = any(map(str.islower, others))
    return word[0].translate(_CAPITALS) + word[1:].translate(_SMALL if small else _CAPITALS)


def _word(word: str, *, latin: bool) -> str:
    """Convert to the alphabet with most letters without a look-alike, else with most letters.

    On a tie the word becomes Greek. A word that is Cyrillic by this rule stays unchanged.
    """
    letters = {
        "greek": [char for char in word if has_greek(char)],
        "latin": [char for char in word if char.isascii()],
        "cyrillic": [char for char in word if _is_cyrillic(char)],
    }
    mixed = len(list(filter(None, letters.values()))) > 1
    if not mixed or not _ALPHABET.issuperset(letters["greek"]):
        return word
    most = max(
        letters, key=lambda each: _weight(letters[each], preferred=latin and each == "latin")
    )
    tables = {"greek": ALL_TO_GREEK, "latin": ALL_TO_LATIN}
    return word.translate(tables.get(most, {}))


def _weight(letters: list[str], *, preferred: bool) -> tuple[int, bool, int]:
    """Return the sort key of an alphabet: letters without a look-alike count first."""
    return sum(ord(char) not in _ALIKE for char in letters), preferred, len(letters)


def _is_cyrillic(char: str) -> bool:
    return "\u0400" <= char <= "\u04ff"
