"""The page of promises names tests that exist, and what it calls stable is what the code has."""

import re
from pathlib import Path

import pytest

from tests.docs.named import missing

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
PROMISES = dict(re.findall(r"^\| (P\d+) \| .+ \| (`.+`) \|$", PAGE, re.MULTILINE))


def test_each_promise_is_on_the_page() -> None:
    assert [*PROMISES] == [f"P{number}" for number in range(1, 13)]


@pytest.mark.parametrize("promise", PROMISES)
def test_each_test_of_a_promise_exists(promise: str) -> None:
    assert [*missing(PROMISES[promise])] == []
