"""Defines the errors that clients of outside systems raise.

An error names the system (its failure type) and the driver's exception class or result code, never
the driver's text, which may quote personal data; the original is cut off with `from None`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.contracts.vocabulary import FailureType

_MENDING = timedelta(seconds=45)


class AdapterError(Exception):
    """A request to a system failed; `detail` is a fixed text, a class name or a code.

    `wait` is the shortest delay before a retry. `alarming`: operators are alerted although it is
    retried. `driver_error` is the class of the driver's exception. `not_sent`: of a message it is
    certain that it was not taken; otherwise nobody knows.
    """

    driver_error: type[BaseException] | None = None
    not_sent: bool = False

    def __init__(
        self,
        type: FailureType,  # noqa: A002 - as ApplicationError calls it
        detail: str,
        *,
        wait: timedelta | None = None,
        alarming: bool = False,
    ) -> None:
        super().__init__(f"{type.value}: {detail}")
        self.type = type
        self.wait = wait
        self.alarming = alarming

    @property
    def message(self) -> str:
        return str(self)


class Unavailable(AdapterError):
    """The system is away, busy or slow, so a retry of the same request may succeed."""


class Misconfigured(AdapterError):
    """People must fix the settings or the system; until then each retry fails."""

    def __init__(self, detail: str) -> None:
        super().__init__(FailureType.CONFIGURATION, detail, wait=_MENDING, alarming=True)


class Refused(Misconfigured):
    """The system rejects the request whatever the settings: a defect of this engine."""


def adapter_error(
    error: Exception, away: FailureType, unavailable: tuple[type[BaseException], ...]
) -> AdapterError:
    """Return the error to raise; `unavailable` classes become `Unavailable` of type `away`."""
    if isinstance(error, AdapterError):
        return error
    name = type(error).__name__
    told = Unavailable(away, name) if isinstance(error, unavailable) else Misconfigured(name)
    told.driver_error = type(error)
    return told


@contextmanager
def translated(away: FailureType, unavailable: tuple[type[BaseException], ...]) -> Iterator[None]:
    """Turn whatever a driver raises into an `AdapterError`."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - its text must not get out, whatever it is
        raise adapter_error(error, away, unavailable) from None
