import hashlib
import json
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consent import kept, paired_studies, review, shown_hash
from domain.contracts.views import InsuranceView, StudyView
from domain.contracts.vocabulary import Choice
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
        review(MARIA.model_copy(update={"email": None}), "mpapadopoulou", "1"),
        review(MARIA.model_copy(update={"mobile": "+306912345679"}), "mpapadopoulou", "1"),
    ]
    first, second = (
        InsuranceView(scheme="GR", masked="•••••••13", revision=count) for count in (1, 2)
    )
    others += [review(MARIA, "mpapadopoulou", "1", each) for each in (first, second)]
    assert len({shown_hash(other) for other in [view, *others]}) == 9


def test_the_hash_of_a_view_without_a_typed_number_is_that_of_version_1_0() -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    fields = view.model_dump(mode="json", exclude={"shown_hash", "insurance"})
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert view.shown_hash == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("email", ["maria@example.org", None])
@pytest.mark.parametrize("mobile", ["+306912345678", None])
def test_only_a_contact_on_file_is_offered_and_only_what_was_offered_is_kept(
    email: str | None, mobile: str | None
) -> None:
    person = MARIA.model_copy(update={"email": email, "mobile": mobile})
    view = review(person, "mpapadopoulou", "1")
    assert view.email == ("m•••@e•••.org" if email else None)
    assert view.mobile == ("+30 •••••••78" if mobile else None)
    on_file = {Choice.RECOVERY_EMAIL: email, Choice.RECOVERY_MOBILE: mobile}
    offered = [choice for choice in Choice if on_file.get(choice, True)]
    for chosen in chain.from_iterable(combinations(Choice, n) for n in range(4)):
        assert kept(view, chosen) == tuple(each for each in chosen if each in offered)


@given(st.text(), st.text())
def test_two_names_hash_alike_only_when_they_are_one(one: str, other: str) -> None:
    view = review(MARIA, "mpapadopoulou", "1")
    hashes = {shown_hash(view.model_copy(update={"name_el": name})) for name in (one, other)}
    assert len(hashes) == len({one, other})


def study(number: str, department: str) -> StudyView:
    return StudyView(student_number=number, department_el=department, department_en="")


LAW, MUSIC, MOVED = study("1", "Νομική"), study("2", "Μουσική"), study("2", "Τεχνών")


@pytest.mark.parametrize(
    ("now", "before", "pairs"),
    [
        ([MUSIC, LAW], [LAW, MUSIC], [(MUSIC, MUSIC), (LAW, LAW)]),
        ([MUSIC, LAW], [LAW], [(MUSIC, None), (LAW, LAW)]),
        ([MUSIC], [LAW, MUSIC], [(MUSIC, MUSIC), (None, LAW)]),
        ([MOVED, LAW], [LAW, MUSIC], [(MOVED, MUSIC), (LAW, LAW)]),
        # One number in two systems: what is alike is one, whatever stands first.
        ([MOVED, MUSIC], [MUSIC], [(MOVED, None), (MUSIC, MUSIC)]),
        ([MUSIC, MUSIC], [MUSIC], [(MUSIC, MUSIC), (MUSIC, None)]),
        ([], [LAW], [(None, LAW)]),
    ],
)
def test_studies_are_compared_by_their_number_wherever_they_stand(
    now: list[StudyView],
    before: list[StudyView],
    pairs: list[tuple[StudyView | None, StudyView | None]],
) -> None:
    assert paired_studies(now, before) == pairs
