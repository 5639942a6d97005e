"""Writes SQL that matches how surnames begin, in any alphabet and with look-alike letters; pure.

As in `sql.py`, SQL finds each name that Python could match, and may find more.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from string import ascii_letters, digits, punctuation

from domain import blanks, surnames
from domain.elot743 import ascii_fold
from domain.lookalikes import ALL_TO_GREEK, ALL_TO_LATIN, TO_GREEK, repaired
from domain.text import has_greek


def _of(*codes: int) -> list[str]:
    return [*filter(str.isalpha, map(chr, range(*codes)))]


GREEK = _of(0x386, 0x3CF)
_CYRILLIC = _of(0x400, 0x530)
_MARKED = [*_of(0xC0, 0x180), *"ȘșȚț"]
_NOT_ASCII = _of(0xC0, 0x700)


def by_surname(
    columns: tuple[str, str], sought: tuple[str, str], more: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return conditions: a Greek or Latin surname begins with one of `heads`.

    Where the Latin name may be blank, the other one begins with one of `initials`, or is missing.
    """
    (greek, latin), (begun, first) = columns, sought
    letters, none = _letters(greek), no_latin(latin, more)
    return (
        f"left({letters}, {surnames.FEWEST_LETTERS}) = ANY({begun})",
        f"left(lower({latin}), {surnames.FEWEST_LETTERS}) = ANY({begun})",
        f"{none} AND left({letters}, 1) = ANY({first})",
        f"{none} AND left({letters}, 1) IS NULL",
    )


def heads(prefix: str) -> list[str]:
    """Return the first letters, as SQL has them, of surnames in either column with this prefix."""
    latin = ascii_fold(prefix).lower()
    found: set[str] = set()
    for text, written in ((prefix, _alike()), (latin, _alike()), (latin, _with_marks())):
        choices = [{c, *written.get(c, ())} for c in text[: surnames.FEWEST_LETTERS]]
        found |= {"".join(letters) for letters in product(*choices)}
    return sorted(found)


def initials(prefix: str) -> list[str]:
    """Return the first letters of names with this Latin form, and of values that mean no name."""
    nothing = {"", *punctuation, *digits}
    latin = "" if has_greek(prefix) else ascii_fold(prefix)[:1].lower()
    return sorted(nothing | _of_latin().get(latin, set()))


def no_latin(column: str, more: Iterable[str] = ()) -> str:
    """Return the condition that a Latin name may be blank, as in `domain.blanks` and `more`."""
    known = {word for word in blanks.WORDS.union(more) if word.isascii() and word.islower()}
    words = "|".join(sorted(word.replace(" ", "[^a-z0-9]+") for word in known))
    letters = r"[^a-z]*([a-z])([^a-z]*\1)+[^a-z]*$|^[^a-z]*[a-z]([^a-z]+[a-z])*[^a-z]*$"
    some = rf"^[^a-wyz]*$|[^ -~]|\m(?:no|{words})\M|^{letters}"
    return f"({column} IS NULL OR lower({column}) ~ '{some}')"


def _letters(column: str) -> str:
    """Return SQL that does what `_letter` does to each letter, in any locale of the database."""
    changed = {c: bare for c, bare in _translated().items() if bare != c}
    return f"lower(translate({column}, '{''.join(changed)}', '{''.join(changed.values())}'))"


@cache
def _translated() -> dict[str, str]:
    return {c: _letter(c) for c in (*GREEK, *map(chr, TO_GREEK), "µ", "∆")}


def _letter(char: str) -> str:
    """Return the letter used for searches: a Latin one that looks Greek counts as Greek."""
    return surnames.folded(repaired(char).translate(TO_GREEK))


def _in_sql(char: str) -> set[str]:
    """Return the results of `_letters` for a letter; locales differ in lower-casing."""
    known = _translated().get(char)
    return {known} if known else {char, char.lower()}


@cache
def _alike() -> Mapping[str, set[str]]:
    """Return the SQL forms of each compared letter, and of all letters that look like it."""
    found: dict[str, set[str]] = defaultdict(set)
    for char in (*ascii_letters, *GREEK, *_CYRILLIC):
        for read in _readings(char):
            found[surnames.folded(read)] |= _in_sql(char)
    return found


@cache
def _with_marks() -> Mapping[str, set[str]]:
    """Return the accented Latin letters by their base letter, which is compared."""
    found: dict[str, set[str]] = defaultdict(set)
    for char in _MARKED:
        found[ascii_fold(char).lower()].add(char.lower())
    return found


@cache
def _of_latin() -> Mapping[str, set[str]]:
    """Return the letters of all alphabets by the first letter of their Latin form."""
    found: dict[str, set[str]] = defaultdict(set)
    found["b"] = {_letter("μ")}  # Before a pi.
    for char in (*ascii_letters, *_NOT_ASCII):
        for read in _readings(char):
            found[ascii_fold(read)[:1].lower()] |= _in_sql(char)
    return found


def _readings(char: str) -> tuple[str, ...]:
    """Return the letters that this one may count as, depending on its word."""
    return char, char.translate(ALL_TO_GREEK), char.translate(ALL_TO_LATIN)
