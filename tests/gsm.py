"""Whether a text message travels as one part: 160 places of the GSM 03.38 alphabet."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_PLACES = frozenset("^{}\\[~]|€\f")


def is_one_part(text: str) -> bool:
    places = len(text) + sum(c in _TWO_PLACES for c in text)
    return set(text) <= _BASIC | _TWO_PLACES and places <= 160
