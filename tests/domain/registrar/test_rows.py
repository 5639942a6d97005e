import pytest

from domain.blanks import known
from domain.registrar.row_names import spellings
from domain.registrar.rows import Row, first_names, names, without_blank_words

ROW: Row = {
    "systemid": "SIS",
    "registrationid": "ΒΛΕΠΕ ΦΑΚΕΛΟ",
    "lastnameel": "Παππά",
    "lastnameen": None,
    "firstnameel": "βλέπε φάκελο",
    "firstnameen": "Maria",
}


def test_a_universitys_own_words_for_nothing_are_nothing_but_in_a_key() -> None:
    read = without_blank_words(ROW, known(["βλέπε φάκελο"]))
    assert read == {**ROW, "firstnameel": None}
    assert without_blank_words(ROW, known([])) is ROW


def test_names_stand_in_both_alphabets() -> None:
    assert names(ROW) == ("Παππά", "")
    assert first_names(ROW) == ("βλέπε φάκελο", "Maria")
    assert spellings(ROW) == {("pappa", "vlepefakelo"), ("pappa", "maria")}


@pytest.mark.parametrize("nothing", ["", "-", None])
def test_a_name_that_is_missing_has_no_spelling(nothing: str | None) -> None:
    assert spellings({**ROW, "lastnameel": nothing}) == set()
