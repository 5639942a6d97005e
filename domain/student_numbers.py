"""Variants of a student number that other tools write into entries; pure.

A directory search matches full values, so the list is short enough to search for all: another
separator, an additional one or none, look-alike letters, with or without leading zeros.
"""

import re
from collections.abc import Iterator

from domain.match_rules import folded
from domain.memo import remembered
from domain.text import LOOK_ALIKES, plain, without_marks

_SEPARATORS = "-/._ "
_LONGEST_WITH_ZEROS = 12
_LONGEST = 20
_FROM_LATIN = {latin: greek for greek, latin in LOOK_ALIKES.items()}


@remembered(256)
def other_forms(number: str) -> tuple[str, ...]:
    """Return the variants except the number itself; empty for a number that is too long."""
    written = without_marks(plain(number).upper())
    if not 0 < len(re.findall(r"[^\W_]", written)) <= _LONGEST:
        return ()
    alike = (written, written.translate(LOOK_ALIKES), written.translate(_FROM_LATIN))
    forms = dict.fromkeys(form for each in dict.fromkeys(alike) for form in _forms(each))
    return tuple(form for form in forms if folded(form) != folded(number))


def _forms(written: str) -> Iterator[str]:
    """Yield a number with other separators; one without any gets one at each position."""
    apart = re.findall(r"[^\W_]+", written)
    bare = "".join(apart)
    yield from (form for each in dict.fromkeys((written, bare)) for form in _with_zeros(each))
    groups = re.findall(r"[^\W\d_]+|\d+", written)
    for separator in _SEPARATORS:
        yield from (separator.join(apart), separator.join(groups))
        if written == bare:
            yield from (bare[:at] + separator + bare[at:] for at in range(1, len(bare)))


def _with_zeros(number: str) -> Iterator[str]:
    """Yield a number; one that begins with a digit also with fewer and more leading zeros."""
    yield number
    least = number.lstrip("0")
    if number[0].isdigit() and least[:1].isdigit():
        for length in range(len(least), _LONGEST_WITH_ZEROS + 1):
            yield least.rjust(length, "0")
