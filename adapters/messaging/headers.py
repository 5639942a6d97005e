"""Encodes and folds e-mail header fields in place of the standard library.

Python's `email` loses or adds a space between two encoded words, depending on its version
(cpython #92081, #144156). The headers built here are sent unchanged: lines of at most 76 octets,
and text outside ASCII as encoded words of RFC 2047 that never split a character.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator
from email.policy import EmailPolicy
from typing import Any

_LONGEST_LINE = 76
_LONGEST_WORD = 75
_BEFORE, _AFTER = "=?utf-8?b?", "?="
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+", re.ASCII)
_PLAIN = re.compile(r"([!-~]([ -~]*[!-~])?)?")
_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")


class AsWritten(EmailPolicy):
    """A policy that sends headers unchanged; `email` itself makes those of the parts."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"linesep": "\r\n", "refold_source": "none", **more})

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name.lower().startswith(("content-", "mime-")):
            return super().header_store_parse(name, value)
        return name, value


def text(name: str, value: str) -> str:
    """Return the body of a text header such as Subject; `name` counts in its first line."""
    value = _one_line(value)
    plain = _PLAIN.fullmatch(value) and "=?" not in value
    if plain and len(name) + len(value) + 2 <= _LONGEST_LINE:
        return value
    return _encoded(value, taken=len(name) + 2)


def mailbox(name: str, display: str, address: str) -> str:
    """Return the body of a header with one address; raises `ValueError` if it is invalid."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError("no address")
    shown = _one_line(display)
    if not shown:
        return address
    atoms = _ATOMS.fullmatch(shown) and "=?" not in shown
    if not atoms or len(name) + len(shown) + 2 > _LONGEST_LINE:
        shown = _encoded(shown, taken=len(name) + 2)
    last = f"{name}: {shown}".rpartition("\n")[2]
    between = " " if len(last) + len(address) + 3 <= _LONGEST_LINE else "\r\n "
    return f"{shown}{between}<{address}>"


def _one_line(value: str) -> str:
    """Return the text with a space for each line break or invalid character."""
    spaced = (" " if unicodedata.category(char) in _NO_TEXT else char for char in value)
    return "".join(spaced).strip(" ")


def _encoded(value: str, *, taken: int) -> str:
    return "\r\n ".join(
        f"{_BEFORE}{base64.b64encode(piece).decode()}{_AFTER}" for piece in _pieces(value, taken)
    )


def _pieces(value: str, taken: int) -> Iterator[bytes]:
    """Split between characters to fit encoded words; `taken` octets of the first line are used."""
    room, piece = _octets(_LONGEST_LINE - taken), b""
    for char in value:
        octets = char.encode()
        if len(piece) + len(octets) > room:
            yield piece
            room, piece = _octets(_LONGEST_WORD), b""
        piece += octets
    yield piece


def _octets(width: int) -> int:
    """Return the number of octets that an encoded word of this width can hold."""
    return (min(width, _LONGEST_WORD) - len(_BEFORE) - len(_AFTER)) // 4 * 3
