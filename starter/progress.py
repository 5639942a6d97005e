"""Shows at a terminal that a command works: a bar where the total is known, else how many are done.

It is written to standard error, and only if that is a terminal, so that no file, pipe or log has
any of it. Work that ends sooner than a person wonders about it shows nothing.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from typing import Protocol, TypeVar

from rich.console import Console, RenderableType
from rich.progress import Progress as Display
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

_Item = TypeVar("_Item")
_SHOWN_AFTER = 0.5
_REFRESHES_A_SECOND = 4
_BAR_WIDTH = 20


class Counting(Protocol):
    """Tells how many are done, and of how many where that is known by now."""

    def __call__(self, done: int, of: int | None = None) -> None: ...


_shown: ContextVar[Counting | None] = ContextVar("shown", default=None)


@contextmanager
def working(what: str, of: int | None = None) -> Iterator[Counting]:
    """Show that this takes a while; yields what tells how many are done.

    Inside another one it shows nothing of its own and counts for that. Nothing else may be written
    to the terminal meanwhile, except by `tell(..., err=True)`.
    """
    outer = _shown.get()
    if outer:
        yield outer
        return
    console = Console(stderr=True)
    if not (sys.stderr.isatty() and console.is_interactive):
        yield _nothing
        return
    display = _display(console)
    task = display.add_task(what, total=of)

    def count(done: int, of: int | None = of) -> None:
        display.update(task, completed=done, total=of)

    later = Timer(_SHOWN_AFTER, display.start)
    later.daemon = True
    later.start()
    token = _shown.set(count)
    try:
        yield count
    finally:
        _shown.reset(token)
        later.cancel()
        later.join()
        display.stop()


async def awaited(what: str, items: AsyncIterator[_Item]) -> AsyncIterator[_Item]:
    """Yield the items, and show that it takes a while whenever the next one does."""
    while True:
        with working(what):
            item = await anext(items, None)
        if item is None:
            return
        yield item


def _nothing(done: int, of: int | None = None) -> None:
    """Discard the numbers, where there is no terminal to show them on."""


def _display(console: Console) -> Display:
    return Display(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        _Bar(),
        _Amount(),
        console=console,
        transient=True,
        refresh_per_second=_REFRESHES_A_SECOND,
        # Else what goes to standard output, perhaps a file, would be written to the terminal.
        redirect_stdout=False,
    )


class _Bar(ProgressColumn):
    def render(self, task: Task) -> RenderableType:
        if task.total is None:
            return Text()
        return ProgressBar(task.total, task.completed, width=_BAR_WIDTH)


class _Amount(ProgressColumn):
    def render(self, task: Task) -> RenderableType:
        done = f"{task.completed:,.0f}" if task.completed else ""
        return Text(done if task.total is None else f"{done or 0} of {task.total:,.0f}")
