"""Generates password suggestions of four common words and two digits, with 50 bits of entropy.

The words come from the engine's own lists, 2,048 for each language, no two of them one letter
apart, so that a suggestion can be read out and remembered. Greek words are in Latin letters as on
a passport. The caller gives the source of randomness: the portal passes `secrets.randbelow`.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from domain import personal
from domain.contracts.vocabulary import Language
from domain.elot743 import ascii_fold

WORDS = 4
DIGITS = 100
_LISTS = Path(__file__).with_name("words")
# Fewer than one in a hundred suggestions contains the student's own name.
_TRIES = 20


def suggest(language: Language, draw: Callable[[int], int], context: Sequence[str] = ()) -> str:
    """Return a password without a word of the context; `draw(n)` is a random number below n."""
    suggestion = _drawn(language, draw)
    for _ in range(_TRIES):
        if not personal.contained(suggestion, context):
            break
        suggestion = _drawn(language, draw)
    return suggestion


@cache
def words(language: Language) -> tuple[str, ...]:
    """Return a language's list in lower-case Latin letters, in the order of its file."""
    lines = (_LISTS / f"{language.value}.txt").read_text("utf-8").split()
    return tuple(ascii_fold(line) for line in lines)


def _drawn(language: Language, draw: Callable[[int], int]) -> str:
    known = words(language)
    chosen = [known[draw(len(known))] for _ in range(WORDS)]
    return "-".join([*chosen, f"{draw(DIGITS):02d}"]).capitalize()
