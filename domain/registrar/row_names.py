"""Reads and compares the names in the registrar's rows; pure.

Names are transcribed from both alphabets. An abbreviated father's name counts as unknown.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

from domain import genitive, typos
from domain.elot743 import ascii_fold
from domain.names import is_spelled_like
from domain.registrar import given_names
from domain.registrar.rows import Row, text

_WOMENS_ENDINGS = ("a", "i", "o")
_FEWEST_LETTERS = 5
"""Minimum length of names that a typo is looked for in; shorter names differ by one letter."""
_ARTICLES = frozenset({"tou", "toy"})
# A single letter, a word with a final dot, or one with a slash in it: Γ., ΓΕΩΡΓ., ΚΩΝ/ΝΟΣ.
_ABBREVIATED = re.compile(r"(?<![\w'’])[^\W\d_](?![\w'’])|\w\.(?!\w)|\w/\w")


class Name(NamedTuple):
    """One name from the columns of both alphabets, transcribed."""

    greek: str
    latin: str
    greek_words: frozenset[str] = frozenset()
    latin_words: frozenset[str] = frozenset()

    @property
    def spellings(self) -> set[str]:
        return {self.greek, self.latin} - {""}

    def agrees(self, other: "Name") -> bool:
        """Tell whether names are equal, in Greek if both have it: Latin may be another row's."""
        if self.greek and other.greek:
            return self.greek == other.greek
        return not self.spellings.isdisjoint(other.spellings)

    def is_unknown_or_spelled_like(self, other: "Name") -> bool:
        """Tell whether one is unknown, or they are similar, as in another case or spelling.

        Similarity is tested in both directions, because its measure depends on the order.
        """
        if not (self.spellings and other.spellings):
            return True
        return any(is_spelled_like(each, other.spellings) for each in self.spellings) or any(
            is_spelled_like(each, self.spellings) for each in other.spellings
        )

    def contradicts(self, other: "Name") -> bool:
        """Tell whether both are known and neither is the other, abbreviated or with more names."""
        if not (self.spellings and other.spellings) or self.agrees(other):
            return False
        return not any(_is_part(one, two, _is_word) for one, two in self._compared_with(other))

    def may_be_declined(self, other: "Name") -> bool:
        """Tell whether they agree, or one of them is the other in the genitive."""
        return self.agrees(other) or any(
            genitive.is_same_name(one, two) for one, two in self._compared_with(other)
        )

    def is_surely(self, other: "Name") -> bool:
        """Tell whether they are one name: a common form, abbreviated, or with additional words.

        Similar spelling does not count: Γεώργιος and Γρηγόριος are different names.
        """
        return any(
            min(one, two, key=len) and _is_part(one, two, given_names.is_same)
            for one, two in self._compared_with(other)
        )

    def may_be_one_father(self, other: "Name") -> bool:
        """Tell whether they may be one father's: one name, in the genitive or in another form."""
        return self.may_be_declined(other) or self.is_surely(other)

    def is_typo_of(self, other: "Name") -> bool:
        """Tell whether they differ by one typo; two common names never."""
        every = [*product(self.spellings, other.spellings)]
        return not any(given_names.are_two(*each) for each in every) and any(
            typos.between(*each) for each in every if len(min(each, key=len)) >= _FEWEST_LETTERS
        )

    def is_form_of(self, other: "Name") -> bool:
        """Tell whether one is a common form of the other, as Γιάννης is of Ιωάννης."""
        every = product(self.spellings, other.spellings)
        return any(given_names.is_same(*each) for each in every)

    def resembles(self, other: "Name") -> bool:
        """Tell whether both are known and may be spellings of one name; two common names never."""
        every = [*product(self.spellings, other.spellings)]
        if not every or self.is_surely(other):
            return bool(every)
        are_two = any(given_names.are_two(*each) for each in every)
        return not are_two and self.is_unknown_or_spelled_like(other)

    @property
    def is_a_womans(self) -> bool:
        """Tell whether it is a woman's common name, or has an ending that no Greek man's has."""
        return any(each.endswith(_WOMENS_ENDINGS) for each in self.spellings) or any(
            map(given_names.is_a_womans, self.greek_words | self.latin_words)
        )

    def _compared_with(self, other: "Name") -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Yield the pairs of word sets to compare, only the Greek ones if both have Greek."""
        if self.greek and other.greek:
            yield self.greek_words, other.greek_words
            return
        every = product(
            (self.greek_words, self.latin_words), (other.greek_words, other.latin_words)
        )
        yield from ((one, two) for one, two in every if one and two)


def _is_part(
    one: frozenset[str], other: frozenset[str], is_word: Callable[[str, str], bool]
) -> bool:
    """Tell whether all words of one name are among those of the other."""
    fewer, more = sorted((one, other), key=len)
    return all(any(is_word(word, each) for each in more) for word in fewer)


def _is_word(one: str, other: str) -> bool:
    """Tell whether words are equal up to an abbreviation; Γ. fits every word with Γ first."""
    if "." in one + other:
        return one.startswith(other.rstrip(".")) or other.startswith(one.rstrip("."))
    return one == other


def _words(name: str) -> frozenset[str]:
    """Return a name's words transcribed; an abbreviated one ends with a dot."""
    found = set()
    for word in re.findall(r"[^\s-]+", unicodedata.normalize("NFC", name)):
        cut = bool(_ABBREVIATED.search(word))
        found.add(transcribed(word.partition("/")[0]) + "." * cut)
    return frozenset(found - {"", "."})


def name_of(row: Row, name: str) -> Name:
    return _read(text(row, f"{name}el"), text(row, f"{name}en"))


def spellings(row: Row) -> set[tuple[str, str]]:
    """Return surname and first name transcribed, in every spelling."""
    return {*product(name_of(row, "lastname").spellings, name_of(row, "firstname").spellings)}


def fathers_as_written(row: Row) -> list[str]:
    columns = ("fatherfirstnameel", "fatherfirstnameen")
    return [_without_article(unicodedata.normalize("NFC", text(row, each))) for each in columns]


def _without_article(name: str) -> str:
    """Return a father's name without a leading article, as in του Πέτρου."""
    first, _, rest = name.partition(" ")
    return rest if rest and transcribed(first) in _ARTICLES else name


def father_of(row: Row) -> Name:
    return _read(*("" if _ABBREVIATED.search(each) else each for each in fathers_as_written(row)))


def father_or_abbreviation_of(row: Row) -> Name:
    """Return the father's name, also if it is abbreviated."""
    return _read(*fathers_as_written(row))


def _read(greek: str, latin: str) -> Name:
    return Name(transcribed(greek), transcribed(latin), _words(greek), _words(latin))


def is_father(row: Row, said: str) -> bool:
    """Tell whether `said` is the father's name, in the nominative or the genitive.

    A name that is abbreviated on file counts as unknown.
    """
    father, said = father_of(row), _without_article(said)
    return transcribed(said) in father.spellings or any(
        genitive.is_same_name(_words(said), each)
        for each in (father.greek_words, father.latin_words)
    )


def transcribed(name: str) -> str:
    """Return the letters and digits of a name, transcribed; "" if it has no letter."""
    folded = re.sub(r"[^a-z0-9]", "", ascii_fold(name).lower())
    return folded if re.search("[a-z]", folded) else ""
