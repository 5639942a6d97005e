"""Finds marked values in the bytes of files, however they were written there.

A value is looked for as it is and in capitals, with the escapes of URLs and JSON, and in UTF-16;
each of these again in hex and in base64 at its three offsets (both alphabets). What lies in a gzip
member is looked into too, and what lies in members of that. grep does the search: it takes
thousands of words in one go.
"""

import json
import os
import re
import subprocess
import tempfile
import zlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

# Fewer digits turn up by chance, in a longer number, a digest or the fraction of a second.
_SHORT_NUMBER = 8
_BEFORE, _AFTER = b"0123456789abcdefABCDEF.", b"0123456789abcdefABCDEF"
_GZIP = re.compile(rb"\x1f\x8b\x08")
_MEMBER_AT_MOST = 1 << 24

Needles = Mapping[bytes, set[tuple[str, str]]]


@dataclass(frozen=True)
class Finding:
    """The name of a value, not the value; where it is, and how it is written there."""

    mark: str
    file: str
    how: str


def scan(paths: Iterable[Path], marks: Mapping[str, str]) -> set[Finding]:
    """Look into these files, and into folders to the bottom."""
    files = list(_files(paths))
    with tempfile.TemporaryDirectory() as folder:
        unpacked = {
            file: name
            for name in files
            for file in _unpack(name.read_bytes(), Path(folder, name.name))
        }
        found = _search([*files, *unpacked], marks)
        return {Finding(mark, unpacked.get(file, file).name, how) for file, mark, how in found}


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in inside if file.is_file() and not file.is_symlink())


def _unpack(data: bytes, beside: Path) -> Iterator[Path]:
    """Write down what each gzip member holds, as far as it can be read."""
    for member in _GZIP.finditer(data):
        try:
            held = zlib.decompressobj(wbits=31).decompress(data[member.start() :], _MEMBER_AT_MOST)
        except zlib.error:
            continue
        file = beside.with_name(f"{beside.name}.{member.start()}")
        file.write_bytes(held)
        yield file
        yield from _unpack(held, file)


def dump_memory(pid: int, file: Path) -> None:
    """Write down what a process has in memory and may change, as a core dump of it would."""
    maps = Path(f"/proc/{pid}/maps").read_text("ascii").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory, file.open("wb") as dump:
        for words in (line.split() for line in maps):
            first, last = (int(word, 16) for word in words[0].split("-"))
            if words[1].startswith("rw") and "[vvar" not in words[-1]:
                memory.seek(first)
                dump.write(memory.read(last - first) or b"")


def _search(files: list[Path], marks: Mapping[str, str]) -> Iterator[tuple[Path, str, str]]:
    exact, in_any_case = _needles(marks)
    for file, offset, match in _grep(files, exact):
        if _stands_alone(file, offset, match):
            yield from ((file, *found) for found in exact[match])
    for file, offset, match in _grep(files, in_any_case, "--ignore-case"):
        if _stands_alone(file, offset, match):
            yield from ((file, *found) for found in in_any_case[match.lower()])


def _grep(files: list[Path], words: Needles, *options: str) -> Iterator[tuple[Path, int, bytes]]:
    """Yield where any of these words stands; of several at one place, the longest."""
    # An empty word would be found everywhere, and one of two lines would be two words.
    assert all(word and b"\n" not in word for word in words)
    if not files or not words:
        return
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(words))
        patterns.flush()
        search = ("grep", "--fixed-strings", f"--file={patterns.name}", "--text", *options)
        told = ("--only-matching", "--byte-offset", "--with-filename", "--null")
        done = subprocess.run(  # noqa: S603 - our own words
            (*search, *told, "--", *map(str, files)),
            capture_output=True,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    assert done.returncode in (0, 1), done.stderr
    for line in done.stdout.split(b"\n")[:-1]:
        name, _, rest = line.partition(b"\0")
        offset, _, match = rest.partition(b":")
        yield Path(name.decode()), int(offset), match


def _stands_alone(file: Path, offset: int, match: bytes) -> bool:
    """Tell a short number from the same digits inside something longer."""
    if not match.isdigit() or len(match) >= _SHORT_NUMBER:
        return True
    with file.open("rb") as data:
        data.seek(max(offset - 1, 0))
        before = data.read(1) if offset else b" "
        data.seek(offset + len(match))
        after = data.read(1) or b" "
    return before not in _BEFORE and after not in _AFTER


def _needles(marks: Mapping[str, str]) -> tuple[Needles, Needles]:
    """Return the words in which the case of a letter counts, and those in which it does not."""
    exact, in_any_case = defaultdict(set), defaultdict(set)
    for mark, value in marks.items():
        for how, text in _spellings(value).items():
            in_any_case[text.lower()].add((mark, how))
            in_any_case[text.hex().encode()].add((mark, f"{how} in hex"))
            for offset in range(3):
                standard = _inner_base64(text, offset)
                exact[standard].add((mark, f"{how} in base64"))
                urlsafe = standard.translate(bytes.maketrans(b"+/", b"-_"))
                exact[urlsafe].add((mark, f"{how} in base64"))
    return exact, in_any_case


def _spellings(value: str) -> dict[str, bytes]:
    """Return each spelling once, under the plainest of its names."""
    texts = {
        "plain": value,
        "capitals": value.upper(),
        "small letters": value.lower(),
        "URL where needed": quote(value, safe=""),
        "form": quote_plus(value),
        "URL": "".join(f"%{byte:02x}" for byte in value.encode()),
        "JSON where needed": json.dumps(value)[1:-1],
        "JSON": "".join(f"\\u{ord(letter):04x}" for letter in value),
    }
    spelled = {how: text.encode() for how, text in texts.items()} | {
        "UTF-16 LE": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
    }
    first: dict[bytes, str] = {}
    for how, text in spelled.items():
        first.setdefault(text.lower(), how)
    return {how: spelled[how] for how in first.values()}


def _inner_base64(text: bytes, offset: int) -> bytes:
    """Return the letters that depend on the text alone, not on what stands around it."""
    bits = (offset + len(text)) * 8
    first = -(-offset * 8 // 6)
    return b64encode(bytes(offset) + text)[first : bits // 6]
