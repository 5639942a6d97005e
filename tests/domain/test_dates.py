from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import dates

TODAY = date(2026, 9, 28)
BORN = date(2005, 2, 1)


@pytest.mark.parametrize(
    "written",
    [
        "20050201",
        "01022005",
        "2005-02-01",
        "2005-02-01 00:00:00",
        "2005-2-1T00:00",
        "2005/02/01",
        "01/02/2005",
        "1/2/2005",
        "01-02-2005",
        "01.02.2005",
        "1 . 2 . 2005",
        "01/02/05",
        "1/2/05",
        "'1/2/2005",
    ],
)
def test_a_birth_date_on_file_is_read_in_every_usual_form(written: str) -> None:
    assert dates.on_file(written, TODAY) == BORN


@pytest.mark.parametrize(
    "written",
    [
        *("", "-", "0", "NULL", "00000000", "200511", "2005111", "2005", "31/2/2005", "13-13-2005"),
        *("19000101", "1900-01-01 00:00:00", "0001-01-01", "2027-01-01", "120050201", "200/1/1"),
        *("1 Φεβρουαρίου 2005", "2/2005"),
    ],
)
def test_what_is_no_birth_date_is_none(written: str) -> None:
    assert dates.on_file(written, TODAY) is None


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("20050101", date(2005, 1, 1)),
        ("1/6/08", date(2008, 6, 1)),
        ("1/6/65", date(1965, 6, 1)),
        ("28.9.26", TODAY),
        ("29.9.26", date(1926, 9, 29)),
        ("19/12/1990", date(1990, 12, 19)),
        ("2005-02-01 00:00", None),
        ("010205", None),
    ],
)
def test_a_typed_date_is_a_date_and_nothing_more(typed: str, born: date | None) -> None:
    assert dates.typed(typed, TODAY) == born


@given(st.dates(date(1917, 1, 1), TODAY))
def test_each_key_of_a_day_is_read_as_that_day_or_as_a_later_one(day: date) -> None:
    """A year of two digits means the latest; by the other forms only that day is meant."""
    read = [dates.on_file(key, TODAY) for key in dates.keys(day)]
    assert {*read[:2], *read[3:]} == {day}
    assert read[2] == day or (read[2] and read[2].year == day.year + 100)


@given(st.text(alphabet="0123456789-/. T:'٣\ufeff", max_size=22))
@example("1-2-5")
def test_a_field_that_is_read_has_a_key_of_the_day(field: str) -> None:
    born = dates.on_file(field, TODAY)
    assert born is None or dates.key(field) in dates.keys(born)
    assert born is None or TODAY - born < timedelta(days=111 * 366)
