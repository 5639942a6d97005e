"""At a terminal a command shows that it works; into a pipe or a file it writes nothing of it."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from starter import progress
from starter.output import tell
from starter.progress import awaited, working

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Terminal:
    """A terminal for standard error, and what was written to it."""

    def __init__(self) -> None:
        self._ours, its = os.openpty()
        self.stream = os.fdopen(its, "w")
        self.written = ""

    def reads(self, text: str) -> None:
        """Wait until this text is written."""
        while text not in self.written:
            self.written += os.read(self._ours, 4096).decode()

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "SHOWN_AFTER", 0)
    made = Terminal()
    yield made
    made.close()


def test_a_terminal_shows_how_many_are_done_and_then_nothing_of_it(terminal: Terminal) -> None:
    with redirect_stderr(terminal.stream), working("The registrar is read") as count:
        terminal.reads("The registrar is read")
        count(12_345)
        terminal.reads("12,345")
        assert " of " not in terminal.written
    terminal.reads(SHOW)
    assert HIDE in terminal.written


def test_where_the_total_is_known_there_is_a_bar(terminal: Terminal) -> None:
    with redirect_stderr(terminal.stream), working("Accounts are reserved", 2_000) as count:
        terminal.reads("0 of 2,000")
        count(1_500)
        terminal.reads("━━━")
        terminal.reads("1,500 of 2,000")


def test_a_total_may_become_known_later_and_inner_work_counts_for_the_outer(
    terminal: Terminal,
) -> None:
    with redirect_stderr(terminal.stream), working("The audit is verified"):
        with working("Rows are read") as count:
            count(1, 7)
            terminal.reads("1 of 7")
        terminal.reads("The audit is verified")
    terminal.reads(SHOW)
    assert "Rows are read" not in terminal.written


def test_a_warning_is_written_above_it(terminal: Terminal) -> None:
    with redirect_stderr(terminal.stream), working("Histories are read"):
        terminal.reads("Histories are read")
        tell("Keys of 2025-01 are not here.", err=True)
        terminal.reads("Keys of 2025-01 are not here.\r\n")


def test_what_is_over_soon_shows_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SHOWN_AFTER", 60)
    with redirect_stderr(terminal.stream), working("Asked") as count:
        count(1)
    assert_next_alone(terminal)


async def test_nothing_is_shown_while_an_item_is_printed(terminal: Terminal) -> None:
    async def batches() -> AsyncIterator[str]:
        terminal.reads("Activations are listed")
        yield "first"

    with redirect_stderr(terminal.stream):
        async for batch in awaited("Activations are listed", batches()):
            terminal.reads(SHOW)
            assert batch == "first"


def test_a_file_has_nothing_of_it_even_where_colours_are_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SHOWN_AFTER", 0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    log = tmp_path / "log"
    with log.open("w") as written, redirect_stderr(written), working("Rows", 2) as count:
        count(1)
    assert log.read_text() == ""


def test_a_terminal_that_moves_no_cursor_has_nothing_of_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(terminal.stream), working("Rows", 2) as count:
        count(1)
    assert_next_alone(terminal)


def assert_next_alone(terminal: Terminal) -> None:
    print("next", file=terminal.stream, flush=True)
    terminal.reads("next")
    assert terminal.written.strip() == "next"
