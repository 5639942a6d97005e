import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.elot743 import ascii_fold
from domain.lookalikes import repaired

ALIKE = {
    "latin": "ABEZHIKMNOTXaeiovx",
    "greek": "ΑΒΕΖΗΙΚΜΝΟΤΧαειονχ",
    "cyrillic": "АВЕЗНІКМ ОТХаеіо х",
}
LETTERS = "ΑαΒΓΗηνρΣςλΧάAaHhnpsxyc\u0301АаВГНнрСсуПжЖхї -µ∆Ϙ1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # No letter tells: most letters do, and as many of each are Greek.
        *(("Αnna", "Anna"), ("Εva", "Eva"), ("Τina", "Tina"), ("Ιoanna", "Ioanna")),
        *(("Aννα", "Αννα"), ("Νικο\u03c5 ΝIKΗ", "Νικου ΝΙΚΗ"), ("Νίκoς", "Νίκος")),
        # One of each that tells: most letters do.
        *(("Λsanna", "Λsanna"), ("Λaςs", "Λαςs")),
        # Cyrillic letters in a Greek word, and in a Latin one.
        *(("Хρήστος", "Χρήστος"), ("НΛΙΑΔΗΣ", "ΗΛΙΑΔΗΣ"), ("ПΑΠΠΑΣ", "ΠΑΠΠΑΣ")),
        *(("Аννα", "Αννα"), ("ΗΛΙΑΔΗС", "ΗΛΙΑΔΗΣ"), ("Фώτης", "Φώτης"), ("Гιάννης", "Γιάννης")),
        *(("Аnna", "Anna"), ("Маria", "Maria"), ("Саrlо", "Carlo"), ("НLIADIS", "HLIADIS")),
        # A Greek, a Latin and a Cyrillic letter in one word.
        *(("ХPΗΣΤΟΣ", "ΧΡΗΣΤΟΣ"), ("Αnnа", "Anna")),
        # Cyrillic words stay.
        *((each, each) for each in ("Иван", "Анна", "Ольгa", "Ніна", "ТАМАРA", "Рома", "Йосиф")),
    ],
)
def test_a_word_is_of_the_alphabet_of_most_of_its_letters(written: str, read: str) -> None:
    assert repaired(written) == read


@pytest.mark.parametrize("name", ["Xristos", "Anna", "Maria", "Petros", "Eva", "Nikos", "ILIADIS"])
@pytest.mark.parametrize("other", ["greek", "cyrillic"])
def test_a_letter_of_another_alphabet_in_a_latin_name_is_latin(name: str, other: str) -> None:
    strange = dict(zip(ALIKE["latin"], ALIKE[other], strict=True))
    for at, char in enumerate(name):
        written = name[:at] + strange.get(char, char).replace(" ", char) + name[at + 1 :]
        assert repaired(written) == name


@pytest.mark.parametrize("name", ["Χρήστος", "ΗΛΙΑΔΗΣ", "Άννα Εύα", "ΝΙΚΗ", "Ταχατζής"])
@pytest.mark.parametrize("other", ["latin", "cyrillic"])
def test_a_letter_of_another_alphabet_in_a_greek_name_is_greek(name: str, other: str) -> None:
    strange = dict(zip(ALIKE["greek"], ALIKE[other], strict=True))
    for at, char in enumerate(name):
        written = name[:at] + strange.get(char, char).replace(" ", char) + name[at + 1 :]
        assert repaired(written) == name


def test_a_latin_column_is_latin_where_no_letter_says_otherwise() -> None:
    for written, read in (("ΝIKΗ", "NIKH"), ("Αn", "An"), ("ΕΥHΝ", "EYHN"), ("НА Аn", "НА An")):
        assert repaired(written, latin=True) == read
    assert repaired("Xρήστος Νίκη", latin=True) == "Χρήστος Νίκη"


@given(st.lists(st.sampled_from(LETTERS)).map("".join), st.booleans())
def test_what_was_repaired_is_repaired_and_never_nothing(text: str, latin: bool) -> None:
    once = repaired(text, latin=latin)
    assert repaired(once, latin=latin) == once
    assert bool(once.strip()) == bool(text.strip())
    assert bool(ascii_fold(once).strip(" -1")) == bool(ascii_fold(text).strip(" -1"))
