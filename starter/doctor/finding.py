"""What a check found, in words without a secret or a person."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from temporalio.exceptions import ApplicationError


class Finding(NamedTuple):
    """One line: what was looked at, and what to do about it; empty when it is well."""

    part: str
    about: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.mend


Findings = AsyncIterator[Finding]


async def guarded(part: str, checks: Findings) -> Findings:
    """Give what a check finds, and in its place why it could not go on."""
    try:
        async for finding in checks:
            yield finding
    except ApplicationError as failure:
        yield Finding(part, "answers as it should", f"it does not: {failure.message}")
    except TimeoutError:
        yield Finding(part, "answers in time", "it does not: see to it and to the way there")
    except Exception as error:  # noqa: BLE001 - drivers raise anything, and quote what they had
        yield Finding(part, "can be reached", f"{_why(error)}: see to it and to the way there")


def _why(error: BaseException) -> str:
    """Name an error by its class, and by its number where it has one."""
    number = getattr(error, "sqlstate", None) or getattr(error, "code", None)
    return f"{type(error).__name__} {number}" if number else type(error).__name__
