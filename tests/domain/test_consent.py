from hypothesis import given
from hypothesis import strategies as st

from domain.consent import review, shown_hash
from domain.contracts.requests import Enrolment, Person

PERSON = Person(
    person_key="k",
    enrolments=(
        Enrolment(
            system_id="sis",
            registration_id="2026001",
            department_id="7",
            department_el="Πληροφορικής",
            department_en="Informatics",
        ),
    ),
    first_name_el="Νίκος",
    last_name_el="Παπαδόπουλος",
    first_name_latin="Nikos",
    last_name_latin="Papadopoulos",
    birth_date=None,
    citizenship=None,
    login_name=None,
    insurance_scheme=None,
    insurance_number=None,
    mobile=None,
    email=None,
    sms_to=None,
    email_to=None,
)


def test_the_review_shows_the_person_and_carries_its_own_hash() -> None:
    view = review(PERSON, "npapadopoulos", "1")
    assert (view.name_el, view.name_latin) == ("Νίκος Παπαδόπουλος", "Nikos Papadopoulos")
    assert [study.student_number for study in view.studies] == ["2026001"]
    assert view.shown_hash == shown_hash(view)


def test_the_hash_does_not_depend_on_itself() -> None:
    view = review(PERSON, "npapadopoulos", "1")
    assert shown_hash(view.model_copy(update={"shown_hash": "x"})) == view.shown_hash


def test_any_other_field_changes_the_hash() -> None:
    view = review(PERSON, "npapadopoulos", "1")
    others = [
        view.model_copy(update={"username": "other"}),
        view.model_copy(update={"name_el": "Νίκος"}),
        view.model_copy(update={"studies": ()}),
        review(PERSON, "npapadopoulos", "2"),
    ]
    assert len({shown_hash(other) for other in [view, *others]}) == 5


@given(st.text(), st.text())
def test_two_names_hash_alike_only_when_they_are_one(one: str, other: str) -> None:
    view = review(PERSON, "npapadopoulos", "1")
    hashes = {shown_hash(view.model_copy(update={"name_el": name})) for name in (one, other)}
    assert len(hashes) == len({one, other})
