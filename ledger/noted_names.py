"""Names as the ledger notes them, by keyed indexes alone, and how a name is compared with these.

A surname and a first name are noted alike, for a registrar may exchange them.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from domain import names
from security.keys import KeyRing

_NAME, _WORD = "name:", "word of a name:"
_SHORTEST, _MOST_WORDS = 2, 5
"""Initials are no words; names with more words are compared by the first ones."""


def indexes(keys: KeyRing, spellings: Iterable[str]) -> set[str]:
    """Return the indexes by which the words of a name are looked for."""
    return {_index(keys, word) for words in _read(spellings) for word in words}


def marks(keys: KeyRing, spellings: Iterable[str]) -> Iterator[str]:
    """Yield each spelling as a whole, and the words of those that have several."""
    for words in _read(spellings):
        yield _whole(keys, words)
        if len(words) > 1:
            yield from (_word(keys, each) for each in words)


def is_noted(keys: KeyRing, spellings: Iterable[str], noted: Collection[str]) -> bool | None:
    """Whether a name is among those that were noted; None where that cannot be told.

    With a word more or less it may be the same: Μαρία and Μαρία Ελένη. Double names with one word
    in common differ. Activations of before noted beginnings of words alone.
    """
    read = list(_read(spellings))
    if not read:
        return None
    if not any(mark.startswith(_NAME) for mark in noted):
        return _by_beginnings(keys, read, noted)
    if any(_whole(keys, words) in noted for words in read):
        return True
    parts = (part for words in read for part in _parts(words))
    if any(_whole(keys, part) in noted for part in parts):
        return None
    return (
        None if any(all(_word(keys, each) in noted for each in words) for words in read) else False
    )


def knows_none_but(keys: KeyRing, spellings: Iterable[str], noted: Collection[str]) -> bool:
    """Whether names were noted as wholes, and each of them is one of these spellings."""
    wholes = {mark for mark in noted if mark.startswith(_NAME)}
    return bool(wholes) and wholes <= {_whole(keys, words) for words in _read(spellings)}


def _by_beginnings(
    keys: KeyRing, read: Collection[tuple[str, ...]], noted: Collection[str]
) -> bool | None:
    found = [[_index(keys, word) in noted for word in words] for words in read]
    if any(map(all, found)):
        return True
    return None if any(map(any, found)) else False


def _read(spellings: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for each in dict.fromkeys(spellings):
        words = {word for word in names.words(each) if len(word) >= _SHORTEST}
        if words:
            yield tuple(sorted(words)[:_MOST_WORDS])


def _parts(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for number in range(1, len(words)):
        yield from combinations(words, number)


def _whole(keys: KeyRing, words: tuple[str, ...]) -> str:
    return _NAME + keys.index("name", " ".join(words))


def _word(keys: KeyRing, word: str) -> str:
    return _WORD + keys.index("name", word)


def _index(keys: KeyRing, word: str) -> str:
    return keys.index("name", word[: names.MOST])
