"""SMS length: the GSM 03.38 alphabet, its Greek capitals, and how many parts a text takes."""

import math
import unicodedata
from typing import NamedTuple

from domain.text import LOOK_ALIKES

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_FOLD = LOOK_ALIKES | str.maketrans("«»’–·", '""\'-.')
_ONE_PART = {"GSM-7": 160, "UCS-2": 70}
_LONG_PART = {"GSM-7": 153, "UCS-2": 67}


class Segments(NamedTuple):
    encoding: str
    units: int
    parts: int


def to_gsm_greek(text: str) -> str:
    """Write Greek in capitals without accents, which fit one 7-bit part; Latin keeps its case."""
    bare = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    capitals = (c.upper() if "\u0370" <= c <= "\u03ff" else c for c in bare)
    return "".join(capitals).translate(_FOLD)


def segments(text: str) -> Segments:
    """Tell how a text travels: its alphabet, its length in units of it, and its parts."""
    if all(c in _BASIC or c in _EXTENDED for c in text):
        encoding, units = "GSM-7", sum(2 if c in _EXTENDED else 1 for c in text)
    else:
        encoding, units = "UCS-2", len(text.encode("utf-16-be")) // 2
    if units <= _ONE_PART[encoding]:
        return Segments(encoding, units, 1)
    return Segments(encoding, units, math.ceil(units / _LONG_PART[encoding]))
