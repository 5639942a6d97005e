"""Matches surnames by a typed prefix, in Greek or Latin, without regard to accents and case.

Greek is compared with Greek, because the transcription of a syllable depends on what follows it.
"""

from collections.abc import Iterable

from domain.elot743 import ascii_fold
from domain.lookalikes import repaired
from domain.text import has_greek, plain, without_marks

FEWEST_LETTERS = 3


def folded(text: str) -> str:
    """Return lower-case letters without accents or final sigma; Greek stays Greek."""
    return without_marks(repaired(text).casefold())


def prefix(raw: str) -> str | None:
    """Normalise a typed prefix; None if it is too short to search by."""
    typed = " ".join(folded(plain(raw)).split())
    return typed if sum(c.isalpha() for c in typed) >= FEWEST_LETTERS else None


def begins(surnames: Iterable[str], typed: str) -> bool:
    """Tell whether one of a person's surnames begins with a prefix returned by `prefix`."""
    latin = "" if has_greek(typed) else ascii_fold(typed)
    return any(
        folded(each).startswith(typed) or (latin and ascii_fold(each).lower().startswith(latin))
        for each in surnames
    )
