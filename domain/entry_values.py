"""What an entry of the directory holds of a person: codes, birth dates and names; pure."""

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


def codes_of(entry: Attributes) -> set[str]:
    return set(map(plain, held(entry, CODES)))


def born_of(entry: Attributes, today: date) -> frozenset[date]:
    return frozenset().union(*(dates.in_entry(value, today) for value in held(entry, BIRTH_DATE)))


def words_of(spellings: Iterable[str]) -> set[str]:
    """Return the words of names in Latin letters."""
    return {word for each in spellings for word in names.words(ascii_fold(each))}


def compared(one: Collection[object], other: Collection[object]) -> bool | None:
    """Whether both have something in common; None where one is not known."""
    return not set(one).isdisjoint(other) if one and other else None


def differ(one: Collection[object], other: Collection[object]) -> bool:
    """Whether both are known and have nothing in common."""
    return compared(one, other) is False
