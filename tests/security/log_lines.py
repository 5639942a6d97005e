"""What a process with our logs writes: each line is read, and must be clean."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from security import redaction

DIGITS = re.compile(r"\d{5,}")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give what a configured process writes; the configuration before comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr("sys.excepthook", sys.excepthook)
    monkeypatch.setattr("logging.raiseExceptions", True)
    # Tests before may have given a command here, which is about one activation to its end.
    structlog.contextvars.clear_contextvars()
    redaction.configure("DEBUG")
    yield written
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)


def read(written: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines, each of which must be clean, and forget them."""
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    objects = [json.loads(line) for line in text.splitlines()]
    for line, said in zip(text.split("\n"), objects, strict=False):
        assert isinstance(said, dict)
        assert line.isascii()
        for name, value in said.items():
            if name != "timestamp":
                assert "@" not in str(value)
                assert not DIGITS.search(str(value))
    return objects
