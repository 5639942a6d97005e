"""Judges a chosen password and names every rule it breaks; the password goes nowhere.

No composition rules: length, the common ones, the student's own words, and how hard it is to
guess. Only printable ASCII, because eduroam, IMAP and machines without a Greek keyboard must take
it too; such a password is also the same before and after SASLprep, which LDAP libraries apply.
"""

import re
from collections.abc import Sequence
from functools import cache

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from domain.elot743 import ascii_fold
from domain.rules import Rule
from domain.text import has_greek

MIN_LENGTH = 12
MAX_LENGTH = 128
MIN_SCORE = 3
# zxcvbn takes seconds for long input full of look-alikes, and refuses more than 72 characters;
# what follows a good beginning can only make it better.
_LONGEST_JUDGED = 32
_SHORTEST_WORD = 3
_TAIL = re.compile(r"[^a-z]+$")
# What Greek students choose and English lists lack, in Latin letters and without digits.
_GREEK_WORDS = (
    "aekara agapimou agapimoula aggelos athina athinaellada ellada ellinas evangelia foititis "
    "foititria gavros giorgos ioannina iraklis kalamata kalimera kalinixta kalispera kalokairi "
    "kardoula katerina kodikos kodikosprosvasis korinthos kostas louloudi malaka malakas "
    "manoulamou nikos ofifofi olympiakos olympiakosgamo panathinaikos panepistimio "
    "panepistimiopeloponnisou paokara paokole patra peloponnisos sagapo sagapopoli skylos "
    "stavros thalassa thessaloniki thrylos tripoli vasilis xanthi"
)
_GREEK_COMMON = frozenset(_GREEK_WORDS.split())


def judge(password: str, context: Sequence[str]) -> list[Rule]:
    """Return every broken rule; `context` is what others know of the student: names, numbers."""
    words = _words(context)
    # Beyond what may be typed, only that it is too much matters, and guessing at it takes long.
    password = password[: MAX_LENGTH + 1]
    too_long = len(password) > MAX_LENGTH
    broken = {
        Rule.PASSWORD_SHORT: len(password) < MIN_LENGTH,
        Rule.PASSWORD_LONG: too_long,
        Rule.PASSWORD_GREEK: has_greek(password),
        Rule.PASSWORD_CHARACTERS: any(not _typable(c) and not has_greek(c) for c in password),
        Rule.PASSWORD_COMMON: _common(password),
        Rule.PASSWORD_CONTEXT: any(word in ascii_fold(password).lower() for word in words),
        Rule.PASSWORD_WEAK: not too_long and _weak(password, words),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]


def _typable(char: str) -> bool:
    return " " <= char <= "~"


def _common(password: str) -> bool:
    """Ten asterisks are what a masked secret turns into when a program forgets to unmask it."""
    folded = password.casefold()
    return set(folded) == {"*"} or folded in _blocked() or _TAIL.sub("", folded) in _blocked()


def _weak(password: str, words: list[str]) -> bool:
    if not password:
        return True
    return int(zxcvbn(password[:_LONGEST_JUDGED], user_inputs=words)["score"]) < MIN_SCORE


@cache
def _blocked() -> frozenset[str]:
    return _GREEK_COMMON.union(FREQUENCY_LISTS["passwords"])


def _words(context: Sequence[str]) -> list[str]:
    """Return the words and their parts, in ASCII, long enough to mean something."""
    folded = [ascii_fold(text).lower() for text in context]
    parts = [part for text in folded for part in re.findall(r"[a-z0-9]+", text)]
    return sorted({word for word in (*folded, *parts) if len(word) >= _SHORTEST_WORD})
