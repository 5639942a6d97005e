"""Transcribes Greek to Latin by ELOT 743 (ISO 843:1997, type 2), as on Greek passports.

Unaccented capitals such as ΤΑΥΓΕΤΟΣ are ambiguous, so prefer the registrar's own Latin spelling
if there is one. Letters of other alphabets are transcribed by anyascii.
"""

import re
import unicodedata
from typing import NamedTuple

from anyascii import anyascii

from domain.lookalikes import repaired
from domain.memo import OF_A_REGISTRAR, remembered

_GREEK = "αβγδεζηθικλμνξοπρσςτυφχψω"
_LATIN = "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
_SINGLE = dict(zip(_GREEK, _LATIN.split(), strict=True))
_PAIRS = {"γγ": "ng", "γξ": "nx", "γχ": "nch"}
# αυ, ευ and ηυ end in v before these letters, and in f before all others and at the end.
_VOICED = frozenset("αεηιουωβγδζλμνρ")
_DIAERESIS = "\u0308"
_ACCENTS = frozenset("\u0301\u0300\u0342\u0313\u0314\u0345")
_WORDS = re.compile(r"([^\w\u0300-\u036f]+)")
# Letters that anyascii leaves out; a name may begin with one, or consist of one.
_SILENT = str.maketrans({"ا": "a", "ع": "a", "א": "a", "ע": "a"})
_QUOTES = frozenset("\u2018\u2019\u02bc\u02b9\u00b4")


class _Letter(NamedTuple):
    base: str
    upper: bool
    accent: bool
    diaeresis: bool
    original: str

    def marked(self, mark: str) -> "_Letter":
        return self._replace(
            accent=self.accent or mark in _ACCENTS,
            diaeresis=self.diaeresis or mark == _DIAERESIS,
            original=self.original + mark,
        )


def elot743(text: str) -> str:
    """Transcribe Greek letters, repaired look-alikes included; keep all other letters."""
    if text.isascii():
        return text
    pieces = _WORDS.split(repaired(text))
    return "".join(_word(piece) for piece in pieces)


def latin(text: str) -> str:
    """Transcribe the value of a column for Latin letters; ambiguous words are taken as Latin."""
    return elot743(repaired(text, latin=True))


@remembered(OF_A_REGISTRAR)
def ascii_fold(text: str) -> str:
    """Transcribe to ASCII; remove characters that are neither ASCII nor letters."""
    return "".join(char if char.isascii() else _spelled(char) for char in elot743(text))


def _spelled(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0]
    if base.isascii():
        return base
    category = unicodedata.category(char)
    if char in _QUOTES or category == "Pd":
        return "'" if char in _QUOTES else "-"
    latin = anyascii(char if base.translate(_SILENT) == base else base.translate(_SILENT))
    return "".join(filter(str.isalnum, latin)) if category[0] in "LMN" else ""


def _letters(word: str) -> list[_Letter]:
    letters: list[_Letter] = []
    for char in unicodedata.normalize("NFD", word):
        if unicodedata.combining(char) and letters:
            letters[-1] = letters[-1].marked(char)
        else:
            letters.append(_Letter(char.lower(), char.isupper(), False, False, char))
    return letters


def _word(word: str) -> str:
    letters = _letters(word)
    greek = [letter for letter in letters if letter.base in _SINGLE]
    shout = len(greek) > 1 and all(letter.upper for letter in greek)
    out: list[str] = []
    at = 0
    while at < len(letters):
        if letters[at].base not in _SINGLE:
            out.append(unicodedata.normalize("NFC", letters[at].original))
            at += 1
            continue
        latin, used = _transcribe(letters, at, shout=shout)
        out.append(latin)
        at += used
    return "".join(out)


def _transcribe(letters: list[_Letter], at: int, *, shout: bool) -> tuple[str, int]:
    """Return the Latin letters for the Greek one at `at`, and the number of letters consumed."""
    letter = letters[at]
    single = _case(_SINGLE[letter.base], upper=letter.upper, shout=shout)
    following = letters[at + 1] if at + 1 < len(letters) else None
    if following is None:
        return single, 1
    pair = letter.base + following.base
    diphthong = not (letter.accent or following.diaeresis)
    if pair in ("αυ", "ευ", "ηυ") and diphthong:
        sound = "v" if _base(letters, at + 2) in _VOICED else "f"
        return single + _case(sound, upper=following.upper, shout=shout), 2
    latin = _PAIRS.get(pair)
    if pair == "ου" and diphthong:
        latin = "ou"
    at_an_edge = _base(letters, at - 1) not in _SINGLE or _base(letters, at + 2) not in _SINGLE
    if pair == "μπ" and at_an_edge:
        latin = "b"
    return (_case(latin, upper=letter.upper, shout=shout), 2) if latin else (single, 1)


def _base(letters: list[_Letter], at: int) -> str:
    return letters[at].base if 0 <= at < len(letters) else ""


def _case(latin: str, *, upper: bool, shout: bool) -> str:
    if not upper:
        return latin
    return latin.upper() if shout else latin.capitalize()
