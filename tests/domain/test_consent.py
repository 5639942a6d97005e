from hypothesis import given
from hypothesis import strategies as st

from domain.consent import review, shown_hash
from tests.people import MARIA


def test_the_review_shows_the_person_and_carries_its_own_hash() -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    assert (view.name_el, view.name_latin) == ("Μαρία Παπαδοπούλου", "Maria Papadopoulou")
    assert [study.student_number for study in view.studies] == ["2026001"]
    assert view.shown_hash == shown_hash(view)


def test_the_hash_does_not_depend_on_itself() -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    assert shown_hash(view.model_copy(update={"shown_hash": "x"})) == view.shown_hash


def test_any_other_field_changes_the_hash() -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    others = [
        view.model_copy(update={"username": "other"}),
        view.model_copy(update={"name_el": "Νίκος"}),
        view.model_copy(update={"studies": ()}),
        review(MARIA, "mpapadopoulou", "2"),
    ]
    assert len({shown_hash(other) for other in [view, *others]}) == 5


@given(st.text(), st.text())
def test_two_names_hash_alike_only_when_they_are_one(one: str, other: str) -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    hashes = {shown_hash(view.model_copy(update={"name_el": name})) for name in (one, other)}
    assert len(hashes) == len({one, other})
