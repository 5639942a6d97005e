"""Decides whether two of the registrar's rows may be one person's; pure.

`LIKENESSES` classifies the similarity of two rows, and `DECISIONS` what follows from it. In both
tables the first rule that holds decides. The evidence comes from `row_pairs`.
"""

from collections.abc import Callable
from enum import Enum, auto
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from domain.registrar.row_pairs import PairEvidence

_Then = TypeVar("_Then")

ANYHOW = ""
"""Mark of two rows that may be one person's independent of their contacts."""
UNDATED = "-"
"""As ANYHOW, but for a row without a birth date, and valid only if it fits few others."""


class Likeness(Enum):
    """Degrees of similarity of two rows."""

    ALL_BUT_ONE = auto()
    """At most one of surname, first name and birth date differs."""
    RESPELLED = auto()
    """The insurance number is the same, and a name is spelled differently."""
    FIRST_NAME = auto()
    """The birth date is the same, the first names may be one; a shared contact must confirm it."""
    NONE = auto()


class Decision(Enum):
    """Decisions whether two rows may be one person's."""

    NO = auto()
    BY_CONTACT = auto()
    """Yes if they share a contact that is one person's own."""
    UNDATED = auto()
    """As BY_CONTACT, or without one if the row without a birth date fits few others."""
    YES = auto()


class Pair(PairEvidence):
    """Two rows with the decision whether they may be one person's."""

    @cached_property
    def likeness(self) -> Likeness:
        return next((each.then for each in LIKENESSES if each.holds(self)), Likeness.NONE)

    @cached_property
    def decision(self) -> Decision:
        return next(each.then for each in DECISIONS if each.holds(self))

    @property
    def grounds(self) -> set[str]:
        """Return the grounds for one person: ANYHOW, UNDATED, or the shared contacts."""
        match self.decision:
            case Decision.NO:
                return set()
            case Decision.BY_CONTACT:
                return self.shared_contacts
            case Decision.UNDATED:
                return {UNDATED} | self.shared_contacts
        return {ANYHOW}

    @property
    def clearly_two(self) -> bool:
        """Tell whether a fact contradicts, and more than one differs: two persons' rows."""
        return self.likeness is not Likeness.ALL_BUT_ONE and self.contradicted

    @property
    def unlike(self) -> bool:
        """Tell whether a fact contradicts, and nothing is similar: two persons' contact."""
        return self.likeness is Likeness.NONE and self.contradicted


class _Rule(NamedTuple, Generic[_Then]):
    because: str
    holds: Callable[[Pair], bool]
    then: _Then


LIKENESSES = (
    _Rule(
        "One number, and the first name agrees",
        lambda pair: pair.same_number and pair.one.first.agrees(pair.other.first),
        Likeness.ALL_BUT_ONE,
    ),
    _Rule(
        "One number, and two facts agree, of no namesakes",
        lambda pair: pair.same_number and pair.two_facts_of_one,
        Likeness.ALL_BUT_ONE,
    ),
    _Rule(
        "First name and birth date agree; a surname changes",
        lambda pair: pair.same_first and pair.same_birth,
        Likeness.ALL_BUT_ONE,
    ),
    _Rule(
        "Both names agree; a birth date is unknown, or has day and month exchanged",
        lambda pair: pair.same_first and pair.same_last and not pair.other_birth,
        Likeness.ALL_BUT_ONE,
    ),
    _Rule(
        "Surname and birth date agree; a first name is unknown, cut short, or one of several",
        lambda pair: pair.same_last and pair.same_birth and not pair.first_contradicts,
        Likeness.ALL_BUT_ONE,
    ),
    _Rule(
        "One number that begins with the birth date of both; one of the names is spelled alike",
        lambda pair: (
            pair.same_number
            and pair.same_birth
            and pair.numbers_begin_with_births
            and (pair.last_is_spelled_like or pair.first_is_spelled_like)
        ),
        Likeness.RESPELLED,
    ),
    _Rule(
        "One number that begins with the birth date of one row; the first name is spelled alike",
        lambda pair: (
            pair.same_number
            and not pair.other_birth
            and pair.number_begins_with_a_birth
            and pair.first_is_spelled_like
        ),
        Likeness.RESPELLED,
    ),
    _Rule(
        "One number without a birth date in it; birth dates agree, and first names may be one",
        lambda pair: (
            pair.same_number
            and not pair.one.number_births
            and pair.same_birth
            and pair.first_resembles
        ),
        Likeness.RESPELLED,
    ),
    _Rule(
        "Birth dates agree, and first names may be one",
        lambda pair: pair.same_birth and pair.first_resembles,
        Likeness.FIRST_NAME,
    ),
)
_CLOSE_LIKENESSES = (Likeness.ALL_BUT_ONE, Likeness.RESPELLED)

