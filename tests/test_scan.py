"""The scanner finds a leak in every spelling, and nothing where there is none."""

import gzip
import json
import secrets
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.scan import Finding, dump_memory, scan

LEAKS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda value: value.encode(),
    "in capitals": lambda value: value.upper().encode(),
    "base64": lambda value: b64encode(value.encode()),
    "URL base64": lambda value: urlsafe_b64encode(b"\xfb\xff\xfe" + value.encode()),
    "hex": lambda value: value.encode().hex().encode(),
    "hex in capitals": lambda value: value.encode().hex().upper().encode(),
    "URL": lambda value: quote(value, safe="").encode(),
    "form": lambda value: quote_plus(value).lower().encode(),
    "JSON": lambda value: json.dumps({"x": value}).encode(),
    "UTF-16 LE": lambda value: value.encode("utf-16-le"),
    "UTF-16 BE": lambda value: value.encode("utf-16-be"),
    "gzip": lambda value: gzip.compress(value.encode()),
}
MORE: dict[str, Callable[[str], bytes]] = {
    "base64 behind one byte": lambda value: b64encode(b"x" + value.encode() + b"yz"),
    "base64 behind two bytes": lambda value: b64encode(b"xx" + value.encode() + b"y"),
    "base64 of URL": lambda value: b64encode(b"?x=" + quote(value, safe="").encode() + b"&"),
    "base64 of JSON": lambda value: b64encode(json.dumps([value]).encode()),
    "hex of UTF-16": lambda value: value.encode("utf-16").hex().encode(),
    "gzip of base64": lambda value: gzip.compress(b64encode(value.encode())),
}
MARKS = ("Κασσιανή Βατάτζη", "x?y>z~" + secrets.token_urlsafe(12), "01010500013", "724913")


@pytest.mark.parametrize("leak", LEAKS | MORE)
@pytest.mark.parametrize("value", MARKS, ids=["name", "token", "number", "code"])
def test_a_planted_leak_is_found(tmp_path: Path, leak: str, value: str) -> None:
    noise = secrets.token_bytes(5000)
    file = tmp_path / "deep" / "part.log"
    file.parent.mkdir()
    file.write_bytes(noise + b" " + (LEAKS | MORE)[leak](value) + b" " + noise)
    (tmp_path / "clean.log").write_bytes(noise)
    found = scan([tmp_path], {"mark": value, "other": "never-written-anywhere"})
    assert {(one.mark, one.file) for one in found} == {("mark", "part.log")}


@pytest.fixture
def marks() -> Mapping[str, str]:
    assert len(LEAKS) == 12
    return {leak: f"{secrets.token_urlsafe(9)}Ω~{leak}" for leak in LEAKS}


@pytest.fixture
def planted(marks: Mapping[str, str]) -> bytes:
    return b"\n".join(LEAKS[leak](value) for leak, value in marks.items())


def found_in(file: Path, marks: Mapping[str, str]) -> list[str]:
    return sorted({one.mark for one in scan([file], marks)})


def test_twelve_leaks_are_planted_and_twelve_are_found_in_one_go(
    tmp_path: Path, marks: Mapping[str, str], planted: bytes
) -> None:
    file = tmp_path / "one.log"
    file.write_bytes(planted)
    assert found_in(file, marks) == sorted(LEAKS)


def test_twelve_leaks_are_found_in_a_log_that_was_rotated_and_packed(
    tmp_path: Path, marks: Mapping[str, str], planted: bytes
) -> None:
    file = tmp_path / "one.log.1.gz"
    file.write_bytes(gzip.compress(planted))
    assert found_in(file, marks) == sorted(LEAKS)


_HOLDS = "import sys; held = bytearray(sys.stdin.buffer.read()); print(len(held), flush=True); "
_HOLDS += "sys.stdin.close(); import time; time.sleep(60)"


@pytest.mark.parametrize("packed", [False, True])
def test_twelve_leaks_are_found_in_the_dump_of_a_process(
    tmp_path: Path, marks: Mapping[str, str], planted: bytes, packed: bool
) -> None:
    file = tmp_path / "core"
    words = (sys.executable, "-c", _HOLDS)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own program
        assert process.stdin
        assert process.stdout
        process.stdin.write(planted)
        process.stdin.close()
        assert int(process.stdout.readline()) == len(planted)
        dump_memory(process.pid, file)
        process.kill()
    if packed:
        file.write_bytes(gzip.compress(file.read_bytes(), 1))
    assert found_in(file, marks) == sorted(LEAKS)


@pytest.mark.parametrize("chance", [b"17249135", b"22:10:11.724913+00", b"7249 13", b"a724913f"])
def test_six_digits_of_something_else_are_no_leak(tmp_path: Path, chance: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(chance)
    assert scan([file], {"pin": "724913"}) == set()
    file.write_bytes(b"pin=724913;" + chance)
    assert scan([file], {"pin": "724913"}) == {Finding("pin", "x", "plain")}


def test_a_value_of_two_names_is_found_under_both(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("said secret")
    found = scan([tmp_path / "x"], {"one": "secret", "other": "secret"})
    assert {one.mark for one in found} == {"one", "other"}


def test_a_finding_names_the_value_and_does_not_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("secret")
    assert scan([tmp_path / "x"], {"word": "secret"}) == {Finding("word", "x", "plain")}
