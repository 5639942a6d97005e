"""Names are found by how their words begin, however their marks and letters are typed."""

import pytest

from domain import names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Παπαδοπούλου-Γεωργίου", ["ΠΑΠΑΔΟΠΟΥΛΟΥ", "ΓΕΩΡΓΙΟΥ"]),
        ("  Μαΐρη   ΝΊΚΟΣ ", ["ΜΑΙΡΗ", "ΝΙΚΟΣ"]),
        ("O'Brien José", ["O", "BRIEN", "JOSE"]),
        ("ἀθήνᾳ", ["ΑΘΗΝΑΙ"]),
        ("", []),
    ],
)
def test_a_name_is_its_words_without_marks(text: str, words: list[str]) -> None:
    assert names.words(text) == words


def test_a_word_is_found_by_three_to_eight_of_its_letters() -> None:
    assert list(names.beginnings("Λι Νίκος")) == ["ΝΙΚ", "ΝΙΚΟ", "ΝΙΚΟΣ"]
    assert max(map(len, names.beginnings("Παπαδοπούλου"))) == 8


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("νικος παπαδοπούλου", ["ΝΙΚΟΣ", "ΠΑΠΑΔΟΠΟ"]),
        ("νι παπαδ", []),
        ("2026abc", []),
        ("nikos@mail.example", []),
        ("", []),
    ],
)
def test_each_word_that_is_sought_has_three_letters_and_no_digit(
    typed: str, sought: list[str]
) -> None:
    assert names.sought(typed) == sought
    everything = set(names.beginnings("Νίκος Παπαδοπούλου"))
    assert set(sought) <= everything
