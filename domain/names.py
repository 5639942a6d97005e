"""Names as they are looked for: in any alphabet, by how their words begin, without marks."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from domain.elot743 import ascii_fold
from domain.lookalikes import ALL_TO_GREEK, ALL_TO_LATIN, repaired
from domain.text import has_greek, plain, without_marks

FEWEST, MOST = 3, 8
"""How many letters of a word are looked at; what begins alike for longer is told apart by eye."""
_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"


def words(text: str) -> list[str]:
    """Return the words of a name in capitals without accents, diaeresis or final sigma."""
    return re.findall(r"[^\W\d_]+", without_marks(repaired(plain(text)).upper()))


def is_spelled_like(word: str, others: Iterable[str]) -> bool:
    """Whether a word is spelled much like one of the others, as after a slip.

    This compares letters alone: Γεώργιος is spelled like Γρηγόριος, and Γιάννης not like Ιωάννης.
    """
    return bool(get_close_matches(word, others))


def beginnings(text: str) -> Iterator[str]:
    """Yield every beginning that each word of a name, or its Latin form, can be found by."""
    for word in dict.fromkeys((*words(text), *words(ascii_fold(plain(text))))):
        for length in range(FEWEST, min(len(word), MOST) + 1):
            yield word[:length]


def sought(text: str) -> list[frozenset[str]]:
    """Return for each word the beginnings of which one must fit.

    None are returned when a word is too short, or is no word.
    """
    given = words(text)
    if any(len(word) < FEWEST for word in given) or re.search(r"[\d@_+]", plain(text)):
        return []
    return [frozenset(each[:MOST] for each in _readings(word)) for word in given]


def _readings(word: str) -> Iterator[str]:
    """Yield a word, those that look the same in another alphabet, and their Latin forms."""
    alike = (word, word.translate(ALL_TO_GREEK), word.translate(ALL_TO_LATIN))
    for each in alike:
        if each == word or _is_of_one_alphabet(each):
            yield each
            yield from _latin(each)


def _latin(word: str) -> Iterator[str]:
    """Yield the Latin forms of a word's beginning, which depend on the letter that may follow."""
    whole = ascii_fold(word).upper()
    following = _GREEK_LETTERS.upper() if has_greek(word) else ""
    for form in (whole, *(ascii_fold(word + each).upper() for each in following)):
        if form[: len(whole)].isalpha():
            yield form[: len(whole)]


def _is_of_one_alphabet(word: str) -> bool:
    return all(map(has_greek, word)) or word.isascii()
