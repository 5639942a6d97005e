"""A workbook has texts as they are, student numbers with their zeros; nothing is a formula."""

import gc
import resource
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from starter import workbook
from starter.output import Failed
from tests.workbooks import Workbook

Make = Callable[[Sequence[Sequence[object]]], Workbook]


@pytest.fixture(params=["file", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Return what makes a workbook in each of the two ways, and reads it."""

    def in_file(rows: Sequence[Sequence[object]]) -> Workbook:
        sheet = tmp_path / "students.xlsx"
        with workbook.written(sheet) as write:
            for cells in rows:
                write(cells)
        assert [*tmp_path.iterdir()] == [sheet]
        assert sheet.stat().st_mode & 0o777 == 0o600
        return Workbook(sheet)

    def in_memory(rows: Sequence[Sequence[object]]) -> Workbook:
        return Workbook(workbook.content(rows))

    return {"file": in_file, "memory": in_memory}[str(request.param)]


FORMULAS = [
    "=1+1",
    "+306912345678",
    "-2",
    "@SUM(A1)",
    "{=1}",
    "http://evil.example",
    "\t=1",
    "=#N/A",
]


def test_what_looks_like_a_formula_a_link_or_a_number_is_its_text(make: Make) -> None:
    cells = [*FORMULAS, "007", "1e5", "2026-11-30", "TRUE", "  two\nlines ", "Ωραία <&>"]
    made = make([["heading"], cells])
    assert made.rows == [["heading"], cells]
    assert not made.found("f")
    assert not made.found("hyperlink")
    assert {cell.get("t") for cell in made.found("c")} <= {"s", "inlineStr"}


def test_counts_are_numbers_and_what_is_missing_is_empty(make: Make) -> None:
    assert make([["day", "started"], ["2026-11-30", 17], [None, 0]]).rows[1:] == [
        ["2026-11-30", 17],
        [0],
    ]


def test_the_heading_stays_in_sight_and_columns_are_as_wide_as_their_texts(make: Make) -> None:
    made = make([["number", "name"], ["1", "Παπαδοπούλου"], ["2", "α" * 300]])
    (pane,) = made.found("pane")
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    number, name = [float(each.get("width", "0")) for each in made.found("col")]
    assert 8 <= number < 10
    assert 60 <= name < 62


def test_a_text_longer_than_a_cell_is_cut_and_a_sheet_too_long_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make([["a"], ["x" * 40_000]]).rows[1] == ["x" * 32_767]
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    with pytest.raises(Failed, match="2 rows at most: take CSV"):
        make([["a"], ["b"], ["c"]])


def test_no_half_of_a_workbook_is_left_and_an_older_one_stays(tmp_path: Path) -> None:
    sheet = tmp_path / "students.xlsx"
    sheet.write_text("older")
    with suppress(Failed), workbook.written(sheet) as write:
        write(["half"])
        raise Failed("the registrar cannot be reached")
    assert [*tmp_path.iterdir()] == [sheet]
    assert sheet.read_text() == "older"


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="the spreadsheet cannot be written: No such file"):  # noqa: SIM117
        with workbook.written(tmp_path / "none" / "students.xlsx"):
            pass


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # A file cannot be larger.
    try:
        with pytest.raises(Failed, match="written: File too large"):  # noqa: PT012, SIM117
            with workbook.written(tmp_path / "students.xlsx") as write:
                for number in range(20_000):
                    write([str(number), "Παπαδοπούλου"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    gc.collect()  # Nothing is written or complained about later.
    assert [*tmp_path.iterdir()] == []
