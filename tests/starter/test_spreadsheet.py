"""No cell that somebody wrote is a formula to the spreadsheet that opens it."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest

from starter import spreadsheet
from starter.output import Failed


@pytest.mark.parametrize(
    "cell", ["=1+1", "+30 1", "-2", "@SUM(A1)", "\tx", "\r=1", "\n=1", "  =HYPERLINK(1)"]
)
def test_what_looks_like_a_formula_is_text(cell: str) -> None:
    ((read,),) = csv.reader(io.StringIO(spreadsheet.line([cell]), newline=""))
    assert read == f"'{cell}"


def test_what_another_delimiter_would_make_a_formula_is_text() -> None:
    cells = ["Νίκος,=1+1", "a; +2", "b;-", "c\t@D()"]
    (read,) = csv.reader(io.StringIO(spreadsheet.line(cells, ";")), delimiter=";")
    assert read == ["Νίκος,'=1+1", "a;' +2", "b;'-", "c\t'@D()"]


def test_all_else_is_as_it_was() -> None:
    cells = ['Μαρία, "η" άλλη', "a=b", 17, None, "A-7K3F-92QD", "two\nlines"]
    (read,) = csv.reader(io.StringIO(spreadsheet.line(cells), newline=""))
    assert read == [*cells[:2], "17", "", *cells[4:]]


def test_no_half_of_a_spreadsheet_is_left_and_an_older_one_stays(tmp_path: Path) -> None:
    sheet = tmp_path / "students.csv"
    sheet.write_text("older")
    with suppress(Failed), spreadsheet.written(sheet) as write:
        write(["half"])
        raise Failed("the registrar cannot be reached")
    assert [*tmp_path.iterdir()] == [sheet]
    assert sheet.read_text() == "older"
