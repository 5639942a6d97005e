"""Birth dates as people and secretariats write them; pure.

Day first or year first, with any signs between or with none, with two or four digits of the year.
Eight digits are never ambiguous: a year from 1900 on starts with no day and no month. What is on
file is reduced to `key` by SQL as well, so that a date is found in every form it is read in.
"""

import re
from contextlib import suppress
from datetime import date, timedelta

from domain.text import plain

_SEPARATED = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}-[0-9]{1,2}-(?:[0-9]{4}|[0-9]{1,2})"
KEY = f"^-?({_SEPARATED}|[0-9]{{8}})(?![0-9])"
"""What of a field is a date, its signs reduced to hyphens; PostgreSQL reads it the same."""
_TYPED = re.compile(r"(?:[0-9]+[^0-9]+){2}[0-9]+|[0-9]{8}")
_EIGHT_DIGITS = (
    re.compile(r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"),
)
_GENERALIZED_TIME = re.compile(
    r"([0-9]{8})([0-9]{2})(?:[0-9]{2}){0,2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}(?:[0-9]{2})?)",
    re.IGNORECASE,
)
_NOON = 12
_OLDEST = 110
"""Years; nobody older studies, and 1900 is what programs write for no date."""


def on_file(raw: str, today: date) -> date | None:
    """Read the registrar's field, which may go on with a time."""
    return _read(key(raw), today)


def in_entry(raw: str, today: date) -> frozenset[date]:
    """Return the days that a value of the directory can mean, none where it is no date.

    LDAP writes a time in UTC (RFC 4517): one in the afternoon may be the next day's midnight here.
    """
    time = _GENERALIZED_TIME.fullmatch(raw.strip())
    day = on_file(time[1] if time else raw, today)
    if day and time and int(time[2]) >= _NOON:
        return frozenset({day, day + timedelta(days=1)})
    return frozenset({day}) if day else frozenset()


def typed(raw: str, today: date) -> date | None:
    """Read what a person typed, which must be a date and nothing more."""
    text = plain(raw)
    return _read(key(text), today) if _TYPED.fullmatch(text) else None


def key(raw: str) -> str:
    """Return the date of a field with single hyphens and no leading zero; empty without one."""
    hyphens = re.sub(r"[^0-9]+", "-", raw)
    found = re.match(KEY, re.sub(r"\b0([0-9])\b", r"\1", hyphens))
    return found[1] if found else ""


def keys(day: date) -> list[str]:
    """Return every key that is read as this day."""
    year, month, number = day.year, day.month, day.day
    return [
        f"{year}-{month}-{number}",
        f"{number}-{month}-{year}",
        f"{number}-{month}-{year % 100}",
        f"{day:%Y%m%d}",
        f"{day:%d%m%Y}",
    ]


def _read(found: str, today: date) -> date | None:
    parts = found.split("-")
    if len(parts) == 1:
        spelled = [form.fullmatch(found) for form in _EIGHT_DIGITS]
        days = [_day(today, **each.groupdict()) for each in spelled if each]
        return next((day for day in days if day), None)
    year_first = len(parts[0]) > len("31")
    year, month, day = parts if year_first else reversed(parts)
    return _day(today, year=year, month=month, day=day)


def _day(today: date, *, year: str, month: str, day: str) -> date | None:
    """Return a day that somebody alive may be born on; two digits mean the latest such year."""
    century = today.year // 100 * 100 if len(year) <= len("99") else 0
    for whole in dict.fromkeys((century + int(year), max(century - 100, 0) + int(year))):
        with suppress(ValueError):
            born = date(whole, int(month), int(day))
            if today.year - _OLDEST <= whole and born <= today:
                return born
    return None
