"""The scanner finds a leak in every spelling, and nothing where there is none."""

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.scan import Finding, find, scan

LEAKS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda value: value.encode(),
    "in capitals": lambda value: value.encode().upper(),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64 behind one byte": lambda value: base64.b64encode(b"x" + value.encode() + b"yz"),
    "base64 behind two bytes": lambda value: base64.b64encode(b"xx" + value.encode() + b"y"),
    "URL base64": lambda value: base64.urlsafe_b64encode(b"\xfb\xff\xfe" + value.encode()),
    "hex": lambda value: value.encode().hex().encode(),
    "hex in capitals": lambda value: value.encode().hex().upper().encode(),
    "URL": lambda value: quote(value, safe="").encode(),
    "form": lambda value: quote_plus(value).lower().encode(),
    "JSON": lambda value: json.dumps({"x": value}).encode(),
    "UTF-16": lambda value: value.encode("utf-16"),
}
MARKS = ("Κασσιανή Βατάτζη", "x?y>z~" + secrets.token_urlsafe(12), "01010500013", "724913")


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("value", MARKS)
def test_a_planted_leak_is_found(tmp_path: Path, leak: str, value: str) -> None:
    noise = secrets.token_bytes(5000)
    file = tmp_path / "deep" / "part.log"
    file.parent.mkdir()
    file.write_bytes(noise + b" " + LEAKS[leak](value) + b" " + noise)
    (tmp_path / "clean.log").write_bytes(noise)
    found = scan([tmp_path], {"mark": value, "other": "never-written-anywhere"})
    assert {(one.mark, one.file) for one in found} == {("mark", "part.log")}


def test_every_way_is_found_in_one_go(tmp_path: Path) -> None:
    marks = {leak: f"{secrets.token_urlsafe(9)}Ω~{leak}" for leak in LEAKS}
    for leak, value in marks.items():
        (tmp_path / leak).write_bytes(LEAKS[leak](value))
    assert {one.mark for one in scan([tmp_path], marks)} == set(LEAKS)
    assert len(LEAKS) == 12


@pytest.mark.parametrize("chance", [b"17249135", b"22:10:11.724913+00", b"7249 13"])
def test_six_digits_of_something_else_are_no_leak(chance: bytes) -> None:
    assert list(find(chance, {"pin": "724913"})) == []
    assert list(find(b"pin=724913;", {"pin": "724913"})) == [("pin", "plain")]


def test_a_finding_names_the_value_and_does_not_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("secret")
    assert scan([tmp_path / "x"], {"word": "secret"}) == {Finding("word", "x", "plain")}
