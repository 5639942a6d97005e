"""Compares Greek men's names, one of which may be in the genitive, as forms ask for it; pure.

Names are given by their words, transcribed by ELOT 743. No man's name in the nominative has an
ending of the genitive, so false matches occur only between names that differ in the ending alone
(Γιάννης, Γιάννος).
"""

from collections.abc import Collection

_ENDINGS = {
    "os": ("ou",),
    "is": ("i", "ou", "ous", "eous", "eos", "idos"),
    "as": ("a", "ou"),
    "efs": ("eos", "ea"),
    "ous": ("ou",),
    "on": ("onos", "ona", "ontos", "onta"),
}
_SHORTEST_STEM = 2


def is_same_name(one: Collection[str], other: Collection[str]) -> bool:
    """Tell whether two names have the same words, each in the nominative or the genitive."""
    return (
        0 < len(one) == len(other)
        and all(any(_is_same_word(word, each) for each in other) for word in one)
        and all(any(_is_same_word(word, each) for each in one) for word in other)
    )


def _is_same_word(one: str, other: str) -> bool:
    return one == other or _is_genitive(one, other) or _is_genitive(other, one)


def _is_genitive(word: str, name: str) -> bool:
    return any(
        word.startswith(name.removesuffix(ending))
        and len(name) >= len(ending) + _SHORTEST_STEM
        and word.removeprefix(name.removesuffix(ending)) in genitives
        for ending, genitives in _ENDINGS.items()
        if name.endswith(ending)
    )
