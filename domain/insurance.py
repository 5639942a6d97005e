"""Checks insurance numbers: the Greek AMKA, the European Health Insurance Card, foreign ones.

A broken rule is an error only if no real number can break it, else a warning for staff. Nothing
is derived from a number but the possible birth dates.
"""

import importlib
import re
from contextlib import suppress
from datetime import date
from types import MappingProxyType

from stdnum import luhn
from stdnum.exceptions import ValidationError

from domain.rules import InputRule, InvalidInput
from domain.text import identifier

AMKA = "GR"
EHIC = "EHIC"

_CENTURIES = (1900, 2000)
_ISO_NUMERIC = (
    "040 056 100 191 196 203 208 233 246 250 276 300 348 352 372 380 428 438 440 442 470 528 578 "
    "616 620 642 703 705 724 752 756 826"
)
_EHIC_COUNTRIES = frozenset(_ISO_NUMERIC.split())
_FOREIGN = MappingProxyType(
    {
        "AT": "at.vnr",
        "BE": "be.ssn",
        "BG": "bg.egn",
        "CH": "ch.ssn",
        "CZ": "cz.rc",
        "DK": "dk.cpr",
        "EE": "ee.ik",
        "FI": "fi.hetu",
        "FR": "fr.nir",
        "HR": "hr.oib",
        "IE": "ie.pps",
        "IL": "il.idnr",
        "IS": "is_.kennitala",
        "IT": "it.codicefiscale",
        "LT": "lt.asmens",
        "NL": "nl.bsn",
        "NO": "no.fodselsnummer",
        "PL": "pl.pesel",
        "PT": "pt.cc",
        "RO": "ro.cnp",
        "SE": "se.personnummer",
        "SI": "si.emso",
        "SK": "sk.rc",
        "TR": "tr.tckimlik",
        "US": "us.ssn",
    }
)

# Placeholders in place of a number: one repeated character, a word, or a row of the keyboard.
_PLACEHOLDER = re.compile(r"(.)\1*|\D*")
_KEYBOARD_ROWS = ("1234567890" * 3, "0123456789" * 3, "9876543210" * 3)

Checked = tuple[str, tuple[str, ...]]


def check(scheme: str, raw: str, today: date) -> Checked:
    """Return the number as it is stored, and warnings; raise `InvalidInput` for an error."""
    if scheme == AMKA:
        return amka(raw, today), ()
    return ehic(raw) if scheme == EHIC else foreign(scheme, raw)


def surely(scheme: str, raw: str, today: date) -> str | None:
    """Return the number if a check digit or format rules out all other kinds; else None."""
    try:
        number, doubts = check(scheme, raw, today)
    except InvalidInput:
        return None
    if scheme == AMKA:
        return number
    checkable = scheme == EHIC or scheme in _FOREIGN
    return number if checkable and not doubts and not surely(AMKA, raw, today) else None


def amka(raw: str, today: date) -> str:
    """Check length, check digit, and that the number begins with a date not in the future."""
    number = _number(raw, r"[0-9]{11}", InputRule.AMKA_LENGTH)
    if not luhn.is_valid(number):
        raise InvalidInput(InputRule.AMKA_CHECKSUM)
    if all(born > today for born in _births(number)):
        raise InvalidInput(InputRule.AMKA_DATE)
    return number


def birth_warnings(scheme: str, number: str, birth_date: date | None) -> tuple[str, ...]:
    """Return a warning if an AMKA does not begin with the registrar's birth date."""
    if scheme != AMKA or birth_date is None or birth_date in _births(number):
        return ()
    return ("amka.birth_mismatch",)


def births(scheme: str, number: str) -> list[date]:
    """Return the possible birth dates of an AMKA, in either century; none for other schemes."""
    return _births(number) if scheme == AMKA else []


def ehic(raw: str) -> Checked:
    """Check field 8 of the card; a number in an unusual format only gives a warning."""
    number = _number(raw, r"[A-Z0-9]{10,20}", InputRule.EHIC_FORMAT)
    usual = re.fullmatch(r"80[0-9]{18}", number) and number[2:5] in _EHIC_COUNTRIES
    return number, () if usual else ("ehic.unusual",)


def foreign(country: str, raw: str) -> Checked:
    """Check another country's number; a wrong check digit only gives a warning."""
    number = _number(raw, r"[A-Z0-9]{6,30}", InputRule.FOREIGN_FORMAT)
    module = _FOREIGN.get(country)
    if module is None:
        return number, ()
    try:
        importlib.import_module(f"stdnum.{module}").validate(number)
    except ValidationError:
        return number, ("foreign.checksum",)
    return number, ()


def _number(raw: str, form: str, rule: InputRule) -> str:
    number = identifier(raw)
    if not re.fullmatch(form, number):
        raise InvalidInput(rule)
    if _PLACEHOLDER.fullmatch(number) or any(row.startswith(number) for row in _KEYBOARD_ROWS):
        raise InvalidInput(InputRule.INSURANCE_PLACEHOLDER)
    return number


def _births(number: str) -> list[date]:
    """Return the valid dates of the first six digits (DDMMYY), in either century."""
    found = []
    for century in _CENTURIES:
        with suppress(ValueError):
            year = century + int(number[4:6])
            found.append(date(year, int(number[2:4]), int(number[:2])))
    return found
