"""Turns errors of outside systems into Temporal failures, which hold no personal data.

An error that people must fix is retried slowly and alerts operators once for each cause.
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
    """Return the Temporal failure for this error, and alert operators if they must act."""
    if error.alarming:
        alarm(error.message)
    return ApplicationError(
        error.message,
        type=error.type.value,
        non_retryable=isinstance(error, Refused),
        next_retry_delay=error.wait,
    )


def alarm(cause: str) -> None:
    """Log an error for operators, one line for each cause, however many students it affects."""
    where = activity.info().activity_type if activity.in_activity() else "start"
    now = time.monotonic()
    if now >= _alarmed.get((where, cause), now):
        _alarmed[where, cause] = now + _ALARM_AGAIN_SECONDS
        log.error("trouble outside", activity=where, outcome=cause)


@contextmanager
def guarded(away: FailureType, unavailable: tuple[type[BaseException], ...]) -> Iterator[None]:
    """Raise `unavailable` errors as the failure type `away`, all others as a misconfiguration.

    A misconfiguration is retried as well: activations continue once settings or code are fixed.
    """
    try:
        yield
    except ApplicationError:
        raise
    except Exception as error:  # noqa: BLE001 - its text must not get out, whatever it is
        raise failure(adapter_error(error, away, unavailable)) from None
