"""Turns what a check raises into a finding that says what to do."""

from adapters.errors import AdapterError
from adapters.findings import Finding, Findings


async def guarded(part: str, checks: Findings) -> Findings:
    """Yield the findings of a check; if it raises, yield a finding that says why."""
    try:
        async for finding in checks:
            yield finding
    except AdapterError as failure:
        yield Finding(part, "answers as it should", f"it does not: {failure.message}")
    except TimeoutError:
        yield Finding(part, "answers in time", "it does not: see to it and to the way there")
    except Exception as error:  # noqa: BLE001 - drivers raise anything, and their texts quote data
        yield Finding(part, "can be reached", f"{_named(error)}: see to it and to the way there")


def _named(error: BaseException) -> str:
    """Return an error's class, and its code if it has one."""
    number = getattr(error, "sqlstate", None) or getattr(error, "code", None)
    return f"{type(error).__name__} {number}" if number else type(error).__name__
