"""Reads the six digits out of whatever a student pastes into the PIN field."""

import re

from domain.rules import InputRule, InvalidInput
from domain.text import plain, squash

_SIX = re.compile(r"(?<!\d)\d{6}(?!\d)", re.ASCII)


def read(raw: str) -> str:
    """Return the six digits; a pasted message counts when it holds one code only."""
    compact = squash(raw)
    if _SIX.fullmatch(compact):
        return compact
    codes: set[str] = set(_SIX.findall(plain(raw)))
    if len(codes) != 1:
        raise InvalidInput(InputRule.PIN_FORMAT)
    return codes.pop()
