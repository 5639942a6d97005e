"""Reads words of closed vocabularies from rows that less trusted processes may write.

One that took over such a process writes what it likes. Whoever reads lists reads its rows too, and
must not stop at one of them.
"""

from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)


def word(kind: type[Word], stored: str | None) -> Word | None:
    """Return a stored word; None for none, and for one that this vocabulary does not have."""
    return next((each for each in kind if each == stored), None)
