"""Reads a person's codes, birth dates and names from an entry of the directory; pure."""

import re
from collections.abc import Collection, Iterable
from datetime import date

from domain import dates, names
from domain.elot743 import ascii_fold
from domain.match_rules import Attributes, held
from domain.student_codes import plain

CODES = "schacPersonalUniqueCode"
BIRTH_DATE = "schacDateOfBirth"
NAME = "cn"
LAST = ("sn", NAME, "displayName")
FIRST = ("givenName", NAME, "displayName")
NAMES = frozenset((*LAST, *FIRST))
_SHORTEST_WORD = 2
FEWEST_WORDS = 2
"""A full name has at least a surname and a first name."""
_MADE_OF_A_FIRST_NAME = re.compile(
    "(IDIS|ADIS|IDOU|ADOU|OPOULOS|OPOULOU|AKIS|AKI|AKOS|AKOU|OGLOU|ATOS|ATOU|ELLIS|ELLI|EAS|OU)$"
)
_VOWELS = tuple("AEIOUY")


def codes_of(entry: Attributes) -> set[str]:
    return set(map(plain, held(entry, CODES)))


def born_of(entry: Attributes, today: date) -> frozenset[date]:
    return frozenset().union(*(dates.in_entry(value, today) for value in held(entry, BIRTH_DATE)))


def words_of(spellings: Iterable[str]) -> set[str]:
    """Return the words of names in Latin letters."""
    return {word for each in spellings for word in names.words(ascii_fold(each))}


def name_words(entry: Attributes, attributes: Iterable[str]) -> set[str]:
    """Return the words of an entry's names without initials, usernames and numbers."""
    every = {value for name in attributes for value in held(entry, name)} - held(entry, "uid")
    words = words_of(each for each in every if not any(map(str.isdigit, each)))
    return {word for word in words if len(word) >= _SHORTEST_WORD}


def is_another_first_name(entry: Attributes, last: set[str], first: set[str]) -> bool:
    """Tell whether an entry has a first name, and it is clearly not the person's.

    `last` and `first` are the words of the person's names. Without `givenName` the first name is
    the full name without the surname. Surname and first name may be exchanged.
    """
    given, surname = name_words(entry, ["givenName"]), name_words(entry, ["sn"])
    full_name = name_words(entry, (NAME, "displayName")) | surname
    if not given:
        several_words = full_name if len(full_name) >= FEWEST_WORDS else set()
        given = (full_name - surname if surname else set()) or several_words
        given = {
            word
            for word in given
            if _is_first_name_like(word, first) or not _is_first_name_like(word, last)
        }
    elif _any_first_name_like(given, last) and _any_first_name_like(surname, first):
        return False
    return bool(given and first) and not any(
        _is_first_name_like(word, {each for each in first if not _is_of_the_other_sex(word, each)})
        for word in given
    )


def _any_first_name_like(words: Iterable[str], others: set[str]) -> bool:
    return any(_is_first_name_like(word, others) for word in words)


def _is_first_name_like(word: str, others: Iterable[str]) -> bool:
    """Tell whether a word resembles one of the others; Ioannidis is not like Ioannis."""
    made = bool(_MADE_OF_A_FIRST_NAME.search(word))
    alike = (each for each in others if bool(_MADE_OF_A_FIRST_NAME.search(each)) is made)
    return names.is_spelled_like(word, alike)


def _is_of_the_other_sex(one: str, other: str) -> bool:
    """Tell whether one has the ending of a Greek man's first name, the other of a woman's."""
    return any(
        man.endswith("S") and woman.endswith(_VOWELS) for man, woman in ((one, other), (other, one))
    )


def compared(one: Collection[object], other: Collection[object]) -> bool | None:
    """Tell whether both have something in common; None if one is unknown (empty)."""
    return not set(one).isdisjoint(other) if one and other else None


def differ(one: Collection[object], other: Collection[object]) -> bool:
    """Tell whether both are known and have nothing in common."""
    return compared(one, other) is False
