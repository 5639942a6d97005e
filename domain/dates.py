"""Parses birth dates as people and secretariats write them; pure.

Day first or year first, with or without separators, with two or four digits of the year, the month
as a number or by its name in Greek or English. Eight digits are never ambiguous, because a year
from 1900 on begins with no day and no month. Other letters between the parts make the text invalid.
SQL computes the same `key` of dates on file, so that a search finds each form that is read here.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import chain, starmap
from string import ascii_lowercase, ascii_uppercase

from domain.memo import OF_A_REGISTRAR, remembered
from domain.text import LONGEST_LINE, plain

_LETTERS = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψωςΆΈΉΊΌΎΏΪΫάέήίόύώϊϋΐΰ"
_READ_AS = "abgdeziqiklmnxoprstufhywabgdeziqiklmnxoprstufhywsaeiiouwiuaeiiouwiuiu"
FOLDED = (ascii_uppercase + _LETTERS, ascii_lowercase + _READ_AS)
"""Letters, and the lower-case Latin letter for each; PostgreSQL translates them the same way."""
_TO_LATIN = str.maketrans(*FOLDED)
_SIGNS = r"[\u0001-/;-`{-\u00a0\u00ad\u00b7\u2000-\u206f\u2212\u3000\ufeff]+"
_MONTH = "[a-z]{3}[nl]?"
REDUCED = (
    (_SIGNS, "-"),
    ("(?<![0-9])0([0-9])(?![0-9])", r"\1"),
    (f"-?({_MONTH})[a-z]*-?", r"-\1-"),
)
"""Replacements in order: separators, leading zeros, all but the first letters of words."""
_SHORT_YEAR = r"[0-9]{1,2}(?![0-9a-z])(?!.*[^0-9][0-9]{4}(?![0-9]))"
KEY = (
    "^[-a-z]*(?<![0-9])("
    f"(?<![a-z])(?<![a-z]-)(?:[0-9]{{4}}(?:[-:][0-9]{{1,2}}[-:]|-{_MONTH}-)[0-9]{{1,2}}"
    f"|[0-9]{{1,2}}-(?:[0-9]{{1,2}}|{_MONTH})-{_SHORT_YEAR})"
    f"|[0-9]{{1,2}}(?:[-:][0-9]{{1,2}}[-:]|-{_MONTH}-)[0-9]{{4}}"
    f"|(?<![a-z]){_MONTH}-[0-9]{{1,2}}-[0-9]{{4}}|[0-9]{{8}})(?![0-9])"
)
"""Matches the date in a reduced field; after words only with a year of four digits."""
_COMPILED = [(re.compile(pattern), by) for pattern, by in REDUCED]
_KEY = re.compile(KEY)
_MONTHS = (
    *("jan ian gen", "feb fev fle", "mar", "apr", "may mai", "jun ioun iun"),
    *("jul ioul iul", "aug avg", "sep", "oct okt oht", "nov noe", "dec dek"),
)
_A_YEAR = "19[5-9][0-9]|20[01][0-9]"
_DAYS_OF = (
    ("[1-9]|1[0-9]|2[0-8]", range(1, 13)),
    ("29|30", (1, *range(3, 13))),
    ("31", (1, 3, 5, 7, 8, 10, 12)),
)
"""Days, and the numbers of the months that have them in each year."""


def _sure(days: str, numbers: Iterable[int]) -> Iterator[str]:
    """Yield patterns of keys with one of these days in one of these months."""
    names = "|".join(name for number in numbers for name in _MONTHS[number - 1].split())
    month = "|".join([*map(str, numbers), names])
    yield f"(?:{days})-(?:{month})-(?:{_A_YEAR}|[0-9]{{1,2}})"
    yield f"(?:{_A_YEAR})-(?:{month})-(?:{days})"
    yield f"(?:{names})-(?:{days})-(?:{_A_YEAR})"
    day, month = days.replace("[1", "0[1", 1), "|".join(f"{number:02}" for number in numbers)
    yield f"(?:{day})(?:{month})(?:{_A_YEAR})"
    yield f"(?:{_A_YEAR})(?:{month})(?:{day})"


SURE = "^(?:{})$".format("|".join(chain.from_iterable(starmap(_sure, _DAYS_OF))))
"""Matches keys that are valid dates whatever today is: nearly all but those of a 29 February."""
_NUMBERS = {name: at for at, names in enumerate(_MONTHS, 1) for name in names.split()}
_EIGHT_DIGITS = (
    re.compile(r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"),
)
_GENERALIZED_TIME = re.compile(
    r"([0-9]{8})([0-9]{2})(?:[0-9]{2}){0,2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}(?:[0-9]{2})?)",
    re.IGNORECASE,
)
_ZONED = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]+(\d\d:\d\d)(?::00(?:[.,]0+)?)? ?(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d)?)"
    r"(?:\[[\w/+-]+\])?",
    re.IGNORECASE | re.ASCII,
)
_HOURS_AHEAD = (2, 3)
"""UTC offset of Greece and Cyprus; programs store a day as local midnight converted to UTC."""
_NOON = 12
_OLDEST = 110
"""Maximum age in years; also excludes 1900, which programs write for an unknown date."""


@remembered(OF_A_REGISTRAR)
def on_file(raw: str, today: date) -> date | None:
    """Parse the registrar's field, in which a time may follow the date; None without a date."""
    return _read(_at_midnight(raw) or key(raw), today)


