"""Names are found by how their words begin, however their marks and letters are typed."""

import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest

from domain import names
from domain.elot743 import ascii_fold, elot743


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
    found = ["ΝΙΚ", "ΝΙΚΟ", "ΝΙΚΟΣ", "NIK", "NIKO", "NIKOS"]
    assert list(names.beginnings("Λι Νίκος")) == found
    assert max(map(len, names.beginnings("Παπαδοπούλου"))) == 8


def found(typed: str, noted: str) -> bool:
    """Whether what is typed finds a name that was noted."""
    beginnings = set(names.beginnings(noted))
    sought = names.sought(typed)
    return bool(sought) and not any(beginnings.isdisjoint(each) for each in sought)


def noted_as(greek: str, latin: str = "") -> str:
    """Return a name with its Latin form, as an activation notes it."""
    return f"{greek or latin} {ascii_fold(latin or elot743(greek))}"


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        *(("νικος παπαδοπούλου", True), ("νι παπαδ", False), ("2026abc", False)),
        *(("nikos@mail.example", False), ("", False), ("Ελένη Παπαδοπούλου", False)),
    ],
)
def test_each_word_that_is_sought_has_three_letters_and_no_digit(
    typed: str, *, is_found: bool
) -> None:
    assert found(typed, "Νίκος Παπαδοπούλου") is is_found


GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many letters were transcribed each time."""
    lengths: list[int] = []

    def fold(text: str) -> str:
        lengths.append(len(text))
        return ascii_fold(text)

    monkeypatch.setattr(names, "ascii_fold", fold)
    return lengths


def test_of_a_long_word_no_more_is_read_than_can_be_sought(read: list[int]) -> None:
    for letter in "αΐxé":
        names.sought(letter * 5000)
        names.sought(f"{letter * 3} " * 5000)
    assert sum(read) < 3_000
    assert names.sought("Μαρία " * 11) == []
    assert names.sought("ου" * 200) == names.sought("ου" * 20)


@pytest.mark.parametrize("length", [11, 24])
def test_of_as_many_words_as_may_be_sought_few_letters_are_transcribed(
    read: list[int], length: int
) -> None:
    names.sought(f"{GREEK[:length]} " * 10)
    assert sum(read) < 700


@pytest.mark.parametrize(
    "before", ["ΝΑ", "ΝΕΥ", "ΝΑΥ", "ΝΗΥ", "ΝΟ", "ΜΠ", "ΝΜ", "ΝΜΠ", "ΝΓ", "ΝΓΓ"]
)
@pytest.mark.parametrize("letters", [0, 1, 5, 8, 12])
def test_a_prefix_is_sought_in_every_form_that_a_letter_after_it_gives(
    before: str, letters: int
) -> None:
    word = "Λ" * letters + before + "Ν" * (letters < 1)
    plain_form = ascii_fold(word).upper()
    forms = {ascii_fold(word + each).upper()[: len(plain_form)][:8] for each in GREEK}
    (sought,) = names.sought(word)
    assert forms <= sought


def test_a_word_that_no_latin_letter_spells_is_sought_as_it_is() -> None:
    assert names.sought("ЪЪЪ") == [frozenset({"ЪЪЪ"})]


WRITTEN = (
    *(("Παπαδόπουλος", ""), ("", "Papadopoulos"), ("Παύλου", ""), ("", "Pavlou"), ("Μαΐρη", "")),
    *(("Μπαμπινιώτης", "Bampiniotis"), ("Αγγελής", ""), ("", "Angelis"), ("Ευάγγελος", "")),
    *(("", "Ivanov"), ("Иванов", ""), ("Юлия", "Yuliya"), ("", "Yuliya"), ("Müller", "Müller")),
    *(("", "Müller"), ("Ðorđe", ""), ("Þórsdóttir", ""), ("Mπαξεβάνης", ""), ("∆ηµήτρης", "")),
    *(("Χρυσούλα", "Hrisoula"), ("Ταΰγετος", ""), ("", "Yıldız"), ("ΘΕΟΔΩΡΟΥ", ""), ("Εύη", "")),
)
ALPHABETS = {
    "papadopoulos": ("Παπαδόπουλος", "", "Papadopoulos"),
    "pavlou": ("Παύλου", "", "Pavlou"),
    "angelis": ("Αγγελής", "", "Angelis"),
    "ivanov": ("Иванов", "Иванов", "Ivanov"),
    "smith": ("Σμιθ", "", "Smith"),
    "tamara": ("Ταμαρα", "Тамара", "Tamara"),
    "maria": ("Μαρια", "Мариа", "Maria"),
}


@pytest.mark.parametrize(("greek", "latin"), WRITTEN)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_name_is_found_by_each_of_its_forms_and_their_beginnings(
    greek: str, latin: str, form: Literal["NFC", "NFD"], case: Callable[[str], str]
) -> None:
    noted = noted_as(greek, latin)
    for typed in filter(None, (greek, latin, elot743(greek), ascii_fold(greek or latin))):
        for length in range(names.FEWEST, len(typed) + 1):
            part = case(unicodedata.normalize(form, typed[:length]))
            assert found(part, noted), part
            assert found(part.replace("σ", "ς"), noted), part


@pytest.mark.parametrize("spellings", ALPHABETS.values(), ids=ALPHABETS)
def test_what_is_typed_in_one_alphabet_finds_a_name_that_stands_in_another(
    spellings: tuple[str, ...],
) -> None:
    latin = spellings[-1]
    for typed in filter(None, spellings):
        for length in range(names.FEWEST, len(typed) + 1):
            for case in (str.upper, str.lower, str.title):
                assert found(case(typed[:length]), noted_as("", latin)), typed[:length]


@pytest.mark.parametrize(
    ("typed", "noted"),
    [
        *(("MAPIA", "Μαρία"), ("TAMAPA", "Ταμάρα"), ("МАРІА", "Μαρία")),
        *(("ΜΑΧ", "Max"), ("КЕНАТ", "Kenat"), ("КАТЕ", "Kate"), ("NIKOΣ", "Νίκος")),
    ],
)
def test_letters_that_look_alike_find_the_name_that_they_look_like(typed: str, noted: str) -> None:
    assert found(typed, noted_as(noted))


@pytest.mark.parametrize("typed", ["Παύλου", "Smith", "Иванова", "Παπ", "Αγγ", "MAPIA", "Ömer"])
def test_another_name_is_not_found(typed: str) -> None:
    for greek, latin in (("Γεωργίου", ""), ("Λουκάς", "Loukas"), ("", "Johnson")):
        assert not found(typed, noted_as(greek, latin))
