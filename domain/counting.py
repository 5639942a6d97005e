"""How long work tells how many are done, to whoever shows it."""

from typing import Protocol


class Counting(Protocol):
    """Takes how many are done, and of how many where that is known by now."""

    def __call__(self, done: int, of: int | None = None) -> None: ...


def not_counted(done: int, of: int | None = None) -> None:
    """Take no note of it."""
