"""The poster has the portal's code and address, within the paper, in files that others can read."""

import re
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import segno

from settings import Settings
from settings.institution import Institution
from starter.poster import SIZES, poster
from starter.vector import Drawing, TextStyle
from tests.stack import TestStack

LONG = "Διεθνές Πανεπιστήμιο της Ελλάδος, Σχολή Θετικών Επιστημών και Τεχνολογίας"


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    named = Institution(name_el=LONG, name_en="Ω & <co>", colour="#123456")
    return stack.settings.model_copy(update={"institution": named})


def paths(svg: str) -> list[tuple[str, list[float]]]:
    """Return colour and coordinates of each path."""
    drawn = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")  # noqa: S314 - our own file
    return [
        (each.attrib["fill"], [*map(float, re.findall(r"-?\d+(?:\.\d+)?", each.attrib["d"]))])
        for each in drawn
    ]


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_is_on_the_paper_and_the_code_is_that_of_the_address(
    settings: Settings, size: str
) -> None:
    width, height = SIZES[size]
    svg = poster(settings, size).svg()
    drawn = paths(svg)
    assert {colour for colour, _ in drawn} == {"#123456", "#ffffff", "#000000", "#0b0c0c"}
    for _, numbers in drawn:
        assert min(numbers[::2]) >= 0
        assert max(numbers[::2]) <= width
        assert min(numbers[1::2]) >= 0
        assert max(numbers[1::2]) <= height
    (code,) = (numbers for colour, numbers in drawn if colour == "#000000")
    rows = [*segno.make_qr(settings.portal.public_url, error="q").matrix]
    left, top = min(code[::2]), min(code[1::2])
    module = (max(code[::2]) - left) / len(rows)
    dark = set()
    for x, y, right in zip(code[::8], code[1::8], code[2::8], strict=True):
        row = round((y - top) / module)
        dark |= {
            (row, at) for at in range(round((x - left) / module), round((right - left) / module))
        }
    assert dark == {(y, x) for y, row in enumerate(rows) for x, on in enumerate(row) if on}
    assert "&amp;" not in ET.fromstring(svg)[0].text  # type: ignore[operator] # noqa: S314 - our own


def test_the_address_below_the_code_can_be_typed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters are drawn as shapes, so what is drawn is noted."""
    drawn: list[str] = []
    text = Drawing.text

    def noted(page: Drawing, at: tuple[float, float], size: float, *given: Any) -> None:
        drawn.append(given[0])
        text(page, at, size, *given)

    monkeypatch.setattr(Drawing, "text", noted)
    portal = settings.portal.model_copy(update={"public_url": "http://127.0.0.1:8000"})
    poster(settings.model_copy(update={"portal": portal}), "a4")
    assert [each for each in drawn if "127.0.0.1" in each] == ["127.0.0.1:8000"]


def test_the_pdf_is_one_page_whose_parts_stand_where_its_table_says(settings: Settings) -> None:
    written = poster(settings, "a4").pdf()
    start = int(written.rsplit(b"startxref\n", 1)[1].split()[0])
    assert written[start:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(written[start:].splitlines()[3:8], 1):
        assert written[int(line.split()[0]) :].startswith(b"%d 0 obj\n" % number)
    assert b"/MediaBox [0 0 595.276 841.890]" in written
    stream = written.split(b"stream\n")[1].rsplit(b"\nendstream", 1)[0]
    operators = {line.split()[-1] for line in zlib.decompress(stream).decode().splitlines()}
    assert operators == {"cm", "rg", "m", "l", "c", "h", "f"}


def test_a_letter_that_there_is_not_is_a_question_mark_and_a_long_word_a_line() -> None:
    page, style = Drawing(100, 100, "title"), TextStyle("#000000")
    assert page.length("語", 5, style) == page.length("?", 5, style)
    assert page.wrapped("a verylongword b", 5, style, 10) == ["a", "verylongword", "b"]
