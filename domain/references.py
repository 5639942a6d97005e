"""An activation's public name, `A-7K3F-92QD`: made from a digest, and read as people write it.

Crockford base32: no I, L, O or U, so that it survives a telephone call and a paper note.
"""

import re

from domain.text import LOOK_ALIKES, plain

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = LOOK_ALIKES | str.maketrans("OILΟΙ", "01101")
_SYMBOLS = 8
_BITS = 5


def from_digest(digest: bytes) -> str:
    """Return the reference that the first 40 bits of a digest spell."""
    number = int.from_bytes(digest[:5])
    symbols = [_ALPHABET[(number >> _BITS * place) & 31] for place in reversed(range(_SYMBOLS))]
    text = "".join(symbols)
    return f"A-{text[:4]}-{text[4:]}"


def normalise(raw: str) -> str | None:
    """Read a reference in any case and grouping, O as 0, I and L as 1; None when it is none."""
    text = re.sub(r"[\W_]", "", plain(raw)).upper()
    head, symbols = text[:1].translate(_ALIKE), text[1:].translate(_ALIKE)
    if head != "A" or len(symbols) != _SYMBOLS or not set(symbols) <= set(_ALPHABET):
        return None
    return f"A-{symbols[:4]}-{symbols[4:]}"


def first_group(reference: str) -> str:
    """Return the part that page and message both carry, to tell several messages apart."""
    return reference[:6]
