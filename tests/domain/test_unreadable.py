import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import unreadable
from domain.contacts import emails_on_file, mobiles_on_file
from domain.unreadable import Fault


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("6912345678", None),
        ("2710372128 / 6955000005", None),
        ("2710372128", Fault.LANDLINE),
        ("691234567", Fault.DIGITS_MISSING),
        ("69123456789", Fault.TOO_MANY_DIGITS),
        ("99123456", Fault.COUNTRY_MISSING),
        ("δεν έχει", Fault.NO_NUMBER),
        ("8001234567", Fault.NO_MOBILE),
        ("1", Fault.NO_MOBILE),
    ],
)
def test_what_is_wrong_with_a_number_has_a_name(raw: str, fault: Fault | None) -> None:
    assert unreadable.mobile(raw, "GR") is fault


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("nikos@gmail.com (νέο)", None),
        ("nikos.gmail.com", Fault.NO_AT),
        ("νίκος@gmail.com", Fault.GREEK_LETTERS),
        ("nikos@", Fault.NO_ADDRESS),
    ],
)
def test_what_is_wrong_with_an_address_has_a_name(raw: str, fault: Fault | None) -> None:
    assert unreadable.email(raw) is fault


def test_digits_are_counted_however_they_are_written() -> None:
    assert unreadable.digits("69-12 34 56 ٧") == 9


@given(st.text(max_size=300))
def test_whatever_is_on_file_is_read_or_has_a_fault(raw: str) -> None:
    assert bool(mobiles_on_file(raw, "GR")) is (unreadable.mobile(raw, "GR") is None)
    assert bool(emails_on_file(raw)) is (unreadable.email(raw) is None)
