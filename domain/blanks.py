"""Says what an empty field is, for every column of the registrar's rows; pure.

Exports and forms that demand an entry leave a sign, a zero or a word where there is nothing. Words
are compared without accents, case and signs; where one has a Greek letter, Latin letters that look
the same are those.
"""

import re
import unicodedata
from collections.abc import Iterable

from domain.lookalikes import repaired
from domain.memo import remembered
from domain.text import LOOK_ALIKES, has_greek, visible

# `Na`, `Nan`, `Nil` and `No` are not among them: people are called so.
_WORDS = (
    *("null", "none", "n/a", "undefined", "unknown", "not known", "not available", "not given"),
    *("not applicable", "missing", "no father", "deceased", "agnostos", "agnosti", "agnosto"),
    *("agnostou", "κενό", "Ν/Α", "αγν", "άγνωστος", "άγνωστη", "άγνωστο", "αγνώστου", "άγνωστα"),
    *("δεν υπάρχει", "δεν υφίσταται", "δεν έχει", "δεν αναφέρεται", "δεν δηλώθηκε", "δεν ισχύει"),
    *("δεν έχει δηλωθεί", "δεν είναι γνωστό", "δεν είναι διαθέσιμο", "δεν γνωρίζω", "δε γνωρίζω"),
    *("μη διαθέσιμο", "μη γνωστό", "μη δηλωμένο", "χωρίς", "άνευ", "ουδέν", "κανένας", "κανείς"),
    *("τίποτα", "όχι", "θανών", "απεβίωσε", "αποβιώσας"),
)
# Of what there is nothing; such words tell nothing beside one of those above.
_NOUNS = (
    *("όνομα", "ονόματος", "πατρός", "πατέρας", "πατέρα", "πατήρ", "πατρώνυμο", "πατρωνύμου"),
    *("patros", "pateras", "patera", "father", "name"),
)


def known(words: Iterable[str]) -> frozenset[str]:
    """Return words in the forms that are compared."""
    keys = frozenset(map(_key, words))
    return (keys | {key.upper() for key in keys}) - {""}


@remembered(8192)
def value(raw: str | None, more: frozenset[str] = frozenset()) -> str:
    """Return a field in single spaces, without what is invisible; empty where nothing is told.

    `more` are words of the university's own, as `known` returns them.
    """
    text = visible(raw or "")
    told = any(c.isalnum() for c in text) and re.search("[^0]", re.sub(r"[\W_]", "", text))
    return text if told and not _says_nothing(_key(text), more) else ""


def _key(text: str) -> str:
    """Return a text's words without accents: Latin in small letters, Greek in capitals."""
    apart = unicodedata.normalize("NFD", repaired(text).upper())
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    words = " ".join(re.findall(r"[^\W_]+", bare))
    return words.translate(LOOK_ALIKES) if has_greek(words) else words.lower()


def _says_nothing(key: str, more: frozenset[str]) -> bool:
    bare = " ".join(word for word in key.split() if word not in _OF_WHAT)
    crossed = len(key) > 1 and not key.strip("Xx ")
    return crossed or not {key, bare}.isdisjoint(WORDS | more)


WORDS = known(_WORDS)
_OF_WHAT = known(_NOUNS)
