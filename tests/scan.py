"""Finds marked values in the bytes of files, however they were written there.

A value is looked for as it is, in base64 at each of its three offsets (both alphabets), in hex,
URL-escaped, with the escapes of JSON, and in UTF-16.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, quote_plus

# Fewer digits turn up by chance, in the fraction of a second for one.
_SHORT_NUMBER = 8


@dataclass(frozen=True)
class Finding:
    """The name of a value, not the value; where it is, and how it is written there."""

    mark: str
    file: str
    how: str


def scan(paths: Iterable[Path], marks: Mapping[str, str]) -> set[Finding]:
    """Look into these files, and into folders to the bottom."""
    found = set()
    for file in _files(paths):
        data = file.read_bytes()
        found |= {Finding(mark, file.name, how) for mark, how in find(data, marks)}
    return found


def find(data: bytes, marks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    lower = data.lower()
    for mark, value in marks.items():
        for how, needle in _exact(value).items():
            if needle in data:
                yield mark, how
        for how, needle in _in_any_case(value).items():
            if needle.lower() in lower:
                yield mark, how
        if _plain(value).search(data):
            yield mark, "plain"


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in inside if file.is_file() and not file.is_symlink())


@cache
def _plain(value: str) -> re.Pattern[bytes]:
    pattern = re.escape(value.encode())
    if value.isdigit() and len(value) < _SHORT_NUMBER:
        pattern = rb"(?<![\d.])" + pattern + rb"(?!\d)"
    return re.compile(pattern, re.IGNORECASE)


@cache
def _exact(value: str) -> dict[str, bytes]:
    """Return the spellings in which the case of a letter counts."""
    spelled = {}
    for offset in range(3):
        standard = _inner_base64(value.encode(), offset)
        spelled[f"base64 at {offset}"] = standard
        spelled[f"URL base64 at {offset}"] = standard.translate(bytes.maketrans(b"+/", b"-_"))
    return spelled | {
        "UTF-16 LE": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
    }


def _inner_base64(text: bytes, offset: int) -> bytes:
    """Return the letters that depend on the text alone, not on what stands around it."""
    bits = (offset + len(text)) * 8
    first = -(-offset * 8 // 6)
    return b64encode(bytes(offset) + text)[first : bits // 6]


@cache
def _in_any_case(value: str) -> dict[str, bytes]:
    text = value.encode()
    spelled = {"hex": text.hex(), "URL": "".join(f"%{byte:02x}" for byte in text)}
    if quote(value, safe="") != value:
        spelled["URL where needed"] = quote(value, safe="")
        spelled["form"] = quote_plus(value)
    spelled["JSON"] = "".join(f"\\u{ord(letter):04x}" for letter in value)
    if not value.isascii():
        spelled["JSON where needed"] = json.dumps(value)[1:-1]
    return {how: text.encode() for how, text in spelled.items()}
