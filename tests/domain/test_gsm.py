import pytest

from domain.gsm import Segments, segments, to_gsm_greek

GREEK = (
    "Ο κωδικός ενεργοποίησης για τον ιδρυματικό σας λογαριασμό είναι 123456. "
    "Ισχύει για 10 λεπτά. Μην τον δώσετε σε κανέναν."
)


def test_greek_is_folded_to_capitals_and_latin_keeps_its_case() -> None:
    assert to_gsm_greek("Ο κωδικός «abc» είναι…") == 'O KΩΔIKOΣ "abc" EINAI…'


def test_the_fold_saves_a_part() -> None:
    assert segments(GREEK) == Segments("UCS-2", 119, 2)
    assert segments(to_gsm_greek(GREEK)) == Segments("GSM-7", 119, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("α" * 70, Segments("UCS-2", 70, 1)),
        ("😀" * 36, Segments("UCS-2", 72, 2)),
        ("", Segments("GSM-7", 0, 1)),
    ],
)
def test_parts(text: str, expected: Segments) -> None:
    assert segments(text) == expected