def in_entry(raw: str, today: date) -> frozenset[date]:
    """Return the days that a value of the directory can mean; empty if it is no date.

    LDAP times are in UTC (RFC 4517), so one in the afternoon may be the next midnight local time.
    """
    time = _GENERALIZED_TIME.fullmatch(raw.strip())
    day = on_file(time[1] if time else raw, today)
    if day and time and int(time[2]) >= _NOON:
        return frozenset({day, day + timedelta(days=1)})
    return frozenset({day}) if day else frozenset()


def typed(raw: str, today: date) -> date | None:
    """Parse typed text that must be a date and nothing else; None otherwise."""
    found = re.fullmatch(f"{KEY}-?", _reduced(plain(raw)))
    return _read(_hyphened(found), today)


def key(raw: str) -> str:
    """Return the date in a field with single hyphens and no leading zeros; "" without a date."""
    return _hyphened(_KEY.match(_reduced(raw)))


def keys(day: date) -> list[str]:
    """Return every key that is parsed as this day, for a search by SQL."""
    year, month, number = day.year, day.month, day.day
    before = day - timedelta(days=1)
    return [
        f"{year}-{month}-{number}",
        f"{number}-{month}-{year}",
        f"{number}-{month}-{year % 100}",
        f"{day:%Y%m%d}",
        f"{day:%d%m%Y}",
        *(
            written
            for name in _MONTHS[month - 1].split()
            for written in (
                f"{number}-{name}-{year}",
                f"{number}-{name}-{year % 100}",
                f"{name}-{number}-{year}",
                f"{year}-{name}-{number}",
            )
        ),
        f"{before.year}-{before.month}-{before.day}",
    ]


def swapped(day: date) -> date | None:
    """Return the date with day and month exchanged; None if that is invalid or the same."""
    if day.day > len(_MONTHS) or day.day == day.month:
        return None
    return day.replace(month=day.day, day=day.month)


def _reduced(raw: str) -> str:
    text = raw[:LONGEST_LINE].translate(_TO_LATIN)
    for pattern, by in _COMPILED:
        text = pattern.sub(by, text)
    return text


def _hyphened(found: re.Match[str] | None) -> str:
    return found[1].replace(":", "-") if found else ""


def _at_midnight(raw: str) -> str | None:
    """Return the day of a zoned time that is midnight local time; None for other times."""
    found = _ZONED.fullmatch(raw.strip())
    if not found:
        return None
    day, time, utc, hours, minutes = found.groups()
    with suppress(ValueError, OverflowError):
        offset = "+00:00" if utc else f"{hours}:{minutes or '00'}"
        at = datetime.fromisoformat(f"{day}T{time}{offset}").astimezone(UTC)
        here = (at + timedelta(hours=ahead) for ahead in _HOURS_AHEAD)
        return next((f"{each:%Y%m%d}" for each in here if not each.hour + each.minute), None)
    return None


def _read(found: str, today: date) -> date | None:
    parts = found.split("-")
    if len(parts) == 1:
        spelled = [form.fullmatch(found) for form in _EIGHT_DIGITS]
        days = [_day(today, **each.groupdict()) for each in spelled if each]
        return next((day for day in days if day), None)
    if parts[0].isalpha():
        parts[:2] = reversed(parts[:2])
    year_first = len(parts[0]) > len("31")
    year, month, day = parts if year_first else reversed(parts)
    return _day(today, year=year, month=month, day=day)


def _day(today: date, *, year: str, month: str, day: str) -> date | None:
    """Return a plausible birth date; a two-digit year means the latest such year. Else None."""
    if month.isalpha() and month not in _NUMBERS:
        return None
    number = _NUMBERS.get(month) or int(month)
    century = today.year // 100 * 100 if len(year) <= len("99") else 0
    for full_year in dict.fromkeys((century + int(year), max(century - 100, 0) + int(year))):
        with suppress(ValueError):
            born = date(full_year, number, int(day))
            if today.year - _OLDEST <= full_year and born <= today:
                return born
    return None
