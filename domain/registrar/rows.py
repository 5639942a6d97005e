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
    return f"{as_written(row, 'systemid')}/{as_written(row, 'registrationid')}"


def insurance_of(row: Row) -> tuple[str, str] | None:
    """Return scheme and number, or None if the row has no valid insurance number."""
    scheme = _scheme(text(row, "ssncountry"))
    if scheme is None:
        return None
    return _insurance_number(scheme, text(row, "ssn"), datetime.now(UTC).date())


@remembered(OF_A_REGISTRAR)
def _insurance_number(scheme: str, raw: str, today: date) -> tuple[str, str] | None:
    """Return scheme and number as it is stored; None if it breaks a rule of the scheme."""
    try:
        return scheme, insurance.check(scheme, raw, today)[0]
    except InvalidInput:
        return None


def _scheme(country: str) -> str | None:
    """Return the scheme of a number by its country, AMKA by default; None if it is unknown."""
    kept = country.upper()
    if kept in {insurance.EHIC, countries.KOSOVO}:
        return kept
    return countries.code(country) if country else insurance.AMKA


def birth_date(row: Row) -> date | None:
    return dates.on_file(row.get("birthdate") or "", datetime.now(UTC).date())


def without_blank_words(row: Row, blank_words: frozenset[str]) -> Row:
    """Return the row without values that are `blank_words` of the university; keep its keys."""
    if not blank_words:
        return row
    return {
        column: raw if column in KEY or blanks.value(raw, blank_words) else None
        for column, raw in row.items()
    }


def text(row: Row, column: str) -> str:
    """Return a column's value in single spaces; "" if it is empty by `domain.blanks`."""
    more = blanks.OF_FATHERS if column in _FATHERS else _NONE
    return blanks.value(row.get(column), more)


def as_written(row: Row, column: str) -> str:
    """Return the raw value in single spaces, for columns of keys, which must never change."""
    return " ".join((row.get(column) or "").split())


def is_live(row: Row) -> bool:
    return text(row, "enrollmentstatus").lower() in LIVE


def names(row: Row) -> tuple[str, str]:
    """Return the surname in Greek and in Latin, each "" if missing."""
    return text(row, "lastnameel"), text(row, "lastnameen")


def first_names(row: Row) -> tuple[str, str]:
    """Return the first name in Greek and in Latin, each "" if missing."""
    return text(row, "firstnameel"), text(row, "firstnameen")
