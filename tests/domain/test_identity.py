from datetime import date

import pytest

from domain import identity
from domain.contracts.people import Person
from domain.contracts.vocabulary import Question
from domain.identity import answers, answers_as, question, vouches
from domain.rules import InputRule, InvalidInput
from tests.people import MARIA

TODAY = date(2026, 9, 28)


def read(asked: Question, typed: str) -> str:
    return identity.read(asked, typed, TODAY)


def readings(typed: str) -> tuple[str, ...]:
    return identity.readings(typed, TODAY)


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
        "20050102",
        "2005/1/2",
        "2/1/05",
        "2.1.05",
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


@pytest.mark.parametrize(
    ("on_file", "typed"),
    [
        ("Π26-001", "π26001"),
        ("ΠΛΗ26/1", "Πλή 26 1"),
        ("ΠΛΗ_2026(1)", "ΠΛΗ20261"),
        ("ΑΒ-26", "AB26"),
        ("ПИ26", "ПИ-26"),
        ("Ü26", "ü26"),
        ("ΧΨΩ", "χψω"),
        ("Φ", "φ"),
    ],
)
def test_a_student_number_is_compared_as_it_is_on_file(on_file: str, typed: str) -> None:
    given = read(Question.STUDENT_NUMBER, typed)
    assert given in answers(Question.STUDENT_NUMBER, person(on_file))


def test_the_last_four_of_a_foreign_number_may_be_letters() -> None:
    typed = read(Question.INSURANCE_LAST_FOUR, "562s")
    assert typed in answers(Question.INSURANCE_LAST_FOUR, person("1", amka="RSSMRA85T10A562S"))


def test_an_answer_that_is_several_persons_is_nobodys() -> None:
    same = [person("26-1"), person("26/1")]
    assert answers_as(Question.STUDENT_NUMBER, "261", same) is None
    assert answers_as(Question.STUDENT_NUMBER, "261", same[:1]) is same[0]
    assert answers_as(Question.STUDENT_NUMBER, "262", same) is None


def test_nothing_is_right_where_the_registrar_has_nothing() -> None:
    assert answers(Question.BIRTH_DATE, person("1")) == frozenset()
    assert answers(Question.INSURANCE_LAST_FOUR, YOUNGER) == frozenset()
    assert answers(Question.STUDENT_NUMBER, person("-")) == frozenset()


@pytest.mark.parametrize(
    ("asked", "typed", "rule"),
    [
        (Question.BIRTH_DATE, "31/2/2005", InputRule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "χθες", InputRule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "2/1/2027", InputRule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "200512", InputRule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "2/1/2005 ή 3/1/2005", InputRule.IDENTITY_DATE),
        (Question.BIRTH_DATE, "", InputRule.IDENTITY_DATE),
        (Question.INSURANCE_LAST_FOUR, "123", InputRule.IDENTITY_FOUR_DIGITS),
        (Question.INSURANCE_LAST_FOUR, "12345", InputRule.IDENTITY_FOUR_DIGITS),
        (Question.STUDENT_NUMBER, "", InputRule.IDENTITY_STUDENT_NUMBER),
        (Question.STUDENT_NUMBER, "-;", InputRule.IDENTITY_STUDENT_NUMBER),
    ],
)
def test_what_no_answer_can_be_names_its_rule(asked: Question, typed: str, rule: InputRule) -> None:
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
        ("χθες;", ("XΘEΣ",)),
        ("-;", ()),
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
