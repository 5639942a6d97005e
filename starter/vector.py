"""Draws rectangles, text and QR codes as outlines, and writes them as SVG or as PDF.

Text is drawn by the outlines of letters in `templates/poster/glyphs.json`, so that a file looks and
prints the same everywhere, whatever fonts there are. Lengths are millimetres, from the upper left.
"""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import segno

from settings.section import TREE

_GLYPHS = TREE / "templates" / "poster" / "glyphs.json"
_EM = 1000
_POINTS_A_MM = 72 / 25.4
_STEP = re.compile(r"([MLQZ])([-\d ]*)")
Outline = list[tuple[str, tuple[float, ...]]]
"""Steps of a path: M, L, Q and Z as in SVG, with absolute coordinates."""


class TextStyle(NamedTuple):
    colour: str
    bold: bool = False


class Drawing:
    """One page; what is drawn later lies above."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self._title = title
        self._glyphs = json.loads(_GLYPHS.read_text("utf-8"))
        self._shapes: list[tuple[str, Outline]] = []

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self._shapes.append((colour, _rectangle(x, y, width, height)))

    def text(self, at: tuple[float, float], size: float, text: str, style: TextStyle) -> None:
        """Draw one line whose middle is at `at`, and whose letters stand there."""
        (middle, base), outline = at, Outline()
        left = middle - self.length(text, size, style) / 2
        for advance, path in self._letters(text, style):
            outline += _placed(path, left, base, size / _EM)
            left += advance * size / _EM
        self._shapes.append((style.colour, outline))

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """Draw a QR code whose dark modules fill this square; the paper around it stays light."""
        rows = [*segno.make_qr(text, error="q").matrix]
        module, outline = side / len(rows), Outline()
        for down, row in enumerate(rows):
            for first, last in _runs(row):
                place = x + first * module, y + down * module
                outline += _rectangle(*place, (last - first) * module, module)
        self._shapes.append(("#000000", outline))

    def length(self, text: str, size: float, style: TextStyle) -> float:
        return sum(advance for advance, _ in self._letters(text, style)) * size / _EM

    def wrapped(self, text: str, size: float, style: TextStyle, within: float) -> list[str]:
        """Return the text in lines of at most this length, unless one word is longer."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.length(longer, size, style) > within:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def _letters(self, text: str, style: TextStyle) -> Iterator[tuple[float, str]]:
        known = self._glyphs["bold" if style.bold else "book"]
        for letter in text:
            advance, path = known.get(letter) or known["?"]
            yield advance, path

    def svg(self) -> str:
        paths = "\n".join(
            f'<path fill="{colour}" d="{"".join(map(_in_svg, outline))}"/>'
            for colour, outline in self._shapes
        )
        title = escape(self._title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}mm"'
            f' height="{self.height:g}mm" viewBox="0 0 {self.width:g} {self.height:g}" role="img"'
            f' aria-label="{title}">\n<title>{title}</title>\n'
            f"{paths}\n</svg>\n"
        )

    def pdf(self) -> bytes:
        """Return one page of PDF 1.4 with these shapes."""
        scale = _POINTS_A_MM
        lines = [f"{scale:.5f} 0 0 {-scale:.5f} 0 {self.height * scale:.3f} cm"]
        for colour, outline in self._shapes:
            shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
            lines.append(" ".join(f"{share:.4f}" for share in shares) + " rg")
            lines += [*_in_pdf(outline), "f"]
        stream = zlib.compress("\n".join(lines).encode("ascii"), 9)
        box = f"[0 0 {self.width * scale:.3f} {self.height * scale:.3f}]"
        title = self._title.encode("utf-16-be").hex().upper()
        return _file(
            [
                b"<< /Type /Catalog /Pages 2 0 R /Lang (el) >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R"
                " /Resources << >> >>".encode(),
                b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream"
                % (len(stream), stream),
                f"<< /Title <FEFF{title}> >>".encode(),
            ]
        )


def _rectangle(x: float, y: float, width: float, height: float) -> Outline:
    right, bottom = x + width, y + height
    return [("M", (x, y)), ("L", (right, y)), ("L", (right, bottom)), ("L", (x, bottom)), ("Z", ())]


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules begin and end in a row."""
    begun = None
    for at, dark in enumerate([*row, 0]):
        if dark and begun is None:
            begun = at
        elif not dark and begun is not None:
            yield begun, at
            begun = None


def _placed(path: str, left: float, base: float, scale: float) -> Outline:
    """Return a letter's outline at its place; letters are drawn upwards."""
    outline = Outline()
    for step, numbers in _STEP.findall(path):
        given = [int(each) for each in numbers.split()]
        placed = (
            left + each * scale if at % 2 == 0 else base - each * scale
            for at, each in enumerate(given)
        )
        outline.append((step, tuple(placed)))
    return outline


def _in_svg(step: tuple[str, tuple[float, ...]]) -> str:
    name, numbers = step
    return name + " ".join(f"{each:.3f}".rstrip("0").rstrip(".") for each in numbers)


def _in_pdf(outline: Outline) -> Iterator[str]:
    """Yield the operators of a path; PDF has cubic curves only."""
    x = y = 0.0
    for name, numbers in outline:
        match name, numbers:
            case "Q", (a, b, *end):
                first = x + (a - x) * 2 / 3, y + (b - y) * 2 / 3
                second = end[0] + (a - end[0]) * 2 / 3, end[1] + (b - end[1]) * 2 / 3
                yield " ".join(f"{each:.4f}" for each in (*first, *second, *end)) + " c"
            case "Z", _:
                yield "h"
            case _:
                yield " ".join(f"{each:.4f}" for each in numbers) + (" m" if name == "M" else " l")
        if numbers:
            x, y = numbers[-2:]


def _file(objects: Sequence[bytes]) -> bytes:
    """Return a PDF file of these objects; the first is the catalogue, the last the info."""
    written, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (size, len(objects))
    start = b"startxref\n%d\n%%%%EOF\n" % len(written)
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer + start
