"""How what was typed misses what is on file: by one slip of the finger, or by more.

Only the kind of slip is told, never what stands on file.
"""

import re
from enum import StrEnum

import phonenumbers

from domain.text import plain


class Typo(StrEnum):
    ONE_WRONG = "one_wrong"
    SWAPPED = "swapped"
    ONE_MISSING = "one_missing"
    ONE_TOO_MANY = "one_too_many"
    COUNTRY = "country"
    PROVIDER = "provider"


def of_mobile(typed: str, on_file: str) -> Typo | None:
    """Compare the digits of a mobile, however it was typed, with an E.164 number that it is not."""
    number = phonenumbers.parse(on_file)
    right, country = str(number.national_number), str(number.country_code)
    digits = re.sub(r"\D", "", plain(typed))
    for prefix in (f"00{country}", country):
        rest = digits.removeprefix(prefix)
        if digits.startswith(prefix) and len(rest) >= len(right) - 1:
            digits = rest
            break
    return Typo.COUNTRY if digits == right else between(digits, right)


def of_email(typed: str, on_file: str) -> Typo | None:
    """Compare an address, however it was typed, with one that it is not."""
    text = plain(typed).lower()
    slip = between(text, on_file)
    if slip is None and "@" in text and text.split("@")[0] == on_file.split("@", maxsplit=1)[0]:
        return Typo.PROVIDER
    return slip


def between(typed: str, right: str) -> Typo | None:
    """Return the one slip that makes `typed` of `right`; None for more than one, or none."""
    if len(typed) == len(right):
        return _in_place(typed, right)
    if len(typed) == len(right) - 1 and _lacks_one(typed, right):
        return Typo.ONE_MISSING
    if len(typed) == len(right) + 1 and _lacks_one(right, typed):
        return Typo.ONE_TOO_MANY
    return None


def _in_place(typed: str, right: str) -> Typo | None:
    wrong = [at for at, (one, other) in enumerate(zip(typed, right, strict=True)) if one != other]
    if len(wrong) == 1:
        return Typo.ONE_WRONG
    pair = slice(wrong[0], wrong[-1] + 1) if wrong else slice(0)
    neighbours = [*range(pair.start or 0, pair.stop)] == wrong and len(wrong) == len("ab")
    return Typo.SWAPPED if neighbours and typed[pair] == right[pair][::-1] else None


def _lacks_one(shorter: str, longer: str) -> bool:
    return any(shorter == longer[:at] + longer[at + 1 :] for at in range(len(longer)))
