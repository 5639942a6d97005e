"""What one of the registrar's rows tells of its human, and how two rows are compared; pure.

What is unknown is no fact: it agrees with nothing. Names are compared in both alphabets,
transcribed. A father's name that is abbreviated is unknown, but contradicts one that begins
otherwise.
"""

import re
from collections.abc import Collection, Hashable, Iterator
from functools import cached_property
from itertools import product

from domain import dates, insurance, typos
from domain.contacts import emails_on_file, is_at, is_of_nobody, mobiles_on_file
from domain.registrar.row_names import (
    Name,
    father_as_told,
    father_of,
    fathers_as_written,
    name_of,
    transcribed,
)
from domain.registrar.rows import Row, birth_date, insurance_of, text

MOST_SHARING = 20
"""Persons who may have one contact; what more have is a secretariat's own, or a placeholder."""
MOST_ROWS = 10 * MOST_SHARING
"""Rows that may hold one contact; who has it may be enrolled more than once."""
_FACTS_THAT_AGREE = 2
_BEGINS = 3
ANYHOW = ""
"""What tells of two humans that they may be one, whatever contacts they have."""
UNDATED = "-"
"""As ANYHOW, of a row without a birth date: only where it fits few."""
_PLACEHOLDER = re.compile(r".*(\d)\1{6}")


