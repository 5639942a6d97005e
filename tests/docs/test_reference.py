"""The pages of docs/reference/ are those that `make reference` writes from the code."""

import pytest

from tests.reference.pages import FOLDER, TABLES, WRITERS


@pytest.mark.parametrize("name", WRITERS)
def test_the_page_is_what_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text("utf-8")
    assert written == WRITERS[name](), "run `make reference` and commit what it writes"


def test_no_other_page_is_there() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {*WRITERS, TABLES}
