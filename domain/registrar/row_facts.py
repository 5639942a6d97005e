"""What one of the registrar's rows tells of its human, and how two rows are compared; pure.

What is unknown is no fact: it agrees with nothing. Names are compared in both alphabets,
transcribed. A father's name that is abbreviated is unknown, but contradicts one that begins
otherwise.
"""

import re
from collections.abc import Collection, Hashable, Iterator
from functools import cached_property
from itertools import product

from domain import dates, insurance
from domain.contacts import emails_on_file, is_at, is_of_nobody, mobiles_on_file
from domain.registrar.row_names import father_of, fathers_as_written, name_of, transcribed
from domain.registrar.rows import Row, birth_date, insurance_of

MOST_SHARING = 20
"""Persons who may have one contact; what more have is a secretariat's own, or a placeholder."""
MOST_ROWS = 10 * MOST_SHARING
"""Rows that may hold one contact; who has it may be enrolled more than once."""
_FACTS_THAT_AGREE = 2
ANYHOW = ""
"""What tells of two humans that they may be one, whatever contacts they have."""
_PLACEHOLDER = re.compile(r".*(\d)\1{6}")


class Known:
    """What a row tells of its human, in the form that is compared."""

    def __init__(self, row: Row, region: str, own: Collection[str]) -> None:
        self.row = row
        self.number = insurance_of(row)
        self.born = birth_date(row)
        self.last, self.first = name_of(row, "lastname"), name_of(row, "firstname")
        self.father = father_of(row)
        self.father_begins = {each[0] for each in map(transcribed, fathers_as_written(row)) if each}
        self._region, self._own = region, own

    @cached_property
    def contacts(self) -> set[str]:
        """Return the row's contacts that can be somebody's own."""
        mobiles = mobiles_on_file(self.row.get("mobilephone"), self._region)
        theirs = {mobile for mobile in mobiles if not _PLACEHOLDER.fullmatch(mobile)}
        emails = emails_on_file(self.row.get("extemail"))
        return theirs.union(
            each for each in emails if not (is_at(each, self._own) or is_of_nobody(each))
        )

    @property
    def compared_by(self) -> Iterator[Hashable]:
        """Yield facts of which rows that are near have one in common, where both are born."""
        if self.number:
            yield self.number
        if self.born:
            either = dates.swapped(self.born)
            yield from ((self.born, each) for each in self.first.spellings | self.last.spellings)
            if either:
                names = map(frozenset, self.spellings)
                yield from ((frozenset({self.born, either}), each) for each in names)

    def is_near_by(self, other: "Known") -> set[str]:
        """Return what tells that this may be the same human; of contacts only one person's do."""
        if self._has_number_of(other) and (self.agrees(other) or self._is_respelled_in(other)):
            return {ANYHOW}
        if not self._may_be(other):
            return set()
        if self.father.may_be_declined(other.father) and not self._is_numbered_unlike(other):
            return {ANYHOW}
        return self.contacts & other.contacts

    def _has_number_of(self, other: "Known") -> bool:
        return self.number is not None and self.number == other.number

    def _may_be(self, other: "Known") -> bool:
        """Whether nothing but one fact, which changes or is mistyped, speaks against one human."""
        changed = self.agrees(other) or self._is_changed_in(other)
        return self._is_almost(other) or (self._has_number_of(other) and changed)

    def _is_almost(self, other: "Known") -> bool:
        """Whether two of surname, first name and birth date agree; the third may be the other's.

        A surname may be any, for it changes. A first name may be unknown, cut short or one of
        several, a birth date unknown, or with day and month swapped.
        """
        last, first, born = self._agreeing_with(other)
        if first:
            return born or (last and self._may_be_born_as(other))
        return last and born and not self.first.contradicts(other.first)

    def _is_changed_in(self, other: "Known") -> bool:
        """Whether rows of one number may be one human's, of whom more has changed.

        The first name agrees; or it resembles the other's, under a number that begins with the
        birth date of one of them.
        """
        if self.first.agrees(other.first):
            return True
        dated = self.is_born_as_numbered or other.is_born_as_numbered
        return dated and self._may_be_born_as(other) and self.first.may_be(other.first)

    def _agreeing_with(self, other: "Known") -> tuple[bool, bool, bool]:
        """Tell of surname, first name and birth date which agree.

        Of rows with birth dates, names may be exchanged.
        """
        dated = self.born is not None and other.born is not None
        exchanged = dated and self.last.agrees(other.first) and self.first.agrees(other.last)
        return (
            exchanged or self.last.agrees(other.last),
            exchanged or self.first.agrees(other.first),
            dated and self.born == other.born,
        )

    def _may_be_born_as(self, other: "Known") -> bool:
        if self.born is None or other.born is None:
            return True
        return other.born in {self.born, dates.swapped(self.born)}

    def _is_respelled_in(self, other: "Known") -> bool:
        """Whether first names resemble each other, under a number that begins with their date.

        Twins may be called so as well, and one have the other's number.
        """
        return (
            self.is_born_as_numbered
            and self.born == other.born
            and self.last.agrees(other.last)
            and self.first.may_be(other.first)
        )

    def _is_numbered_unlike(self, other: "Known") -> bool:
        """Whether two numbers of one kind differ, and something else as well."""
        schemes = {each.number[0] for each in (self, other) if each.number}
        numbers = {each.number for each in (self, other) if each.number}
        return len(numbers) > len(schemes) and not all(self._agreeing_with(other))

    @property
    def greek(self) -> tuple[str, str] | None:
        return (self.last.greek, self.first.greek) if self.last.greek and self.first.greek else None

    @property
    def spellings(self) -> set[tuple[str, str]]:
        return {*product(self.last.spellings, self.first.spellings)}

    def agrees(self, other: "Known") -> bool:
        """Whether two of three facts agree: a surname may change, or a date be mistyped.

        A namesake has another birth date and another father.
        """
        same_born = bool(self.born) and self.born == other.born
        if self.is_twin_of(other) or (not same_born and not self.father.may_be(other.father)):
            return False
        names = self.last.agrees(other.last) + self.first.agrees(other.first)
        return names + same_born >= _FACTS_THAT_AGREE

    def is_twin_of(self, other: "Known") -> bool:
        """Whether the first names contradict on one birth date: no slip, as far as can be told."""
        return self.born == other.born is not None and self.first.contradicts(other.first)

    @property
    def is_born_as_numbered(self) -> bool:
        """Whether the number begins with the row's birth date, as an AMKA does."""
        scheme, number = self.number or ("", "")
        return (
            scheme == insurance.AMKA
            and self.born is not None
            and not insurance.birth_warnings(scheme, number, self.born)
        )

    def differs(self, other: "Known") -> bool:
        """Whether this is clearly somebody else: of another first name, birth date or surname.

        A surname changes, and with the number in common any one fact may.
        """
        if self._may_be(other):
            return False
        if self.first.contradicts(other.first):
            return True
        if self.born and other.born and self.born != other.born:
            return True
        return self.last.contradicts(other.last)
