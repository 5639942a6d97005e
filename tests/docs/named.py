"""Looks whether the tests exist that a page names as `tests/file.py::test_name`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def functions(file: str) -> set[str]:
    """Return the names of all functions of a file, by its path from the root."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def missing(text: str) -> Iterator[str]:
    """Yield what in a list of tests, separated by commas, is not the name of one that exists."""
    for each in text.split(", "):
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(\w+)`", each)
        if not named or named[2] not in functions(named[1]):
            yield each
