"""Recognises empty fields in every column of the registrar's rows; pure.

Exports and forms with mandatory fields put a sign, a zero or a word where there is no value. Words
are compared without accents, case and signs; in a word with a Greek letter, Latin letters that look
the same are read as Greek.
"""

import re
from collections.abc import Iterable

from domain.lookalikes import repaired
from domain.memo import OF_A_REGISTRAR, remembered
from domain.text import LONGEST_LINE, LOOK_ALIKES, has_greek, visible, without_marks

# `Na`, `Nan`, `Nil` and `No` are not in the list: they are names of people.
_WORDS = (
    *("null", "none", "n/a", "undefined", "unknown", "not known", "not available", "not given"),
    *("not applicable", "missing", "no father", "deceased", "agnostos", "agnosti", "agnosto"),
    *("agnostou", "κενό", "Ν/Α", "αγν", "άγνωστος", "άγνωστη", "άγνωστο", "αγνώστου", "άγνωστα"),
    *("δεν υπάρχει", "δεν υφίσταται", "δεν έχει", "δεν αναφέρεται", "δεν δηλώθηκε", "δεν ισχύει"),
    *("δεν έχει δηλωθεί", "δεν είναι γνωστό", "δεν είναι διαθέσιμο", "δεν γνωρίζω", "δε γνωρίζω"),
    *("μη διαθέσιμο", "μη γνωστό", "μη δηλωμένο", "χωρίς", "άνευ", "ουδέν", "κανένας", "κανείς"),
    *("τίποτα", "όχι", "θανών", "θανούσα", "αποθανών", "αποθανούσα", "απεβίωσε", "αποβιώσας"),
    *("απεβίωσεν", "απεβίωσαν", "απέθανε", "πέθανε", "αποβιώσασα", "αγνώστων", "άγνωστοι"),
    *("εκκρεμεί", "εκκρεμές", "σε εκκρεμότητα", "ομοίως", "το ίδιο", "τεστ", "δοκιμή"),
    *("δοκιμαστικός", "δοκιμαστική", "δοκιμαστικό", "ανώνυμος", "ανώνυμο", "λείπει", "ελλείπει"),
    *("ελλιπές", "ανύπαρκτος", "ανύπαρκτο", "αναμένεται", "χωρίς στοιχεία", "test", "tests"),
    *("testing", "dummy", "pending", "empty", "void", "nothing", "noname", "unnamed", "anonymous"),
    *("not", "dead", "ditto", "tba", "tbd", "asdf", "qwerty", "thanon", "apothanon", "apeviose"),
    *("apebiose", "xoris", "choris", "den yparxei", "den yparchei", "den exei", "den echei"),
    *("den anagrafetai", "den anaferetai", "den dilothike", "omoios", "ekkremei"),
)
# Written in place of a father's name, never a father's name; some are surnames too.
_OF_FATHERS = (
    *("ορφανός", "ορφανή", "ορφανό", "ορφανού", "ορφανών", "orphan", "orfanos", "orfani"),
    *("μακαρίτης", "μακαρίτη", "νεκρός", "χήρα", "μονογονεϊκή οικογένεια", "μονογονεϊκή"),
    *("ανύπαντρη μητέρα", "άγαμη μητέρα", "αγάμου μητρός", "single mother", "διαζευγμένος"),
    *("εκτός γάμου", "εξώγαμο", "αγνοείται", "αγνοούμενος", "late", "όμοιο", "ίδιο"),
)
# Names of the missing field ("no father's name"); ignored beside one of the words above.
_NOUNS = (
    *("όνομα", "ονόματος", "πατρός", "πατέρας", "πατέρα", "πατήρ", "πατρώνυμο", "πατρωνύμου"),
    *("patros", "pateras", "patera", "father", "fathers", "name", "names", "first", "last", "data"),
    *("parent", "info", "information", "record", "entry", "value", "student", "given", "surname"),
    *("πατέρες", "τέκνο", "τέκνον", "τέκνου", "γονέας", "γονέα", "γονείς", "γονέων", "γονέως"),
    *("επώνυμο", "επωνύμου", "στοιχείο", "στοιχεία", "στοιχείων", "καταχώρηση", "καταχώριση"),
    *("είναι", "του", "ο", "η", "το"),
)
# Never names of people; the words that follow say what is missing.
_NEGATIONS = ("δεν", "not")
# Also names of people, unless a word with one of the endings below follows.
_NEGATIONS_OR_NAMES = ("no", "μη", "μην")
_AFTER_NEGATION = (
    *("μένο", "μένος", "μένη", "μένου", "μένα", "θέν", "θέντος", "θείς", "θέντα", "σιμο", "σιμος"),
    *("σιμα", "γνωστό", "γνωστός", "γνωστή", "γνωστού", "υπαρκτό", "υπαρκτός", "υπάρχει", "έχει"),
)


def known(words: Iterable[str]) -> frozenset[str]:
    """Return words in the normalised forms that are compared."""
    keys = frozenset(map(_key, words))
    return (keys | {key.upper() for key in keys}) - {""}


@remembered(OF_A_REGISTRAR)
def value(raw: str | None, more: frozenset[str] = frozenset()) -> str:
    """Return a field in single spaces, without invisible characters; "" where it has no value.

    `more` are further words for "no value" that the university sets, as `known` returns them.
    """
    text = visible(raw or "")
    has_content = any(c.isalnum() for c in text) and re.search("[^0]", re.sub(r"[\W_]", "", text))
    if len(text) > LONGEST_LINE:  # Longer than any word for nothing, and long to compare.
        return text if has_content else ""
    return text if has_content and not _means_empty(_key(text), more) else ""


def _key(text: str) -> str:
    """Return a text's words without accents: Latin in small letters, Greek in capitals."""
    words = " ".join(re.findall(r"[^\W_]+", without_marks(repaired(text).upper())))
    return words.translate(LOOK_ALIKES) if has_greek(words) else words.lower()


def _means_empty(key: str, more: frozenset[str]) -> bool:
    words, nothing = key.split(), WORDS | more
    bare = [word for word in words if word not in _FIELD_WORDS]
    letters = "".join(words)
    crossed = len(key) > 1 and not key.strip("Xx ")
    repeated = len(letters) > len("AA") and letters in letters[0] * len(letters)
    if crossed or (repeated and letters.isalpha()) or _is_negation(words, bare):
        return True
    spaced = letters if len(words) > len("AA") and len(words) == len(letters) else ""
    return not {key, " ".join(bare), spaced}.isdisjoint(nothing) or (
        bool(bare) and nothing.issuperset(bare)
    )


def _is_negation(words: list[str], bare: list[str]) -> bool:
    """Tell whether words are a negation, such as "not declared"."""
    first, *others = words
    if not others or first not in _NEGATIVE_OR_NAME:
        return first in _NEGATIVE
    return bare == [first] or others[0].endswith(_ENDINGS_AFTER_NEGATION)


WORDS = known(_WORDS)
OF_FATHERS = known(_OF_FATHERS)
_FIELD_WORDS = known(_NOUNS)
_NEGATIVE, _NEGATIVE_OR_NAME = known(_NEGATIONS), known(_NEGATIONS_OR_NAMES)
_ENDINGS_AFTER_NEGATION = tuple(known(_AFTER_NEGATION))
