"""Tells apart the persons who share a contact, by one datum and before any name is shown.

The first question that every one of them answers differently is asked; student numbers, the last
question, always differ. Answers are compared in the one form that `read` gives.
A second datum, which vouches for who asks for another message, is compared in the same form.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date

from domain import dates
from domain.contracts.people import Person
from domain.contracts.vocabulary import Question
from domain.rules import InputRule, InvalidInput
from domain.text import identifier, student_number

_LAST_FOUR = re.compile(r"[0-9A-Z]{4}")
# Letters and digits of any alphabet, as the registrar has them.
_STUDENT_NUMBER = re.compile(r".{1,40}")


def question(persons: Sequence[Person]) -> Question:
    """Return the first question that tells these persons apart."""
    for asked in (Question.BIRTH_DATE, Question.INSURANCE_LAST_FOUR):
        right = [answers(asked, person) for person in persons]
        if all(right) and len(set(right)) == len(persons):
            return asked
    return Question.STUDENT_NUMBER


def answers(asked: Question, person: Person) -> frozenset[str]:
    """Return what this person may rightly answer; nothing where the registrar has no datum."""
    if asked is Question.BIRTH_DATE:
        return frozenset({person.birth_date.isoformat()} if person.birth_date else ())
    if asked is Question.INSURANCE_LAST_FOUR:
        number = person.insurance_number
        return frozenset({number[-4:]} if number else ())
    return frozenset(student_number(each.registration_id) for each in person.enrolments) - {""}


def answers_as(asked: Question, answer: str, persons: Iterable[Person]) -> Person | None:
    """Return the one person whose right answer this is; None where it is nobody's, or several's."""
    right = [person for person in persons if answer in answers(asked, person)]
    return right[0] if len(right) == 1 else None


def read(asked: Question, raw: str, today: date) -> str:
    """Return what was typed in the form answers have; raises `InvalidInput`."""
    if asked is Question.BIRTH_DATE:
        born = dates.typed(raw, today)
        if born is None:
            raise InvalidInput(InputRule.IDENTITY_DATE)
        return born.isoformat()
    if asked is Question.INSURANCE_LAST_FOUR:
        return _matching(_LAST_FOUR, identifier(raw), InputRule.IDENTITY_FOUR_DIGITS)
    return _matching(_STUDENT_NUMBER, student_number(raw), InputRule.IDENTITY_STUDENT_NUMBER)


def readings(raw: str, today: date) -> tuple[str, ...]:
    """Return what was typed as a birth date and as a student number, as far as it can be one."""
    found = []
    for asked in (Question.BIRTH_DATE, Question.STUDENT_NUMBER):
        with suppress(InvalidInput):
            found.append(read(asked, raw, today))
    return tuple(found)


def vouches(given: Iterable[str], persons: Iterable[Person]) -> bool:
    """Whether one of these is the birth date of one of the persons.

    Of whom the registrar has no birth date, the student number counts in its place.
    """
    right = {
        each
        for person in persons
        for each in answers(Question.BIRTH_DATE, person) or answers(Question.STUDENT_NUMBER, person)
    }
    return not right.isdisjoint(given)


def _matching(form: re.Pattern[str], typed: str, rule: InputRule) -> str:
    if not form.fullmatch(typed):
        raise InvalidInput(rule)
    return typed
