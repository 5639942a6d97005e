"""Extracts the facts of one registrar row for `row_pairs`: names, dates, number, contacts; pure."""

import re
from collections.abc import Collection
from functools import cached_property
from itertools import product

from domain import insurance
from domain.contacts import emails_on_file, is_at, is_of_nobody, mobiles_on_file
from domain.registrar.row_names import (
    Name,
    father_of,
    father_or_abbreviation_of,
    fathers_as_written,
    name_of,
    transcribed,
)
from domain.registrar.rows import Row, birth_date, insurance_of, text

MOST_SHARING = 20
"""Maximum of persons with one contact; if more have it, it is an office's or a placeholder."""
MOST_ROWS = 10 * MOST_SHARING
"""Maximum of rows with one contact; a person may be enrolled more than once."""
_FEWEST_IN_NUMBER = 7
_PLACEHOLDER = re.compile(r".*(\d)\1{6}")


class RowFacts:
    """The facts of one row, normalised for comparison."""

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
    def father_or_abbreviation(self) -> Name:
        """Return the father's name, also if it is abbreviated."""
        return father_or_abbreviation_of(self.row)

    @property
    def number_as_written(self) -> set[str]:
        """Return the insurance number's letters and digits, also if it breaks a country's rules."""
        written = re.sub(r"[\W_]", "", text(self.row, "ssn")).upper()
        return {written} if len(written) >= _FEWEST_IN_NUMBER else set()

    @cached_property
    def father_begins(self) -> set[str]:
        """Return the first letters of the father's name, one for each alphabet on file."""
        return {each[0] for each in map(transcribed, fathers_as_written(self.row)) if each}

    @cached_property
    def contacts(self) -> set[str]:
        """Return the row's contacts, without placeholders and mailboxes of offices."""
        mobiles = mobiles_on_file(self.row.get("mobilephone"), self._region)
        theirs = {mobile for mobile in mobiles if not _PLACEHOLDER.fullmatch(mobile)}
        emails = emails_on_file(self.row.get("extemail"))
        return theirs.union(
            each for each in emails if not (is_at(each, self._own) or is_of_nobody(each))
        )

    @property
    def greek(self) -> tuple[str, str] | None:
        """Return surname and first name in Greek, where both are known."""
        return (self.last.greek, self.first.greek) if self.last.greek and self.first.greek else None

    @cached_property
    def spellings(self) -> set[tuple[str, str]]:
        """Return surname and first name in every spelling."""
        return {*product(self.last.spellings, self.first.spellings)}

    @property
    def begins_number(self) -> bool:
        """Tell whether the insurance number begins with one of `births`."""
        return not self.births.isdisjoint(self.number_births)

    @property
    def is_born_as_numbered(self) -> bool:
        """Tell whether the number begins with the row's birth date, as an AMKA does."""
        return self.born in self.number_births
