"""Finds why a contact on file cannot be parsed, without revealing its value."""

import re
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from domain import contacts
from domain.rules import InputRule, InvalidInput
from domain.text import has_greek, plain


class Fault(StrEnum):
    LANDLINE = "landline"
    COUNTRY_MISSING = "country_missing"
    DIGITS_MISSING = "digits_missing"
    TOO_MANY_DIGITS = "too_many_digits"
    NO_NUMBER = "no_number"
    NO_MOBILE = "no_mobile"
    GREEK_LETTERS = "greek_letters"
    NO_AT = "no_at"
    NO_ADDRESS = "no_address"
    OWN_ADDRESS = "own_address"
    """A valid address at the university, which only the holder of an account can read."""


_BY_RULE = {
    InputRule.MOBILE_LANDLINE: Fault.LANDLINE,
    InputRule.MOBILE_FOREIGN: Fault.COUNTRY_MISSING,
}


def mobile(raw: str, region: str) -> Fault | None:
    """Return the fault of a field without a usable mobile; None if it has one."""
    fault = None
    try:
        contacts.mobile(raw, region)
    except InvalidInput as broken:
        fault = _BY_RULE.get(broken.rule) or _by_length(raw, region)
    return None if contacts.mobiles_on_file(raw, region) else fault


def email(raw: str) -> Fault | None:
    """Return the fault of a field without a usable e-mail; None if it has one."""
    if contacts.emails_on_file(raw):
        return None
    text = plain(raw)
    if "@" not in text:
        return Fault.NO_AT
    return Fault.GREEK_LETTERS if has_greek(text) else Fault.NO_ADDRESS


def digits(raw: str) -> int:
    """Return the number of digits in a field."""
    return len(re.findall(r"\d", plain(raw)))


def _by_length(raw: str, region: str) -> Fault:
    try:
        number = phonenumbers.parse(plain(raw), region)
    except NumberParseException:
        return Fault.NO_MOBILE if digits(raw) else Fault.NO_NUMBER
    if phonenumbers.is_possible_number_with_reason(number) == ValidationResult.TOO_SHORT:
        return Fault.DIGITS_MISSING
    cut = phonenumbers.truncate_too_long_number(number)
    too_long = cut and phonenumbers.number_type(number) == PhoneNumberType.MOBILE
    return Fault.TOO_MANY_DIGITS if too_long else Fault.NO_MOBILE
