"""Compares what a caller says of themselves with the registrar's rows; pure.

What is said is read and folded as the portal folds the answers of students.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date

from domain import identity
from domain.contracts.vocabulary import Question
from domain.registrar.row_names import is_father, transcribed
from domain.registrar.rows import Row, as_it_stands, birth_date
from domain.rules import InvalidInput
from domain.text import student_number


@dataclass(frozen=True)
class Said:
    """What the caller says; what was not said is empty."""

    birth_date: str = ""
    student_number: str = ""
    father_name: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return which data were said."""
        names = (each.name for each in fields(self))
        return tuple(name for name in names if getattr(self, name).strip())

    def read(self, today: date) -> "Said":
        """Return it in the form that is compared; what cannot be read is empty."""
        return Said(
            _read(Question.BIRTH_DATE, self.birth_date, today),
            _read(Question.STUDENT_NUMBER, self.student_number, today),
            self.father_name if transcribed(self.father_name) else "",
        )


def numbers(group: Iterable[Row]) -> frozenset[str]:
    """Return the student numbers of a person's enrolments as they are compared.

    Each stands alone and after its system, as it is also told: `SYSTEM/NUMBER`.
    """
    found = set()
    for row in group:
        if alone := student_number(as_it_stands(row, "registrationid")):
            found |= {alone, student_number(as_it_stands(row, "systemid")) + alone}
    return frozenset(found)


def is_one_of(read: Said, groups: Iterable[Sequence[Row]]) -> bool:
    """Whether all that was said is on file for one of these persons, and for one only."""
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
