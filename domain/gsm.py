"""Greek for an SMS: in the capitals of the GSM 03.38 alphabet, a text costs half the parts.

A part has 160 places of that alphabet, or 70 of any other letters; of a longer text each part has
a few less, for what holds the parts together.
"""

from domain.text import LOOK_ALIKES, without_marks

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_PLACES = frozenset("^{}\\[~]|€\f")
_FOLD = LOOK_ALIKES | str.maketrans("«»’–·", '""\'-.')


def to_gsm_greek(text: str) -> str:
    """Write Greek in capitals without accents, which fit one 7-bit part; Latin keeps its case."""
    capitals = (c.upper() if "\u0370" <= c <= "\u03ff" else c for c in without_marks(text))
    return "".join(capitals).translate(_FOLD)


def places(text: str) -> int:
    """Count the places a text takes in its alphabet."""
    if _is_seven_bit(text):
        return len(text) + sum(char in _TWO_PLACES for char in text)
    return len(text.encode("utf-16-be")) // 2


def parts(text: str) -> int:
    """Count the messages that are paid for."""
    whole, piece = (160, 153) if _is_seven_bit(text) else (70, 67)
    return 1 if places(text) <= whole else -(-places(text) // piece)


def _is_seven_bit(text: str) -> bool:
    return set(text) <= _BASIC | _TWO_PLACES
