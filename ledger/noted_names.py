"""Stores names as keyed indexes (HMAC) only, and compares a name with stored ones.

Surnames and first names are stored alike, because a registrar may exchange them.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from domain import names
from security.keys import KeyRing

_NAME, _WORD = "name:", "word of a name:"
_SHORTEST, _MOST_WORDS = 2, 5
"""Initials do not count as words; of longer names only the first words are compared."""


def wholes(noted: Iterable[str]) -> list[str]:
    """Return the indexes of whole names among the stored marks."""
    return [mark for mark in noted if mark.startswith(_NAME)]


def indexes(keys: KeyRing, spellings: Iterable[str]) -> set[str]:
    """Return the indexes by which the words of a name are searched."""
    return {_index(keys, word) for words in _read(spellings) for word in words}


def marks(keys: KeyRing, spellings: Iterable[str]) -> Iterator[str]:
    """Yield the index of each spelling as a whole, and of each word where it has several."""
    for words in _read(spellings):
        yield _whole(keys, words)
        if len(words) > 1:
            yield from (_word(keys, each) for each in words)


def is_noted(keys: KeyRing, spellings: Iterable[str], noted: Collection[str]) -> bool | None:
    """Return whether a name is among the stored ones; None where that is uncertain.

    With a word more or less it may be the same: Μαρία and Μαρία Ελένη. Double names with one word
    in common differ. Older activations stored only beginnings of words.
    """
    read = list(_read(spellings))
    if not read:
        return None
    if not any(mark.startswith(_NAME) for mark in noted):
        return _by_beginnings(keys, read, noted)
    if any(_whole(keys, words) in noted for words in read):
        return True
    shorter = any(_whole(keys, part) in noted for words in read for part in _parts(words))
    longer = any(all(_word(keys, each) in noted for each in words) for words in read)
    return None if shorter or longer else False


def knows_none_but(keys: KeyRing, spellings: Iterable[str], noted: Collection[str]) -> bool:
    """Return whether there are stored whole names, and each is one of these spellings."""
    found = set(wholes(noted))
    return bool(found) and found <= {_whole(keys, words) for words in _read(spellings)}


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