DECISIONS = (
    _Rule(
        "Twins: one birth date, other first names, a number of their own each",
        lambda pair: pair.twins_by_number,
        Decision.NO,
    ),
    _Rule(
        "One number, and two facts agree",
        lambda pair: pair.same_number and pair.two_facts,
        Decision.YES,
    ),
    _Rule(
        "One number that begins with their birth date, one surname, first names spelled alike;"
        " twins may be called so as well, and one have the other's number",
        lambda pair: (
            pair.same_number
            and pair.one.is_born_as_numbered
            and pair.same_birth
            and pair.one.last.agrees(pair.other.last)
            and pair.first_is_spelled_like
        ),
        Decision.YES,
    ),
    _Rule(
        "Nothing is alike",
        lambda pair: pair.likeness is Likeness.NONE,
        Decision.NO,
    ),
    _Rule(
        "A contact and all three facts agree, and no number differs",
        lambda pair: pair.all_agree and not pair.other_number and bool(pair.shared_contacts),
        Decision.YES,
    ),
    _Rule(
        "All three facts agree, and the numbers are written alike; a country may be wrong",
        lambda pair: pair.all_agree and pair.number_is_written_alike,
        Decision.YES,
    ),
    _Rule(
        "One father, surname and birth date; the first names are forms of one, or differ by a typo",
        lambda pair: (
            pair.same_last
            and not pair.same_first
            and pair.same_birth
            and pair.same_father
            and pair.first_may_be_one
            and not pair.other_number
        ),
        Decision.YES,
    ),
    _Rule(
        "One father, first name and birth date; a surname is one of several, or differs by a typo",
        lambda pair: (
            pair.same_first
            and not pair.same_last
            and pair.same_birth
            and pair.last_may_be_one
            and pair.same_father
            and not pair.other_number
        ),
        Decision.YES,
    ),
    _Rule(
        "More than a fact differs",
        lambda pair: pair.likeness not in _CLOSE_LIKENESSES,
        Decision.BY_CONTACT,
    ),
    _Rule(
        "The father is unknown, or another",
        lambda pair: not pair.same_father,
        Decision.BY_CONTACT,
    ),
    _Rule(
        "One father, and one number",
        lambda pair: pair.same_number,
        Decision.YES,
    ),
    _Rule(
        "One father, and the surname may have changed by marriage",
        lambda pair: not pair.same_last and pair.surname_may_have_changed,
        Decision.YES,
    ),
    _Rule(
        "One father, and other surnames",
        lambda pair: not pair.same_last,
        Decision.BY_CONTACT,
    ),
    _Rule(
        "One father and surname; a birth date is unknown, and numbers differ",
        lambda pair: not pair.dated and pair.other_number,
        Decision.BY_CONTACT,
    ),
    _Rule(
        "One father and surname; a birth date is unknown",
        lambda pair: not pair.dated,
        Decision.UNDATED,
    ),
    _Rule(
        "One father and surname; a fact and numbers of one kind differ",
        lambda pair: pair.numbered_unlike,
        Decision.BY_CONTACT,
    ),
    _Rule(
        "One father and surname, and at most one fact differs",
        lambda _: True,
        Decision.YES,
    ),
)
