"""Quiet hours end when the clock on the wall says so, and a human is recognised by one mark."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaigns import QuietHours, language_of, marks
from domain.contracts.vocabulary import Language

ATHENS = ZoneInfo("Europe/Athens")
NIGHT = QuietHours(time(21), time(9))
NOON = QuietHours(time(12), time(14))
EL, EN = Language.EL, Language.EN


def athens(*at: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = at
    return datetime(year, month, day, hour, minute, fold=fold, tzinfo=ATHENS).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        (NIGHT, athens(2026, 11, 30, 21, 0), athens(2026, 12, 1, 9, 0)),
        (NIGHT, athens(2026, 11, 30, 8, 59), athens(2026, 11, 30, 9, 0)),
        (NIGHT, athens(2026, 11, 30, 9, 0), None),
        (NIGHT, athens(2026, 11, 30, 20, 59), None),
        (NOON, athens(2026, 11, 30, 12, 0), athens(2026, 11, 30, 14, 0)),
        (NOON, athens(2026, 11, 30, 14, 0), None),
        (NOON, athens(2026, 11, 30, 11, 59), None),
        (QuietHours(time(9), time(9)), athens(2026, 11, 30, 9, 0), None),
        # The clock goes back an hour on this night, and forward on the other.
        (NIGHT, athens(2026, 10, 24, 22, 0), athens(2026, 10, 25, 9, 0)),
        (NIGHT, athens(2026, 3, 28, 22, 0), athens(2026, 3, 29, 9, 0)),
    ],
)
def test_quiet_hours_are_those_of_the_wall(
    quiet: QuietHours, now: datetime, ends: datetime | None
) -> None:
    assert quiet.until(now, ATHENS) == ends


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = QuietHours(time(1), time(3, 30))
    first, second = athens(2026, 10, 25, 3, 10), athens(2026, 10, 25, 3, 10, fold=1)
    assert second - first == timedelta(hours=1)
    assert quiet.until(first, ATHENS) == athens(2026, 10, 25, 3, 30)
    assert quiet.until(second, ATHENS) == athens(2026, 10, 25, 3, 30, fold=1)


def test_the_next_quiet_hours_begin_later() -> None:
    assert NIGHT.following(athens(2026, 11, 30, 10, 0), ATHENS) == athens(2026, 11, 30, 21, 0)
    assert NIGHT.following(athens(2026, 11, 30, 21, 0), ATHENS) == athens(2026, 12, 1, 21, 0)
    assert QuietHours(time(9), time(9)).following(athens(2026, 11, 30, 10, 0), ATHENS) is None


@given(
    st.integers(0, 365 * 24 * 60),
    st.times(),
    st.times(),
)
def test_no_message_goes_in_quiet_hours(minutes: int, begin: time, end: time) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    quiet = QuietHours(begin.replace(fold=0), end.replace(fold=0))
    until, following = quiet.until(now, ATHENS), quiet.following(now, ATHENS)
    assert until is None or now < until <= now + timedelta(hours=26)
    assert following is None or now < following <= now + timedelta(hours=26)
    if following is None:
        assert until is None


@pytest.mark.parametrize(
    ("chosen", "citizenship", "language"),
    [
        (EN, "GR", EN),
        (EL, "FR", EL),
        (None, None, EL),
        (None, "CY", EL),
        (None, "FR", EN),
    ],
)
def test_a_student_reads_what_they_chose_else_what_they_most_likely_understand(
    chosen: Language | None, citizenship: str | None, language: Language
) -> None:
    assert language_of(chosen, citizenship, EL) is language


def test_two_enrolments_of_one_human_have_a_mark_in_common() -> None:
    mobile = {"mobilephone": "6912345678", "enrollmentstatus": "active"}
    born = {"birthdate": "2004-05-06", "firstnameel": "Μαρία"}
    number = {"ssn": "01010500013", "ssncountry": "GR"}

    def has(**row: str) -> set[int]:
        return marks({**mobile, **row}, "GR", ())

    assert has() == set()
    assert has(**born) & has(**born, extemail="maria@mail.example")
    assert has(**born).isdisjoint(has(**{**born, "firstnameel": "Άννα"}))
    assert has(**number) & marks({**number, "enrollmentstatus": "active"}, "GR", ())
