from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import personal
from domain.elot743 import ascii_fold
from domain.personal import DIGITS_IN_A_ROW, contained, known_of, without, words
from tests.people import MARIA

BORN = MARIA.model_copy(update={"birth_date": date(2007, 3, 5)})
OWN = known_of(BORN, "m.papad", ["99887766554", None, "+35799123456"])
INSTITUTION = ("Πανεπιστήμιο των Πατρών και της Θεσσαλίας", "University of the Peloponnese", "uop")
SEPARATORS = st.text(st.characters(codec="ascii", exclude_categories=("N", "C")), max_size=3)


@pytest.mark.parametrize(
    "password",
    [
        *("xq-Maria-vroxi", "xqMARIAvroxi", "xq-papadopoulou", "xqΠαπαδοπούλου", "xq-m.papad-kila"),
        *("vroxi-mpapad-kila", "vroxi-2026001-kila", "vroxi-6912345678", "vroxi+306912345678"),
        *("vroxi 691 234 5678", "vroxi-99 88 77-kila", "01010500013-vroxi", "vroxi-35799123"),
        *("vroxi-05032007", "vroxi-5/3/2007-kila", "vroxi-20070305", "2007-03-05 vroxi"),
        *("vroxi-05.03.07-kila", "vroxi-070305-kila", "vroxi-03/05/2007", "vroxi-2007-3-5"),
    ],
)
def test_own_names_and_numbers_are_found(password: str) -> None:
    assert contained(password, OWN)


@pytest.mark.parametrize(
    "password",
    [
        *("vrachos-mother-kymata-77", "kaiti-touli-sti-vroxi", "open-university-77-scholi"),
        *("vroxi-2007-kila-31", "vroxi-69123-kila", "vroxi-2026-kila-77", "papa-mari-vroxi"),
    ],
)
def test_what_only_looks_alike_is_not(password: str) -> None:
    assert not contained(password, (*OWN, *INSTITUTION))


def test_the_words_that_count_are_whole_and_say_something() -> None:
    assert words(INSTITUTION) == ["patron", "peloponnese", "thessalias"]
    assert words(["Zoë O'Brien-Λη", "tkm5023", "Ян"]) == [
        *("brien", "o'brien-li", "obrienli", "tkm5023")
    ]


@pytest.mark.parametrize(("password", "found"), [("kila-4123-vroxi", True), ("kila-41-23", False)])
def test_a_short_number_counts_as_a_whole(password: str, *, found: bool) -> None:
    assert contained(password, ["csd4123", "123", ""]) is found


@given(
    st.text("0123456789", min_size=DIGITS_IN_A_ROW, max_size=12),
    st.data(),
)
def test_any_six_digits_of_a_number_are_found_however_they_are_grouped(
    number: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(number) - DIGITS_IN_A_ROW))
    piece = number[at : at + DIGITS_IN_A_ROW]
    typed = "".join(char + data.draw(SEPARATORS) for char in piece)
    assert contained(f"vroxi {typed} kila", [number])


def test_of_a_person_everything_that_others_know_is_given_once() -> None:
    assert known_of(MARIA, "mpapad", [MARIA.mobile, None, ""]) == (
        *("Μαρία", "Παπαδοπούλου", "Maria", "Papadopoulou", "mpapad", "+306912345678"),
        *("01010500013", "2026001"),
    )


def test_words_that_passwords_may_contain_are_left_out_of_a_name() -> None:
    names = ("Τεχνολογικό Ινστιτούτο Πάφου", "Paphos Centre", "paphos-tech")
    assert without(names, ["ινστιτουτο", "CENTRE"]) == (
        "Τεχνολογικό Πάφου",
        "Paphos",
        "paphos-tech",
    )
    assert without(names, []) == names


def test_a_password_is_transcribed_once_for_however_many_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []

    def fold(text: str) -> str:
        read.append(text)
        return ascii_fold(text)

    monkeypatch.setattr(personal, "ascii_fold", fold)
    assert not contained("Κωδικός", ["Maria Papadopoulou", "Thessaloniki"])
    assert read.count("Κωδικός") == 1
