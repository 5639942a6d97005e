"""Turns what drivers raise into failures that may be kept for years and read by anybody.

A failure names the part to mend (its type) and the driver's exception class or result code, never
the driver's text, which likes to quote values; the original is cut off with `from None`.

What people must mend is tried again slowly, and alarms them once for each cause.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.contracts.vocabulary import FailureType

_MENDING = timedelta(seconds=45)
_ALARM_AGAIN_SECONDS = 600.0

log = structlog.get_logger("activities")
_alarmed: dict[tuple[str, str], float] = {}


def failure(
    kind: FailureType,
    detail: str,
    *,
    permanent: bool = False,
    wait: timedelta | None = None,
) -> ApplicationError:
    """Return a failure to raise; `detail` is a fixed text, a class name or a code."""
    message = f"{kind.value}: {detail}"
    if kind is FailureType.CONFIGURATION:
        alarm(message)
        wait = wait or _MENDING
    return ApplicationError(
        message,
        type=kind.value,
        non_retryable=permanent,
        next_retry_delay=wait,
    )


def alarm(cause: str) -> None:
    """Tell operators what needs them: one line a cause, however many students it befalls."""
    where = activity.info().activity_type if activity.in_activity() else "start"
    now = time.monotonic()
    if now >= _alarmed.get((where, cause), now):
        _alarmed[where, cause] = now + _ALARM_AGAIN_SECONDS
        log.error("trouble outside", activity=where, outcome=cause)


@contextmanager
def guarded(
    away: FailureType,
    unavailable: tuple[type[BaseException], ...],
) -> Iterator[None]:
    """Tell `unavailable` errors as this part being away, all others as something to mend.

    Those others are retried as well: once the settings or the code are mended, whatever waits for
    them goes on by itself.
    """
    try:
        yield
    except ApplicationError:
        raise
    except unavailable as error:
        raise failure(away, type(error).__name__) from None
    except Exception as error:  # noqa: BLE001 - its text must not get out, whatever it is
        raise failure(FailureType.CONFIGURATION, type(error).__name__) from None
