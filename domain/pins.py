"""Extracts the six-digit code from text that a student pastes into the PIN field."""

import re

from domain.rules import InputRule, InvalidInput
from domain.text import plain, squash

LENGTH = 6
"""Number of digits of a code; texts of pages and messages state it in words."""
_CODE = re.compile(rf"(?<!\d)\d{{{LENGTH}}}(?!\d)", re.ASCII)


def read(raw: str) -> str:
    """Return the code; a pasted message may have one code only. Raise `InvalidInput` otherwise."""
    compact = squash(raw)
    if _CODE.fullmatch(compact):
        return compact
    codes: set[str] = set(_CODE.findall(plain(raw)))
    if len(codes) != 1:
        raise InvalidInput(InputRule.PIN_FORMAT)
    return codes.pop()
