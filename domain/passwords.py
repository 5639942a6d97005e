"""Checks a chosen password against all rules; never stores or logs it.

There are no composition rules, only length, common passwords, the student's own words, and the
estimated guesses. Only printable ASCII is allowed, because eduroam, IMAP and machines without a
Greek keyboard must accept it too, and because SASLprep, which LDAP libraries apply, keeps it.
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
"""Limit of readings x characters squared, which bounds zxcvbn's time to about 30 ms."""
_LOOK_ALIKES = frozenset("".join(map("".join, L33T_TABLE.values())))
_TAIL = re.compile(r"[^a-z]+$")
# Common Greek passwords that English lists lack, in Latin letters and without digits.
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
    Not thread-safe: zxcvbn keeps the context in a variable of its module.
    """
    # A longer password is refused anyway, and estimating it would take long.
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
    """Tell whether a password is common; asterisks are a masked secret serialised by mistake."""
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
    """Return the prefix that zxcvbn estimates; further characters can only raise the score.

    zxcvbn reads a password once for each substitution of its look-alikes (4 for a, 1 for i or l):
    more substitutions make the prefix shorter. Ten random characters are always left.
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
