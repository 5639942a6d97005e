"""Keeps a try of an activity that has outlived its time from writing to the directory."""

import time
from contextvars import ContextVar

from temporalio import activity

from adapters.errors import Unavailable
from domain.contracts.vocabulary import FailureType

_began: ContextVar[float] = ContextVar("began")


def monotonic() -> float:
    """Return seconds that no change of the machine's clock moves, and no sleep of it stops."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def begin_try() -> None:
    """Note when this try of an activity began, for `fence`."""
    _began.set(monotonic())


def fence() -> None:
    """Raise where this try has outlived its time: a later one may have begun.

    A stopped process may wake at any moment, and what it wrote then would undo the later try. The
    time is measured here, for the clocks of this machine and of Temporal may differ.
    """
    patience = activity.info().start_to_close_timeout
    if patience and monotonic() >= _began.get() + patience.total_seconds():
        raise Unavailable(FailureType.DIRECTORY_DOWN, "too late to write")
