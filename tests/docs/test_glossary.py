"""Every term of the glossary lives where it says, and its Greek is what people read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| term ")
]
TEXTS = "\n".join(
    path.read_text("utf-8").casefold()
    for path in (ROOT / "translations" / "el.po", *(ROOT / "templates").rglob("*.html"))
)


def test_there_are_terms() -> None:
    assert len(ROWS) > 40
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_term_lives_where_it_says(row: list[str]) -> None:
    _, greek, meaning, where = row
    assert meaning
    paths = re.findall(r"`([\w/]+(?:\.py|/))`", where)
    assert paths
    texts = ""
    for path in paths:
        place = ROOT / path
        assert place.exists(), path
        if place.is_file():
            texts += place.read_text("utf-8")
    for name in re.findall(r"`([A-Z]\w+)`", where):
        assert re.search(rf"^class {name}\b", texts, re.MULTILINE), name
    assert greek.casefold() in TEXTS
