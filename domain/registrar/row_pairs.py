"""Compares the facts of two of the registrar's rows; pure.

An unknown fact agrees with nothing. An abbreviated father's name is unknown, but contradicts one
with another first letter.
"""

from collections.abc import Hashable, Iterator
from functools import cached_property
from itertools import product

from domain import dates, typos
from domain.registrar.row_facts import RowFacts
from domain.registrar.rows import text

_FACTS_THAT_AGREE = 2
_BEGINS = 3


class PairEvidence:
    """Comparison of two rows; surname, first name and birth date are the three counted facts."""

    def __init__(self, one: RowFacts, other: RowFacts) -> None:
        self.one, self.other = one, other

    @cached_property
    def shared_contacts(self) -> set[str]:
        return self.one.contacts & self.other.contacts

    @cached_property
    def same_number(self) -> bool:
        return self.one.number is not None and self.one.number == self.other.number

    @cached_property
    def other_number(self) -> bool:
        """Tell whether both have an insurance number, and not the same."""
        numbers = self.one.number, self.other.number
        return None not in numbers and numbers[0] != numbers[1]

    @cached_property
    def dated(self) -> bool:
        return self.one.born is not None and self.other.born is not None

    @cached_property
    def same_birth(self) -> bool:
        return self.dated and self.one.born == self.other.born

    @cached_property
    def other_birth(self) -> bool:
        """Tell whether birth dates differ by more than an exchange of day and month.

        The date in an AMKA is used for a row without a birth date.
        """
        births = self.one.births
        either = births.union(filter(None, map(dates.swapped, births)))
        return bool(either and self.other.births) and either.isdisjoint(self.other.births)

    @cached_property
    def names_exchanged(self) -> bool:
        """Tell whether surname and first name are exchanged, in rows with a birth date."""
        return (
            self.dated
            and self.one.last.agrees(self.other.first)
            and self.one.first.agrees(self.other.last)
        )

    @cached_property
    def same_last(self) -> bool:
        return self.names_exchanged or self.one.last.agrees(self.other.last)

    @cached_property
    def same_first(self) -> bool:
        return self.names_exchanged or self.one.first.agrees(self.other.first)

    @property
    def all_agree(self) -> bool:
        return self.same_last and self.same_first and self.same_birth

    @cached_property
    def first_contradicts(self) -> bool:
        return self.one.first.contradicts(self.other.first)

    @cached_property
    def first_is_spelled_like(self) -> bool:
        return self.one.first.is_unknown_or_spelled_like(self.other.first)

    @cached_property
    def first_resembles(self) -> bool:
        return self.one.first.resembles(self.other.first)

    @property
    def first_may_be_one(self) -> bool:
        """Tell whether the first names are forms of one name, or differ by a typo."""
        return self.one.first.is_surely(self.other.first) or self.one.first.is_typo_of(
            self.other.first
        )

    @property
    def last_may_be_one(self) -> bool:
        """Tell whether a surname is unknown, cut short, one of several, or a typo of the other."""
        return not self.one.last.contradicts(self.other.last) or self.one.last.is_typo_of(
            self.other.last
        )

    @property
    def number_is_written_alike(self) -> bool:
        """Tell whether the insurance numbers have the same letters and digits, in any country."""
        return bool(self.one.number_as_written & self.other.number_as_written)

    @property
    def last_is_spelled_like(self) -> bool:
        return self.one.last.is_unknown_or_spelled_like(self.other.last)

    @cached_property
    def same_father(self) -> bool:
        """Tell whether the fathers' names agree, also in the genitive or in another form."""
        return self.one.father.may_be_declined(
            self.other.father
        ) or self.one.father_or_abbreviation.is_surely(self.other.father_or_abbreviation)

    @property
    def number_begins_with_a_birth(self) -> bool:
        """Tell whether the number of at least one row begins with that row's birth date."""
        return self.one.is_born_as_numbered or self.other.is_born_as_numbered

    @property
    def numbers_begin_with_births(self) -> bool:
        """Tell whether the number of each row begins with that row's birth date."""
        return self.one.is_born_as_numbered and self.other.is_born_as_numbered

    @property
    def surname_may_have_changed(self) -> bool:
        """Tell whether the rows are a woman's, of different academic years."""
        years = [text(each.row, "inscriptionacyear") for each in (self.one, self.other)]
        in_other_years = "" in years or years[0] != years[1]
        return self.one.first.is_a_womans and not self.other_number and in_other_years

    @property
    def numbered_unlike(self) -> bool:
        """Tell whether two numbers of one scheme differ, and one of the three facts as well."""
        numbers = {each.number for each in (self.one, self.other) if each.number}
        return len(numbers) > len({scheme for scheme, _ in numbers}) and not self.all_agree

    @property
    def twins(self) -> bool:
        """Tell whether birth dates are equal and first names contradict each other."""
        return self.same_birth and self.first_contradicts

    @property
    def twins_by_number(self) -> bool:
        """Tell whether rows of one birth date differ in first name and in their own numbers."""
        return (
            self.other_number
            and self.same_birth
            and self.numbers_begin_with_births
            and bool(self.one.first.spellings and self.other.first.spellings)
            and not self.same_first
            and not self.one.first.is_form_of(self.other.first)
        )

    @cached_property
    def two_facts(self) -> bool:
        """Tell whether two of the three facts agree, and the rows are not twins'."""
        names = self.one.last.agrees(self.other.last) + self.one.first.agrees(self.other.first)
        return names + self.same_birth >= _FACTS_THAT_AGREE and not self.twins

    @property
    def two_facts_of_one(self) -> bool:
        """Tell whether two of the three facts agree, and the rows are not twins' or namesakes'."""
        return self.two_facts and not self._namesakes

    @property
    def _namesakes(self) -> bool:
        """Tell whether different birth dates and fathers show two humans with the same names.

        If a father's name is unknown, they are two if the number begins with just one of the birth
        dates, unless one date is a typo of the other.
        """
        if self.same_birth or self.same_father:
            return False
        if self.one.father.spellings and self.other.father.spellings:
            return True
        return (
            self.other_birth
            and self.one.begins_number != self.other.begins_number
            and not self._mistyped_birth
        )

    @property
    def _mistyped_birth(self) -> bool:
        """Tell whether the dates differ by a transposition of two adjacent digits."""
        rows = (self.one, self.other)
        written = product(*({f"{day:%d%m%Y}" for day in each.births} for each in rows))
        return any(typos.between(*each) is typos.Typo.SWAPPED for each in written)

    @property
    def fathers_may_differ(self) -> bool:
        """Tell whether enough facts agree to ignore different names of the father."""
        if self.all_agree and self.shared_contacts:
            return True
        return self.same_number and self.two_facts and self.one.father.resembles(self.other.father)

    @property
    def contradicted(self) -> bool:
        """Tell whether a first name, birth date or surname contradicts the other row's."""
        return (
            self.first_contradicts
            or (self.dated and not self.same_birth)
            or self.one.last.contradicts(self.other.last)
        )


def compared_by(row: RowFacts) -> Iterator[Hashable]:
    """Yield blocking keys: only rows with a common key need to be compared.

    Rows with birth dates that may be one person's always have a key in common.
    """
    if row.number:
        yield row.number
    if row.born:
        yield from ((row.born, each) for each in row.first.spellings | row.last.spellings)
        yield from ((row.born, f"{each[:_BEGINS]}-") for each in row.father.spellings)
        if either := dates.swapped(row.born):
            names = map(frozenset, row.spellings)
            yield from ((frozenset({row.born, either}), each) for each in names)
