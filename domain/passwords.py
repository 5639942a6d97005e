"""Judges a chosen password and names every rule it breaks; the password goes nowhere.

No composition rules: length, the common ones, the student's own words, and how hard it is to
guess. Only printable ASCII, because eduroam, IMAP and machines without a Greek keyboard must take
it too; such a password is also the same before and after SASLprep, which LDAP libraries apply.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from domain import personal
from domain.elot743 import ascii_fold
from domain.rules import InputRule
from domain.text import BLANK, has_greek

MIN_LENGTH = 12
MAX_LENGTH = 128
MIN_SCORE = 3
LONGEST_JUDGED = 32
MOST_WORK = 12_000
"""Bound on readings x characters squared, to which zxcvbn's time is proportional: 30 ms or less."""
_LOOK_ALIKES = frozenset("".join(map("".join, L33T_TABLE.values())))
_TAIL = re.compile(r"[^a-z]+$")
# What Greek students choose and English lists lack, in Latin letters and without digits.
_GREEK_WORDS = (
    "aekara agapimou agapimoula aggelos athina athinaellada ellada ellinas evangelia foititis "
    "foititria gavros giorgos ioannina iraklis kalimera kalinixta kalispera kalokairi "
    "kardoula katerina kodikos kodikosprosvasis kostas louloudi malaka malakas "
    "manoulamou nikos ofifofi olympiakos olympiakosgamo panathinaikos panepistimio "
    "paokara paokole patra sagapo sagapopoli skylos stavros thalassa thessaloniki thrylos vasilis "
    "xanthi"
)
_GREEK_COMMON = frozenset(_GREEK_WORDS.split())


def judge(
    password: str,
    context: Sequence[str],
    institution: Sequence[str] = (),
    common: Sequence[str] = (),
) -> list[InputRule]:
    """Return every broken rule; `context` has the student's own names and numbers.

    `institution` has the institution's names, `common` words that are common as passwords there.
    Not for several threads at once: zxcvbn keeps the context in a variable of its module.
    """
    # Beyond what may be typed, only that it is too much matters, and guessing at it takes long.
    password = password[: MAX_LENGTH + 1]
    too_long = len(password) > MAX_LENGTH
    broken = {
        InputRule.PASSWORD_SHORT: len(password) < MIN_LENGTH,
        InputRule.PASSWORD_LONG: too_long,
        InputRule.PASSWORD_GREEK: has_greek(password),
        InputRule.PASSWORD_CHARACTERS: any(not _typable(c) and not has_greek(c) for c in password),
        InputRule.PASSWORD_COMMON: _common(password, {ascii_fold(word).lower() for word in common}),
        InputRule.PASSWORD_BLANK: any(map(_is_blank, (password[:1], password[-1:]))),
        InputRule.PASSWORD_CONTEXT: personal.contained(password, context),
        InputRule.PASSWORD_INSTITUTION: personal.contained(password, institution),
        InputRule.PASSWORD_WEAK: not too_long
        and _weak(password, personal.words((*context, *institution, *common))),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]


def _typable(char: str) -> bool:
    return " " <= char <= "~"


def _common(password: str, more: Collection[str]) -> bool:
    """Ten asterisks are what a masked secret turns into when a program forgets to unmask it."""
    folded = password.casefold()
    forms = {folded, _TAIL.sub("", folded)}
    return set(folded) == {"*"} or not (forms.isdisjoint(_blocked()) and forms.isdisjoint(more))


def _is_blank(char: str) -> bool:
    return char in BLANK or unicodedata.category(char or "x")[0] in "CZ"


def _weak(password: str, words: list[str]) -> bool:
    if not password:
        return True
    return int(zxcvbn(_judged(password), user_inputs=words)["score"]) < MIN_SCORE


def _judged(password: str) -> str:
    """Return the beginning that zxcvbn judges; what follows it can only make it better.

    zxcvbn reads a password once for every way to take its look-alikes (4 for a, 1 for i or l):
    the more ways there are, the shorter the beginning. Ten random characters are always left.
    """
    seen, readings = "", 1
    for at, char in enumerate(password[:LONGEST_JUDGED]):
        if char in _LOOK_ALIKES and char not in seen:
            seen += char
            readings = len(enumerate_l33t_subs(relevant_l33t_subtable(seen, L33T_TABLE)))
        if readings * (at + 1) ** 2 > MOST_WORK:
            return password[:at]
    return password[:LONGEST_JUDGED]


@cache
def _blocked() -> frozenset[str]:
    return _GREEK_COMMON.union(FREQUENCY_LISTS["passwords"])
