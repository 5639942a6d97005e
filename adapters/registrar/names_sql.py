"""How a surname begins, in SQL: in any alphabet, and in letters that look like another's; pure.

As in `sql.py`, SQL finds each name that Python could read so, and may find more.
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
    """Write how a surname in Greek or in Latin letters begins with one of `heads`.

    Where the Latin one may be none, the other begins with one of `initials`, or is missing too.
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
    """Return how a surname in the column of Greek names, or of Latin ones, begins in SQL."""
    latin = ascii_fold(prefix).lower()
    spellings = ((prefix, _alike()), (latin, _alike()), (latin, _with_marks()))
    return sorted(
        {
            "".join(letters)
            for text, written in spellings
            for letters in product(
                *({c, *written.get(c, ())} for c in text[: surnames.FEWEST_LETTERS])
            )
        }
    )


def initials(prefix: str) -> list[str]:
    """Return with what a name in Greek letters or others begins in SQL whose Latin form is typed.

    That may also be what stands for no name.
    """
    nothing = {"", *punctuation, *digits}
    latin = "" if has_greek(prefix) else ascii_fold(prefix)[:1].lower()
    return sorted(nothing | _of_latin().get(latin, set()))


def no_latin(column: str, more: Iterable[str] = ()) -> str:
    """Write that a Latin name may be none, as `domain.blanks` sees it with more words."""
    known = {word for word in blanks.WORDS.union(more) if word.isascii() and word.islower()}
    words = "|".join(sorted(word.replace(" ", "[^a-z0-9]+") for word in known))
    letters = r"[^a-z]*([a-z])([^a-z]*\1)+[^a-z]*$|^[^a-z]*[a-z]([^a-z]+[a-z])*[^a-z]*$"
    some = rf"^[^a-wyz]*$|[^ -~]|\m(?:no|{words})\M|^{letters}"
    return f"({column} IS NULL OR lower({column}) ~ '{some}')"


def _letters(column: str) -> str:
    """Write in SQL what `_letter` does to each letter, whatever the database's locale."""
    changed = {c: bare for c, bare in _translated().items() if bare != c}
    return f"lower(translate({column}, '{''.join(changed)}', '{''.join(changed.values())}'))"


@cache
def _translated() -> dict[str, str]:
    return {c: _letter(c) for c in (*GREEK, *map(chr, TO_GREEK), "µ", "∆")}


def _letter(char: str) -> str:
    """Return a letter that is searched by: a Latin one that looks Greek counts as Greek."""
    return surnames.folded(repaired(char).translate(TO_GREEK))


def _in_sql(char: str) -> set[str]:
    """Return how `_letters` leaves a letter; not every locale knows the lower case of every one."""
    known = _translated().get(char)
    return {known} if known else {char, char.lower()}


@cache
def _alike() -> Mapping[str, set[str]]:
    """Return how the letters that are compared, and all that look like them, are left by SQL."""
    found: dict[str, set[str]] = defaultdict(set)
    for char in (*ascii_letters, *GREEK, *_CYRILLIC):
        for read in _readings(char):
            found[surnames.folded(read)] |= _in_sql(char)
    return found


@cache
def _with_marks() -> Mapping[str, set[str]]:
    """Return the Latin letters with marks by the one without, which is compared."""
    found: dict[str, set[str]] = defaultdict(set)
    for char in _MARKED:
        found[ascii_fold(char).lower()].add(char.lower())
    return found


@cache
def _of_latin() -> Mapping[str, set[str]]:
    """Return the letters of all alphabets by the first one of their Latin form."""
    found: dict[str, set[str]] = defaultdict(set)
    found["b"] = {_letter("μ")}  # Before a pi.
    for char in (*ascii_letters, *_NOT_ASCII):
        for read in _readings(char):
            found[ascii_fold(read)[:1].lower()] |= _in_sql(char)
    return found


def _readings(char: str) -> tuple[str, ...]:
    """Return the letters that one may count as, by the word in which it stands."""
    return char, char.translate(ALL_TO_GREEK), char.translate(ALL_TO_LATIN)
