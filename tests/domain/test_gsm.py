import pytest

from domain.gsm import parts, places, to_gsm_greek
from tests.gsm import is_one_part

GREEK = (
    "Ο κωδικός ενεργοποίησης για τον ιδρυματικό σας λογαριασμό είναι 123456. "
    "Ισχύει για 10 λεπτά. Μην τον δώσετε σε κανέναν."
)


def test_greek_is_folded_to_capitals_and_latin_keeps_its_case() -> None:
    assert to_gsm_greek("Ο κωδικός «abc» είναι…") == 'O KΩΔIKOΣ "abc" EINAI…'


def test_the_fold_saves_a_part() -> None:
    assert not is_one_part(GREEK)
    assert is_one_part(to_gsm_greek(GREEK))


@pytest.mark.parametrize("letter", ["a", "Ω", "Ξ", "\n", "ß"])
def test_a_part_has_160_places(letter: str) -> None:
    assert is_one_part(letter * 160)
    assert not is_one_part(letter * 161)


def test_some_characters_take_two_places() -> None:
    assert is_one_part("€" * 80)
    assert not is_one_part("€" * 80 + "a")


@pytest.mark.parametrize(
    ("text", "taken", "paid"),
    [
        ("Ω" * 160, 160, 1),
        ("Ω" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("ά" * 70, 70, 1),
        ("ά" * 71, 71, 2),
        ("ά" + "a" * 134, 135, 3),
        ("😀" * 35, 70, 1),
        ("", 0, 1),
    ],
)
def test_places_and_parts_are_those_of_the_networks(text: str, taken: int, paid: int) -> None:
    assert (places(text), parts(text)) == (taken, paid)
