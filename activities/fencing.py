"""Keeps an activity attempt that has exceeded its time-out from writing to the directory."""

import time
from contextvars import ContextVar

from temporalio import activity

from adapters.errors import Unavailable
from domain.contracts.vocabulary import FailureType

_began: ContextVar[float] = ContextVar("began")


def monotonic() -> float:
    """Return seconds of a monotonic clock that also counts while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def begin_try() -> None:
    """Store the start of this activity attempt, for `fence`."""
    _began.set(monotonic())


def fence() -> None:
    """Raise if this attempt has exceeded its time-out, because the next may have begun.

    A suspended process may resume at any time, and its late write could undo that of the retry.
    The time is measured locally, because this machine's clock may differ from Temporal's.
    """
    patience = activity.info().start_to_close_timeout
    if patience and monotonic() >= _began.get() + patience.total_seconds():
        raise Unavailable(FailureType.DIRECTORY_DOWN, "too late to write")