class Known:
    """What a row tells of its human, in the form that is compared."""

    def __init__(self, row: Row, region: str, own: Collection[str]) -> None:
        self.row = row
        self.number = insurance_of(row)
        self.born = birth_date(row)
        self.last, self.first = name_of(row, "lastname"), name_of(row, "firstname")
        self.number_births = frozenset(insurance.births(*self.number) if self.number else ())
        self.births = frozenset({self.born} if self.born else self.number_births)
        self.father = father_of(row)
        self._region, self._own = region, own

    @cached_property
    def father_told(self) -> Name:
        """Return the father's name, also where it is abbreviated."""
        return father_as_told(self.row)

    @cached_property
    def father_begins(self) -> set[str]:
        return {each[0] for each in map(transcribed, fathers_as_written(self.row)) if each}

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
            yield from ((self.born, f"{each[:_BEGINS]}-") for each in self.father.spellings)
            if either:
                names = map(frozenset, self.spellings)
                yield from ((frozenset({self.born, either}), each) for each in names)

    def is_near_by(self, other: "Known") -> set[str]:
        """Return what tells that this may be the same human; of contacts only one person's do."""
        if self._is_twin_by_number(other):
            return set()
        if self._has_number_of(other) and (self.has_two_facts(other) or self._is_respelled(other)):
            return {ANYHOW}
        if not self.might_be(other):
            return set()
        shared = self.contacts & other.contacts
        if shared and all(self._agreeing_with(other)) and not self._numbers_differ(other):
            return {ANYHOW}
        by_father = self._by_father(other)
        return by_father if ANYHOW in by_father else by_father | shared

    def might_be(self, other: "Known") -> bool:
        """Whether a contact of their own would tell that they may be one human."""
        return (
            self._may_be(other)
            or self._is_changed_in(other)
            or (self._is_born_as(other) and self.first.resembles(other.first))
        )

    def is_whatever_father(self, other: "Known") -> bool:
        """Whether enough agrees for a father's name to be spelled in any way, or in a like one."""
        if all(self._agreeing_with(other)) and self.contacts & other.contacts:
            return True
        return (
            self._has_number_of(other)
            and self.has_two_facts(other)
            and self.father.resembles(other.father)
        )

    def _by_father(self, other: "Known") -> set[str]:
        """Return what the father's name tells beside the facts that agree.

        A date that is unknown may be anybody's.
        """
        almost = self._may_be(other) or self._is_changed_in(other)
        if not (almost and self.father.may_be_declined(other.father)):
            return set()
        if self._has_number_of(other):
            return {ANYHOW}
        if not self._agreeing_with(other)[0]:
            return {ANYHOW} if self._may_have_married(other) else set()
        if not (self.born and other.born):
            return set() if self._numbers_differ(other) else {UNDATED}
        return set() if self._is_numbered_unlike(other) else {ANYHOW}

    def _may_have_married(self, other: "Known") -> bool:
        """Whether a surname may have changed: a woman's, between enrolments of different years."""
        years = text(self.row, "inscriptionacyear"), text(other.row, "inscriptionacyear")
        return (
            self.first.is_a_womans
            and not self._numbers_differ(other)
            and ("" in years or years[0] != years[1])
        )

    def _has_number_of(self, other: "Known") -> bool:
        return self.number is not None and self.number == other.number

    def _numbers_differ(self, other: "Known") -> bool:
        return None not in {self.number, other.number} and self.number != other.number

    def _may_be(self, other: "Known") -> bool:
        """Whether nothing but one fact, which changes or is mistyped, speaks against one human."""
        changed = self._has_number_of(other) and (
            self.agrees(other) or self.first.agrees(other.first)
        )
        return changed or self._is_almost(other)

    def _is_almost(self, other: "Known") -> bool:
        """Whether two of surname, first name and birth date agree; the third may be the other's.

        A surname may be any, for it changes. A first name may be unknown, cut short or one of
        several, a birth date unknown, or with day and month swapped.
        """
        last, first, born = self._agreeing_with(other)
        if first:
            return born or (last and not self._is_born_otherwise(other))
        return last and born and not self.first.contradicts(other.first)

    def _is_changed_in(self, other: "Known") -> bool:
        """Whether rows of one number may be one human's, whose names are spelled otherwise.

        First names resemble each other, under a number that begins with the birth date of one of
        them, or under another country's; or it begins with that of both, and surnames resemble.
        """
        if not self._has_number_of(other) or self._is_born_otherwise(other):
            return False
        own = {self.is_born_as_numbered, other.is_born_as_numbered}
        if own == {True} and self._is_born_as(other):
            return self.last.may_be(other.last) or self.first.may_be(other.first)
        if True in own:
            return self.first.may_be(other.first)
        return (
            not self.number_births and self._is_born_as(other) and self.first.resembles(other.first)
        )

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

    def _is_born_as(self, other: "Known") -> bool:
        return self.born is not None and self.born == other.born

    def _is_born_otherwise(self, other: "Known") -> bool:
        """Whether dates differ by more than day and month; an AMKA tells one where none stands."""
        either = self.births.union(filter(None, map(dates.swapped, self.births)))
        return bool(either and other.births) and either.isdisjoint(other.births)

    def _is_respelled(self, other: "Known") -> bool:
        """Whether first names resemble each other, under a number that begins with their date.

        Twins may be called so as well, and one have the other's number.
        """
        return (
            self.is_born_as_numbered
            and self._is_born_as(other)
            and self.last.agrees(other.last)
            and self.first.may_be(other.first)
        )

    def _is_twin_by_number(self, other: "Known") -> bool:
        """Whether numbers of their own tell two of one birth date, whose first names differ."""
        return (
            self._numbers_differ(other)
            and self._is_born_as(other)
            and self.is_born_as_numbered
            and other.is_born_as_numbered
            and bool(self.first.spellings and other.first.spellings)
            and not self._agreeing_with(other)[1]
            and not self.first.is_form_of(other.first)
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
        """Whether two of three facts agree, and it is no namesake: a date may be mistyped."""
        return self.has_two_facts(other) and not self._is_namesake_of(other)

    def has_two_facts(self, other: "Known") -> bool:
        """Whether two of three facts agree: a surname may change, or a date be mistyped."""
        names = self.last.agrees(other.last) + self.first.agrees(other.first)
        agreeing = names + self._is_born_as(other)
        return agreeing >= _FACTS_THAT_AGREE and not self.is_twin_of(other)

    def _is_namesake_of(self, other: "Known") -> bool:
        """Whether another birth date and father tell another human of the same names.

        Where no father does, the number must begin with both dates or with neither, unless one is
        the other mistyped.
        """
        if self._is_born_as(other) or self._has_father_of(other):
            return False
        if self.father.spellings and other.father.spellings:
            return True
        return (
            self._is_born_otherwise(other)
            and self.begins_number != other.begins_number
            and not self._is_born_mistyped(other)
        )

    def _has_father_of(self, other: "Known") -> bool:
        declined = self.father.may_be_declined(other.father)
        return declined or self.father_told.is_surely(other.father_told)

    def _is_born_mistyped(self, other: "Known") -> bool:
        """Whether one date is the other with two digits exchanged that stand side by side."""
        written = product(*({f"{day:%d%m%Y}" for day in each.births} for each in (self, other)))
        return any(typos.between(*each) is typos.Typo.SWAPPED for each in written)

    @property
    def begins_number(self) -> bool:
        return not self.births.isdisjoint(self.number_births)

    def is_twin_of(self, other: "Known") -> bool:
        """Whether the first names contradict on one birth date: no slip, as far as can be told."""
        return self._is_born_as(other) and self.first.contradicts(other.first)

    @property
    def is_born_as_numbered(self) -> bool:
        """Whether the number begins with the row's birth date, as an AMKA does."""
        return self.born in self.number_births

    def differs(self, other: "Known") -> bool:
        """Whether this is clearly somebody else: of another first name, birth date or surname.

        A surname changes, and with the number in common any one fact may.
        """
        return not self._may_be(other) and self._is_other(other)

    def is_of_others(self, other: "Known") -> bool:
        """As `differs`, where rows that may be one human's are not of several."""
        return not self.might_be(other) and self._is_other(other)

    def _is_other(self, other: "Known") -> bool:
        if self.first.contradicts(other.first):
            return True
        if self.born and other.born and self.born != other.born:
            return True
        return self.last.contradicts(other.last)
