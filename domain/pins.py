"""Reads the six digits out of whatever a student pastes into the PIN field."""

import re

from domain.rules import InputRule, InvalidInput
from domain.text import plain, squash

LENGTH = 6
"""Digits of a code; pages and messages say it in words."""
_CODE = re.compile(rf"(?<!\d)\d{{{LENGTH}}}(?!\d)", re.ASCII)


def read(raw: str) -> str:
    """Return the six digits; a pasted message counts when it holds one code only."""
    compact = squash(raw)
    if _CODE.fullmatch(compact):
        return compact
    codes: set[str] = set(_CODE.findall(plain(raw)))
    if len(codes) != 1:
        raise InvalidInput(InputRule.PIN_FORMAT)
    return codes.pop()
