"""Reads the columns of one row of the registrar's view; pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

from domain import blanks, countries, dates, insurance
from domain.memo import OF_A_REGISTRAR, remembered
from domain.rules import InvalidInput

Row: TypeAlias = Mapping[str, str | None]

LIVE = ("active", "interim")
KEY = ("systemid", "registrationid")
_NONE: frozenset[str] = frozenset()
_FATHERS = ("fatherfirstnameel", "fatherfirstnameen")


def enrolment(row: Row) -> str:
    return f"{as_it_stands(row, 'systemid')}/{as_it_stands(row, 'registrationid')}"


def insurance_of(row: Row) -> tuple[str, str] | None:
    """Return scheme and number when the row holds a number that can be one."""
    scheme = _scheme(text(row, "ssncountry"))
    if scheme is None:
        return None
    return _insurance_number(scheme, text(row, "ssn"), datetime.now(UTC).date())


@remembered(OF_A_REGISTRAR)
def _insurance_number(scheme: str, raw: str, today: date) -> tuple[str, str] | None:
    """Return scheme and number as it is stored; None where it breaks a rule of the scheme."""
    try:
        return scheme, insurance.check(scheme, raw, today)[0]
    except InvalidInput:
        return None


def _scheme(country: str) -> str | None:
    """Return what a number is checked by; that of a country which nobody knows is no number."""
    kept = country.upper()
    if kept in {insurance.EHIC, countries.KOSOVO}:
        return kept
    return countries.code(country) if country else insurance.AMKA


def birth_date(row: Row) -> date | None:
    return dates.on_file(row.get("birthdate") or "", datetime.now(UTC).date())


def told(row: Row, blank_words: frozenset[str]) -> Row:
    """Return the row without what a university's own words tell to be nothing; keys stay."""
    if not blank_words:
        return row
    return {
        column: raw if column in KEY or blanks.value(raw, blank_words) else None
        for column, raw in row.items()
    }


def text(row: Row, column: str) -> str:
    """Return a column's value in single spaces; empty when `domain.blanks` takes it for none."""
    more = blanks.OF_FATHERS if column in _FATHERS else _NONE
    return blanks.value(row.get(column), more)


def as_it_stands(row: Row, column: str) -> str:
    """Return the value of a column that is or orders a key, which must never change."""
    return " ".join((row.get(column) or "").split())


def is_live(row: Row) -> bool:
    return text(row, "enrollmentstatus").lower() in LIVE


def names(row: Row) -> tuple[str, str]:
    """Return the surname in both alphabets, as far as it stands there."""
    return text(row, "lastnameel"), text(row, "lastnameen")


def first_names(row: Row) -> tuple[str, str]:
    """Return the first name in both alphabets, as far as it stands there."""
    return text(row, "firstnameel"), text(row, "firstnameen")
