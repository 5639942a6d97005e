"""Caches results of pure functions of personal data for the duration of one piece of work.

`functools.cache` would keep names, contacts and passwords in memory until the process ends.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

OF_A_REGISTRAR = 65_536
"""Cache size for fields that differ from row to row; each value is read several times."""
_kept: ContextVar[dict[Callable[..., Any], Callable[..., Any]] | None] = ContextVar(
    "kept", default=None
)


@contextmanager
def remembering() -> Iterator[None]:
    """Cache the results of `remembered` functions within this context, and clear them at its end.

    In a nested context the cache is cleared at the end of the outermost one.
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
    """Decorate a function with an LRU cache of `most` values, active while `remembering` only."""

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
