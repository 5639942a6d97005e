"""Reads the workbooks that commands and pages write, by what stands in their files."""

import io
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Workbook:
    """The first sheet of a workbook: its rows of cells, and the parts of its file."""

    def __init__(self, content: bytes | Path) -> None:
        source = content if isinstance(content, Path) else io.BytesIO(content)
        with ZipFile(source) as parts:
            self.sheet = ET.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
            self._shared = []
            if "xl/sharedStrings.xml" in parts.namelist():
                shared = ET.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
                self._shared = ["".join(each.itertext()) for each in shared]
        self.rows = [[self._value(cell) for cell in row] for row in self.found("row")]

    def found(self, name: str) -> list[ET.Element]:
        """Return the elements of this name."""
        return [*self.sheet.iter(f"{_MAIN}{name}")]

    def _value(self, cell: ET.Element) -> str | int:
        text = "".join(cell.itertext())
        kind = cell.get("t", "n")
        if kind == "s":
            return self._shared[int(text)]
        return text if kind == "inlineStr" or not text else int(text)
