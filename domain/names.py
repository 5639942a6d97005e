"""Search keys of names: prefixes of their words in any alphabet, without accents."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from domain.elot743 import ascii_fold
from domain.lookalikes import ALL_TO_GREEK, ALL_TO_LATIN, repaired
from domain.text import has_greek, plain, without_marks

FEWEST, MOST = 3, 8
"""Minimum and maximum letters of a prefix; readers tell longer similar names apart."""
_FOLLOWING = "ΑΓΠΤ"
"""A vowel, two letters that change the one before them, and a voiceless one: what follows a prefix
changes its Latin form as one of these does."""
_CHANGED = 4
"""Latin letters at the end of a form that the letter which follows can change."""
_MOST_WORDS = 10
_READ = 3 * MOST
"""Letters of a word that are read: more than its longest prefix takes in any alphabet."""


def words(text: str) -> list[str]:
    """Return the words of a name in capitals without accents, diaeresis or final sigma."""
    return re.findall(r"[^\W\d_]+", without_marks(repaired(plain(text)).upper()))


def is_spelled_like(word: str, others: Iterable[str]) -> bool:
    """Tell whether a word is spelled much like one of the others, as after a typo.

    Only letters are compared: Γεώργιος is spelled like Γρηγόριος, and Γιάννης not like Ιωάννης.
    """
    return bool(get_close_matches(word, others))


def beginnings(text: str) -> Iterator[str]:
    """Yield every prefix by which a word of a name, or its Latin form, can be found."""
    for word in dict.fromkeys((*words(text), *words(ascii_fold(plain(text))))):
        for length in range(FEWEST, min(len(word), MOST) + 1):
            yield word[:length]


def sought(text: str) -> list[frozenset[str]]:
    """Return, for each word of a query, the prefixes of which one must match.

    Return an empty list if a word is too short, or has digits or signs, or if there are too many.
    """
    given = words(text)
    if (
        len(given) > _MOST_WORDS
        or any(len(word) < FEWEST for word in given)
        or re.search(r"[\d@_+]", plain(text))
    ):
        return []
    return [frozenset(each[:MOST] for each in _readings(word[:_READ])) for word in given]


def _readings(word: str) -> Iterator[str]:
    """Yield a word, its look-alikes in other alphabets, and the Latin forms of these."""
    alike = (word, word.translate(ALL_TO_GREEK), word.translate(ALL_TO_LATIN))
    for each in dict.fromkeys(alike):
        if each == word or _is_of_one_alphabet(each):
            yield each
            yield from _latin(each)


def _latin(word: str) -> Iterator[str]:
    """Yield the Latin forms of a prefix, which depend on the letter that may follow."""
    plain_form = ascii_fold(word).upper()
    may_change = len(plain_form) < MOST + _CHANGED and has_greek(word)
    following = _FOLLOWING if may_change else ""
    for form in (plain_form, *(ascii_fold(word + each).upper() for each in following)):
        if form[: len(plain_form)].isalpha():
            yield form[: len(plain_form)]


def _is_of_one_alphabet(word: str) -> bool:
    return all(map(has_greek, word)) or word.isascii()
