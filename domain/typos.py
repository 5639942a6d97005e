"""Finds the typo by which a typed contact differs from one on file.

Only the kind of typo is returned, never the value on file.
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
    """Return the typo of a typed mobile, in any format, against another E.164 number; None else."""
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
    """Return the typo of a typed address against another one on file; None if there are more."""
    text = plain(typed).lower()
    typo = between(text, on_file)
    if typo is None and "@" in text and text.split("@")[0] == on_file.split("@", maxsplit=1)[0]:
        return Typo.PROVIDER
    return typo


def between(typed: str, right: str) -> Typo | None:
    """Return the single typo between `right` and `typed`; None for more than one, or none."""
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
