"""The page of promises names tests that exist, and what it calls stable is what the code has."""

import re
from pathlib import Path

import pytest

from tests.docs.named import missing
from tests.reference.stable import of_the_code, promised

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
PROMISES = dict(re.findall(r"^\| (P\d+) \| .+ \| (`.+`) \|$", PAGE, re.MULTILINE))


def test_each_promise_is_on_the_page() -> None:
    assert [*PROMISES] == [f"P{number}" for number in range(1, 13)]


@pytest.mark.parametrize("promise", PROMISES)
def test_each_test_of_a_promise_exists(promise: str) -> None:
    assert [*missing(PROMISES[promise])] == []


def test_no_name_that_others_rely_on_is_taken_away() -> None:
    """Before another major version keep it, or take its line out of stable.txt and say so."""
    assert promised() - of_the_code() == set()


def test_each_new_name_is_promised_from_now_on() -> None:
    assert of_the_code() - promised() == set(), "run `make reference` and commit what it writes"
