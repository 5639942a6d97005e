"""Chooses and checks the question that tells persons with one contact apart.

No name is shown before the answer. The first question that all of them answer differently is
asked; student numbers, the last question, always differ. Answers are compared as `read` returns
them. So is the second datum of a student who asks for a message beyond the rate limit.
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
    """Return the first question to which each of these persons has another answer."""
    for asked in (Question.BIRTH_DATE, Question.INSURANCE_LAST_FOUR):
        right = [answers(asked, person) for person in persons]
        if all(right) and len(set(right)) == len(persons):
            return asked
    return Question.STUDENT_NUMBER


def answers(asked: Question, person: Person) -> frozenset[str]:
    """Return the right answers of this person; empty if the registrar has no datum."""
    if asked is Question.BIRTH_DATE:
        return frozenset({person.birth_date.isoformat()} if person.birth_date else ())
    if asked is Question.INSURANCE_LAST_FOUR:
        number = person.insurance_number
        return frozenset({number[-4:]} if number else ())
    return frozenset(student_number(each.registration_id) for each in person.enrolments) - {""}


def answers_as(asked: Question, answer: str, persons: Iterable[Person]) -> Person | None:
    """Return the person with this right answer; None if there is none or more than one."""
    right = [person for person in persons if answer in answers(asked, person)]
    return right[0] if len(right) == 1 else None


def read(asked: Question, raw: str, today: date) -> str:
    """Return a typed answer in normalised form; raise `InvalidInput` with the broken rule."""
    if asked is Question.BIRTH_DATE:
        born = dates.typed(raw, today)
        if born is None:
            raise InvalidInput(InputRule.IDENTITY_DATE)
        return born.isoformat()
    if asked is Question.INSURANCE_LAST_FOUR:
        return _matching(_LAST_FOUR, identifier(raw), InputRule.IDENTITY_FOUR_DIGITS)
    return _matching(_STUDENT_NUMBER, student_number(raw), InputRule.IDENTITY_STUDENT_NUMBER)


def readings(raw: str, today: date) -> tuple[str, ...]:
    """Return the typed text as birth date and as student number, each if it is valid."""
    found = []
    for asked in (Question.BIRTH_DATE, Question.STUDENT_NUMBER):
        with suppress(InvalidInput):
            found.append(read(asked, raw, today))
    return tuple(found)


def vouches(given: Iterable[str], persons: Iterable[Person]) -> bool:
    """Tell whether one of these values is the birth date of one of the persons.

    A person without a birth date in the registrar is compared by student number instead.
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
