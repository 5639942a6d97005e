"""Reasons why an entry of the directory is a person's, or is in the way: a closed list; pure.

A reason is stored as text in histories, tables and spreadsheets, and translated where people read
it. It names rules, attributes and columns, without personal data.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Templates of the stored texts; several names in one placeholder are separated by commas."""

    SEVERAL_ENTRIES = "several entries: {names}"
    ANOTHERS = "another person's: {names}"
    NOT_CERTAIN = "not certain: {names}"
    OF_ALIKE = "of a row that may be the same person's: {names}"
    SEVERAL_PERSONS = "several persons: {names}"
    CONTRADICTED = "{names} contradicted by {attribute}"
    OF_ANOTHER_FORM = "{names} of another form"
    OF_STUDENT_IDENTIFIER = "{names} of a European Student Identifier"
    NUMBER_USED_AGAIN = "{names} of a number used again"
    OF_SHARED_LOGIN = "{names} of a loginname that several persons have"
    WITHOUT_UID = "{names}, without uid"
    UNDER_ANOTHER_NAME = "{names}, under another name"
    NAME_OF_ANOTHER = "{names}, and another entry has the name"
    RESERVED_FOR_ANOTHER = "{names}, and the ledger has the username for another person"
    UNADOPTABLE = "{names}, not to be adopted"
    NOT_ADOPTED = "not to be adopted"
    LOGIN_RESERVED = "loginname: reserved"
    LOGIN_MALFORMED = "loginname: not a name that can be written"
    LOGIN_IN_USE = "loginname: in use"
    LOGIN_SHARED = "loginname: of several persons"
    NO_NAME_LEFT = "no username is left: each that can be made is somebody else's"
    LOGIN_REFUSED = "loginname: refused by the directory (LDAP {code})"
    UNIQUE_ELSEWHERE = "a unique value of the entry stands elsewhere (LDAP {code})"
    NUMBER_OF_ANOTHER = "insurance number: another person's"
    NUMBER_WITH_ACCOUNT = "insurance number: an account has it, of other names or birth date"

    def of(self, names: str = "", *, attribute: str = "", code: int = 0) -> str:
        return self.format(names=names, attribute=attribute, code=code)


_NAME: Final = r"[A-Za-z][\w;+-]*"
_PLACES: Final = {"names": ".+", "attribute": "[^,]+", "code": r"\d+"}
_OF_ONE: Final = frozenset(
    (
        Reason.CONTRADICTED,
        Reason.OF_ANOTHER_FORM,
        Reason.OF_STUDENT_IDENTIFIER,
        Reason.NUMBER_USED_AGAIN,
        Reason.OF_SHARED_LOGIN,
    )
)
"""Reasons about one rule or attribute, which may occur in a list."""


def _pattern(reason: Reason) -> re.Pattern[str]:
    text = re.escape(reason)
    for place, held in _PLACES.items():
        one = _NAME if place == "names" and reason in _OF_ONE else held
        text = text.replace(re.escape(f"{{{place}}}"), f"(?P<{place}>{one})")
    return re.compile(text)


_PATTERNS: Final = {reason: _pattern(reason) for reason in Reason}


def worded(kept: str, words: Callable[[Reason], str]) -> str:
    """Return a stored text translated by `words`; a text that is no reason is returned unchanged.

    `words` returns the translated template of a reason with the same placeholders.
    """
    for reason, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(kept):
            named = {place: worded(held, words) for place, held in found.groupdict().items()}
            return words(reason).format_map(named)
    first, comma, rest = kept.partition(", ")
    return f"{worded(first, words)}, {worded(rest, words)}" if comma else kept
