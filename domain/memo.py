"""Keeps what pure functions of personal data returned for one piece of work, and no longer.

`functools.cache` would keep names, contacts and passwords in memory for as long as a process lives.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

OF_A_REGISTRAR = 65_536
"""How many values are kept of fields that differ from row to row; each is read several times."""
_kept: ContextVar[dict[Callable[..., Any], Callable[..., Any]] | None] = ContextVar(
    "kept", default=None
)


@contextmanager
def remembering() -> Iterator[None]:
    """Compute each value of `remembered` functions once; all is forgotten at the end.

    Within another `remembering` all is forgotten at the end of the outer one.
    """
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def remembered(most: int) -> Callable[[F], F]:
    """Let a function keep its last `most` values, while `remembering` only."""

    def decorate(function: F) -> F:
        @wraps(function)
        def remember(*args: Any, **named: Any) -> Any:
            kept = _kept.get()
            if kept is None:
                return function(*args, **named)
            keeping = kept.get(function)
            if keeping is None:
                keeping = kept[function] = lru_cache(most)(function)
            return keeping(*args, **named)

        return cast("F", remember)

    return decorate
