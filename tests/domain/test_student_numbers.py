"""The forms of a student number that an entry is searched for."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.match_rules import folded
from domain.student_numbers import other_forms
from domain.text import student_number

_MOST = 330
"""Five separators in each of 21 places, in three ways to write the letters, and zeros."""
ALIKE = [
    ("D4-1", "D4 1", "d4/1", "D4.1", "D4_1", "D-4-1", "d41"),
    ("Π26/1", "π26-1", "Π 26 1", "Π261"),
    ("123", "000123", "0123"),
    ("0012/4", "12/4"),
    ("20261234", "2026-1234", "2026 1234"),
    ("ΑΜ26001", "AM26001", "am-26001"),
    ("Έ26/1", "Ε26/1", "E26-1"),
    ("２６１", "261"),
]


@pytest.mark.parametrize("alike", ALIKE, ids=lambda each: each[0])
def test_the_registrars_number_has_the_others_as_forms(alike: tuple[str, ...]) -> None:
    number, *others = alike
    forms = {folded(each) for each in other_forms(number)}
    for each in others:
        assert folded(each) in forms
    assert folded(number) not in forms


@pytest.mark.parametrize("number", ["", "-", "A" * 21, "1" * 21])
def test_what_is_no_number_has_no_other_form(number: str) -> None:
    assert other_forms(number) == ()


@example("0000000AΑ0")
@example("AΑ" * 10)
@given(st.text(alphabet="AΑΠπE0129-/. ", max_size=22) | st.text(max_size=22))
def test_each_form_is_the_same_number_and_they_are_few(number: str) -> None:
    forms = other_forms(number)
    assert len(forms) <= _MOST
    for form in forms:
        assert student_number(form).lstrip("0") == student_number(number).lstrip("0")
