"""Encodes Greek for SMS in the capitals of the GSM 03.38 alphabet, which halves the parts.

A part holds 160 septets of that alphabet, or 70 UCS-2 characters; in a text of several parts each
holds a few less (153 or 67), because of the concatenation header.
"""

from domain.text import LOOK_ALIKES, without_marks

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_PLACES = frozenset("^{}\\[~]|€\f")
_FOLD = LOOK_ALIKES | str.maketrans("«»’–·", '""\'-.')


def to_gsm_greek(text: str) -> str:
    """Write Greek in capitals without accents, which are in GSM 03.38; Latin keeps its case."""
    capitals = (c.upper() if "\u0370" <= c <= "\u03ff" else c for c in without_marks(text))
    return "".join(capitals).translate(_FOLD)


def places(text: str) -> int:
    """Count the septets of a GSM 03.38 text, or the UCS-2 characters of another one."""
    if _is_seven_bit(text):
        return len(text) + sum(char in _TWO_PLACES for char in text)
    return len(text.encode("utf-16-be")) // 2


def parts(text: str) -> int:
    """Count the parts of a text, each of which is paid for."""
    single, piece = (160, 153) if _is_seven_bit(text) else (70, 67)
    return 1 if places(text) <= single else -(-places(text) // piece)


def _is_seven_bit(text: str) -> bool:
    return set(text) <= _BASIC | _TWO_PLACES
