"""Turns errors of the systems outside into failures that Temporal keeps and anybody may read.

What people must mend is retried slowly, and alarms them once for each cause.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from adapters.errors import AdapterError, Refused, adapter_error
from domain.contracts.vocabulary import FailureType

_ALARM_AGAIN_SECONDS = 600.0

log = structlog.get_logger("activities")
_alarmed: dict[tuple[str, str], float] = {}


def failure(error: AdapterError) -> ApplicationError:
    """Return the failure that this error is for Temporal; operators are told what needs them."""
    if error.alarming:
        alarm(error.message)
    return ApplicationError(
        error.message,
        type=error.type.value,
        non_retryable=isinstance(error, Refused),
        next_retry_delay=error.wait,
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
    except Exception as error:  # noqa: BLE001 - its text must not get out, whatever it is
        raise failure(adapter_error(error, away, unavailable)) from None
