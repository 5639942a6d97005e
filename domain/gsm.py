"""Greek for an SMS: in the capitals of the GSM 03.38 alphabet, a text costs half the parts."""

import unicodedata

from domain.text import LOOK_ALIKES

_FOLD = LOOK_ALIKES | str.maketrans("«»’–·", '""\'-.')


def to_gsm_greek(text: str) -> str:
    """Write Greek in capitals without accents, which fit one 7-bit part; Latin keeps its case."""
    bare = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    capitals = (c.upper() if "\u0370" <= c <= "\u03ff" else c for c in bare)
    return "".join(capitals).translate(_FOLD)
