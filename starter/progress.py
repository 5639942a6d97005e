"""Shows at a terminal that a command works: a bar where the total is known, else how many are done.

It is written to standard error, and only if that is a terminal, so that no file, pipe or log has
any of it. Work that ends sooner than a person wonders about it shows nothing.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.progress import Progress as Display
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from domain.counting import Counting, not_counted

_Item = TypeVar("_Item")
SHOWN_AFTER = 0.5
_REFRESHES_A_SECOND = 4
_BAR_WIDTH = 20


_shown: ContextVar[Counting | None] = ContextVar("shown", default=None)


@contextmanager
def working(what: str, of: int | None = None, *, streaming: bool = False) -> Iterator[Counting]:
    """Show that this takes a while; yields what tells how many are done.

    Inside another one it shows nothing of its own and counts for that. Only `tell` may write to the
    terminal meanwhile. With `streaming` nothing is shown if standard output is a terminal too,
    because what is written there says enough.
    """
    outer = _shown.get()
    if outer:
        yield lambda done, of=of: outer(done, of)
        return
    console = Console(stderr=True)
    hidden = streaming and sys.stdout.isatty()
    if hidden or not (sys.stderr.isatty() and console.is_interactive):
        yield not_counted
        return
    display = _display(console)
    display.add_task(what, total=of)
    (task,) = display.tasks

    def count(done: int, of: int | None = of) -> None:
        # Hundred thousands are counted one by one; the display looks four times a second.
        task.completed, task.total = done, of

    later = Timer(SHOWN_AFTER, display.start)
    later.daemon = True
    token = _shown.set(count)
    try:
        later.start()
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


def _display(console: Console) -> Display:
    return Display(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        _Bar(),
        _Amount(),
        console=console,
        transient=True,
        refresh_per_second=_REFRESHES_A_SECOND,
        # What goes to a file must not be written to the terminal.
        redirect_stdout=sys.stdout.isatty(),
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
