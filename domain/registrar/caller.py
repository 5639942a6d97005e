"""Verifies what callers say about themselves against the registrar's rows; pure.

Their data are parsed and normalised like the students' answers in the portal.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date

from domain import identity
from domain.contracts.vocabulary import Question
from domain.registrar.row_names import is_father, transcribed
from domain.registrar.rows import Row, as_written, birth_date
from domain.rules import InvalidInput
from domain.text import student_number


@dataclass(frozen=True)
class Said:
    """The caller's data; empty where nothing was given."""

    birth_date: str = ""
    student_number: str = ""
    father_name: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the fields that were given."""
        names = (each.name for each in fields(self))
        return tuple(name for name in names if getattr(self, name).strip())

    def read(self, today: date) -> "Said":
        """Return the data normalised for comparison; empty where they cannot be parsed."""
        return Said(
            _read(Question.BIRTH_DATE, self.birth_date, today),
            _read(Question.STUDENT_NUMBER, self.student_number, today),
            self.father_name if transcribed(self.father_name) else "",
        )


def numbers(group: Iterable[Row]) -> frozenset[str]:
    """Return the normalised student numbers of a person's enrolments.

    Each is included with and without its system, because callers also say `SYSTEM/NUMBER`.
    """
    found = set()
    for row in group:
        if number := student_number(as_written(row, "registrationid")):
            found |= {number, student_number(as_written(row, "systemid")) + number}
    return frozenset(found)


def is_one_of(read: Said, groups: Iterable[Sequence[Row]]) -> bool:
    """Tell whether all given data are on file for exactly one of these persons."""
    return [_fits(read, group) for group in groups].count(True) == 1


def _fits(read: Said, group: Sequence[Row]) -> bool:
    fits = {
        "birth_date": read.birth_date in {f"{birth_date(row) or ''}" for row in group},
        "student_number": read.student_number in numbers(group),
        "father_name": any(is_father(row, read.father_name) for row in group),
    }
    return bool(read.kinds) and all(fits[kind] for kind in read.kinds)


def _read(asked: Question, raw: str, today: date) -> str:
    with suppress(InvalidInput):
        return identity.read(asked, raw, today)
    return ""
