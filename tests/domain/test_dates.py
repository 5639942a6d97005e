import re
import unicodedata
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
        *("Φεβρουάριος 2005", "2/2005", "1２/1/2005", "10.05 1/2/2005", "10:05 1/2/2005"),
    ],
)
def test_what_is_no_birth_date_is_none(written: str) -> None:
    assert dates.on_file(written, TODAY) is None


MONTHS = {
    1: "Jan January Ιαν Ιανουάριος Ιανουαρίου Γενάρη",
    2: "Feb February Φεβ Φεβρουάριος Φεβρουαρίου Φλεβάρη",
    3: "Mar March Μαρ Μάρτιος Μαρτίου Μάρτη",
    4: "Apr April Απρ Απρίλιος Απριλίου Απρίλη",
    5: "May Μάι Μάιος Μαΐου Μάης",
    6: "Jun June Ιουν Ιούνιος Ιουνίου Ιούνη",
    7: "Jul July Ιουλ Ιούλιος Ιουλίου Ιούλη",
    8: "Aug August Αυγ Αύγουστος Αυγούστου",
    9: "Sep Sept September Σεπ Σεπτ Σεπτέμβριος Σεπτεμβρίου",
    10: "Oct October Οκτ Οκτώβριος Οκτωβρίου Οκτώβρη",
    11: "Nov November Νοε Νοέμ Νοέμβριος Νοεμβρίου Νοέμβρη",
    12: "Dec December Δεκ Δεκέμβριος Δεκεμβρίου Δεκέμβρη",
}
NAMED = [(month, name) for month, names in MONTHS.items() for name in names.split()]


def bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))


@pytest.mark.parametrize(("month", "name"), NAMED)
@pytest.mark.parametrize(
    "form",
    [
        *("{day}-{name}-05 12.00.00.000000 AM", "0{day} {name} 2005", "{day} {name} 05 10:15"),
        *("{name} {day} 2005", "{name} {day}, 2005", "Tue {name} 0{day} 2005", "0{day}{name}2005"),
        *("2005 {name} {day} 10:15:00", "2005-{name}-0{day}", "Τρίτη, {day} {name}. 2005"),
    ],
)
def test_a_month_is_read_by_its_name(form: str, month: int, name: str) -> None:
    for written in (name, bare(name).upper(), name.lower()):
        field = form.format(day=3, name=written)
        assert dates.on_file(field, TODAY) == date(2005, month, 3)
        assert dates.key(field) in dates.keys(date(2005, month, 3))


@given(
    st.lists(
        st.sampled_from(["1", "2", "05", "2005", "10", "12", "00"]),
        min_size=2,
        max_size=5,
    ),
    st.sampled_from([name for _, name in NAMED] + ["II", "Vendemiaire", "το", "ⅱ", "２", "٢"]),
    st.integers(0, 4),
    st.sampled_from([" ", "-", ".", ":", ""]),
)
def test_letters_between_digits_are_a_month_or_no_date(
    numbers: list[str], word: str, at: int, sign: str
) -> None:
    """Words before a whole date in digits, and after it, belong to no date."""
    field = f" {' '.join(numbers[:at])}{sign}{word}{sign}{' '.join(numbers[at:])} ".strip()
    born = dates.on_file(field, TODAY)
    around = (dates.on_file(" ".join(part), TODAY) for part in (numbers[:at], numbers[at:]))
    named = [month for month, name in NAMED if name == word]
    assert born is None or born.month in named or born in around


@pytest.mark.parametrize(
    "written",
    [
        *("2003-12-31T22:00:00Z", "2003-12-31T22:00:00+00:00", "2003-12-31 22:00:00.000 UTC"),
        *("2004-01-01T00:00:00+02:00", "2004-01-01T00:00+0200", "2004-01-01 00:00:00+03"),
        *("2003-12-31T21:00Z", "2003-12-31T23:00:00+01:00", "2003-12-31T17:00:00-05:00"),
        *("2003-12-31T22:00Z[UTC]", "2004-01-01T00:00+02:00[Europe/Athens]"),
        *("2004-01-01T00:00:00Z", "2004-01-01T09:30:00Z", "2004-01-01T24:00:00Z", "2004-01-01T"),
    ],
)
def test_midnight_here_written_in_another_zone_is_the_day_that_begins(written: str) -> None:
    born = date(2004, 1, 1)
    assert dates.on_file(written, TODAY) == born
    assert dates.key(written) in dates.keys(born)


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
        ("1 Φεβρουαρίου 2005", BORN),
        ("Feb 1, 2005", BORN),
        ("1 μήνα 2005", None),
    ],
)
def test_a_typed_date_is_a_date_and_nothing_more(typed: str, born: date | None) -> None:
    assert dates.typed(typed, TODAY) == born


@given(st.dates(date(1917, 1, 1), TODAY))
def test_each_key_of_a_day_is_read_as_that_day_or_as_a_later_one(day: date) -> None:
    """A year of two digits means the latest; the last is midnight in UTC, the evening before."""
    *keys, before = dates.keys(day)
    read = {key: dates.on_file(key, TODAY) for key in keys}
    short = {key for key in keys if key.endswith(f"-{day.year % 100}")}
    assert {read[key] for key in read.keys() - short} == {day}
    for key in short:
        short_of = read[key]
        assert short_of == day or (short_of and short_of.year == day.year + 100)
    assert dates.on_file(before, TODAY) == day - timedelta(days=1)


@given(st.text(alphabet="0123456789-/. T:'٣\ufeff", max_size=22))
@example("1-2-5")
def test_a_field_that_is_read_has_a_key_of_the_day(field: str) -> None:
    born = dates.on_file(field, TODAY)
    assert born is None or dates.key(field) in dates.keys(born)
    assert born is None or TODAY - born < timedelta(days=111 * 366)


@given(st.dates(date(1905, 1, 1), date(2025, 12, 31)))
def test_day_and_month_are_swapped_where_that_is_another_date(day: date) -> None:
    other = dates.swapped(day)
    assert (other is None) is (day.day > 12 or day.day == day.month)
    if other:
        assert (other.day, other.month, other.year) == (day.month, day.day, day.year)
        assert dates.swapped(other) == day


@pytest.mark.parametrize(
    "written", ["19000101", "1/1/1900", "00000000", "0000-00-00", "01/01/0001"]
)
def test_what_programs_write_for_no_date_is_none(written: str) -> None:
    assert dates.on_file(written, TODAY) is None
    assert not re.fullmatch(dates.SURE, dates.key(written))


@given(st.dates(date(1945, 1, 1), date(2024, 12, 31)), st.integers(0, 40), st.integers(0, 40))
@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2059, 12, 31)])
def test_a_key_that_surely_is_a_date_is_read(today: date, day: date, other: int, more: int) -> None:
    number, month = f"-{day.day}-", f"-{day.month}-"
    for key in dates.keys(day):
        for written in (key, key.replace(number, f"-{other}-"), key.replace(month, f"-{more}-")):
            if re.fullmatch(dates.SURE, written):
                assert dates.on_file(written, today), written
        is_usual = 1950 <= day.year < 2020 and (day.month, day.day) != (2, 29)
        assert not is_usual or key == dates.keys(day)[-1] or re.fullmatch(dates.SURE, key)


@given(written=st.from_regex(dates.SURE, fullmatch=True))
def test_whatever_surely_is_a_date_is_read(written: str) -> None:
    assert dates.on_file(written, TODAY), written
