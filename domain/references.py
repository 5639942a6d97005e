"""Makes and parses references, the public ids of activations such as `A-7K3F-92QD`.

They are in Crockford base32, without I, L, O and U, so that they can be read out and handwritten.
"""

import re

from domain.text import LOOK_ALIKES, plain

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = LOOK_ALIKES | str.maketrans("OILΟΙ", "01101")
_WITHIN = re.compile(rf"\bA-[{_ALPHABET}]{{4}}-[{_ALPHABET}]{{4}}\b")
_SYMBOLS = 8
_BITS = 5
_MARK = 4


def from_digest(digest: bytes) -> str:
    """Return the reference that encodes the first 40 bits of a digest."""
    number = int.from_bytes(digest[:5])
    symbols = [_ALPHABET[(number >> _BITS * place) & 31] for place in reversed(range(_SYMBOLS))]
    text = "".join(symbols)
    return f"A-{text[:4]}-{text[4:]}"


def normalise(raw: str) -> str | None:
    """Parse a reference in any case and grouping, O as 0, I and L as 1; None if it is invalid."""
    text = re.sub(r"[\W_]", "", plain(raw)).upper()
    head, symbols = text[:1].translate(_ALIKE), text[1:].translate(_ALIKE)
    if head != "A" or len(symbols) != _SYMBOLS or not set(symbols) <= set(_ALPHABET):
        return None
    return f"A-{symbols[:4]}-{symbols[4:]}"


def within(text: str) -> str | None:
    """Return the first reference in a text, such as the id of a workflow; None without one."""
    found = _WITHIN.search(text)
    return found[0] if found else None


def mark(raw: str) -> str | None:
    """Parse the first group as a message has it, or a whole reference; None if it is neither."""
    text = re.sub(r"[\W_]", "", plain(raw))
    if len(text) in (_MARK, _MARK + 1):
        text += text[-_MARK:]  # As if both groups were the same.
    whole = normalise(text if len(text) > _SYMBOLS else f"A{text}")
    return whole[2 : 2 + _MARK] if whole else None


def first_group(reference: str) -> str:
    """Return the first part, which page and message show, to tell several messages apart."""
    return reference[:6]
