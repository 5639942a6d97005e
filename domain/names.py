"""Names as they are looked for: Greek or Latin, by how their words begin, without marks."""

import re
import unicodedata
from collections.abc import Iterator

from domain.lookalikes import repaired
from domain.text import plain

FEWEST, MOST = 3, 8
"""How many letters of a word are looked at; what begins alike for longer is told apart by eye."""


def words(text: str) -> list[str]:
    """Return the words of a name in capitals without accents, diaeresis or final sigma."""
    apart = unicodedata.normalize("NFD", repaired(plain(text)).upper())
    letters = "".join(char for char in apart if not unicodedata.combining(char))
    return re.findall(r"[^\W\d_]+", letters)


def beginnings(text: str) -> Iterator[str]:
    """Yield every beginning that each word of a name can be found by."""
    for word in words(text):
        for length in range(FEWEST, min(len(word), MOST) + 1):
            yield word[:length]


def sought(text: str) -> list[str]:
    """Return the beginnings that all must fit; none when a word is too short, or is no word."""
    given = words(text)
    if any(len(word) < FEWEST for word in given) or re.search(r"[\d@_+]", plain(text)):
        return []
    return [word[:MOST] for word in given]
