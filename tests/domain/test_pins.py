import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pins import read
from domain.rules import InputRule, InvalidInput


@pytest.mark.parametrize(
    "raw",
    [
        "012345",
        " 012 345 ",
        "012-345",
        "０１２３４５",
        "٠١٢٣٤٥",
        "0 1\u200b2 3 4 5",
        "012345 is your code. 10 minutes.\n\n@portal.example #012345",
    ],
)
def test_six_digits_are_found_however_they_are_written(raw: str) -> None:
    assert read(raw) == "012345"


@pytest.mark.parametrize("raw", ["", "12345", "1234567", "abcdef", "012345 or 543210", "²" * 5])
def test_anything_else_is_refused(raw: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read(raw)
    assert raised.value.rule == InputRule.PIN_FORMAT


@given(st.text())
def test_what_is_read_is_six_ascii_digits(raw: str) -> None:
    try:
        pin = read(raw)
    except InvalidInput:
        return
    assert len(pin) == 6
    assert pin.isascii()
    assert read(pin) == pin
