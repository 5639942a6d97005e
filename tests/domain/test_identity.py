from datetime import date

import pytest

from domain.contracts.requests import Person
from domain.contracts.vocabulary import Question
from domain.identity import answers, question, read, readings, vouches
from domain.rules import InvalidInput, Rule
from tests.people import MARIA


def person(number: str, birth_date: date | None = None, amka: str | None = None) -> Person:
    enrolment = MARIA.enrolments[0].model_copy(update={"registration_id": number})
    told = {"enrolments": (enrolment,), "birth_date": birth_date, "insurance_number": amka}
    return MARIA.model_copy(update=told)


ZOI = person("ΑΜ-12/3", date(2005, 1, 2), "02010500015")
TWIN = person("124", date(2005, 1, 2), "02010500023")
YOUNGER = person("125", date(2008, 3, 4))


def test_the_first_question_that_tells_them_apart_is_asked() -> None:
    assert question([ZOI, YOUNGER]) is Question.BIRTH_DATE
    assert question([ZOI, TWIN]) is Question.INSURANCE_LAST_FOUR
    assert question([ZOI, person("126", date(2005, 1, 2))]) is Question.STUDENT_NUMBER
    assert question([ZOI, person("127")]) is Question.STUDENT_NUMBER


@pytest.mark.parametrize(
    "typed",
    [
        "2/1/2005",
        "02-01-2005",
        "02.01.2005",
        "2 1 2005",
        "02012005",
        "2005-01-02",
        "０２/０１/２００５",
    ],
)
def test_a_birth_date_is_read_as_people_write_it(typed: str) -> None:
    assert read(Question.BIRTH_DATE, typed) in answers(Question.BIRTH_DATE, ZOI)


def test_last_four_digits_and_student_number_are_read_as_people_write_them() -> None:
    assert read(Question.INSURANCE_LAST_FOUR, " 0 015 ") in answers(
        Question.INSURANCE_LAST_FOUR, ZOI
    )
    assert read(Question.STUDENT_NUMBER, "αμ12-3") in answers(Question.STUDENT_NUMBER, ZOI)


def test_nothing_is_right_where_the_registrar_has_nothing() -> None:
    assert answers(Question.BIRTH_DATE, person("1")) == frozenset()
    assert answers(Question.INSURANCE_LAST_FOUR, YOUNGER) == frozenset()


@pytest.mark.parametrize(
    ("asked", "typed", "rule"),
    [
        (Question.BIRTH_DATE, "31/2/2005", Rule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "χθες", Rule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "", Rule.IDENTITY_DATE),
        (Question.INSURANCE_LAST_FOUR, "123", Rule.IDENTITY_FOUR_DIGITS),
        (Question.INSURANCE_LAST_FOUR, "12345", Rule.IDENTITY_FOUR_DIGITS),
        (Question.STUDENT_NUMBER, "", Rule.IDENTITY_STUDENT_NUMBER),
        (Question.STUDENT_NUMBER, "ή όχι;", Rule.IDENTITY_STUDENT_NUMBER),
    ],
)
def test_what_no_answer_can_be_names_its_rule(asked: Question, typed: str, rule: Rule) -> None:
    with pytest.raises(InvalidInput) as raised:
        read(asked, typed)

    assert raised.value.rule is rule


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("2/1/2005", ("2005-01-02", "212005")),
        ("02012005", ("2005-01-02", "02012005")),
        ("αμ 12/3", ("AM123",)),
        ("31/2/2005", ("3122005",)),
        ("χθες;", ()),
        ("  ", ()),
    ],
)
def test_a_second_datum_is_read_in_every_way_it_can_be_meant(
    typed: str, read_as: tuple[str, ...]
) -> None:
    assert readings(typed) == read_as


def test_a_birth_date_vouches_and_a_student_number_only_where_there_is_none() -> None:
    assert vouches(readings("2.1.2005"), [ZOI])
    assert vouches(readings("4.3.2008"), [ZOI, YOUNGER])
    assert vouches(readings("127"), [ZOI, person("127")])
    for wrong in ("125", "ΑΜ123", "3.1.2005", "", "0015"):
        assert not vouches(readings(wrong), [ZOI, YOUNGER])
    assert not vouches((), [person("1")])
    assert not vouches(readings("2.1.2005"), [])
