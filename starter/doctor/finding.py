"""Turns what a check raises into a finding that says what to do."""

from adapters.errors import AdapterError
from adapters.findings import Finding, Findings

_DSNS = {"ledger": "ledger_dsn", "registrar": "registrar.dsn"}
_REFUSALS = {
    "28P01": "the server refuses the password: correct the user or the password in {setting}",
    "28000": "the server does not let this user in: correct the user in {setting}, or pg_hba.conf",
    "3D000": "there is no such database: create it, or correct its name in {setting}",
    "53300": "the server has no connection left: raise max_connections, or run fewer processes",
}
"""What to do about PostgreSQL's refusals, by SQLSTATE."""


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
        yield Finding(part, "can be reached", _advice(part, error))


def _advice(part: str, error: BaseException) -> str:
    """Return what to do about an error; specific for PostgreSQL's known refusals."""
    words = _REFUSALS.get(getattr(error, "sqlstate", None) or "")
    if words is None:
        return f"{_named(error)}: see to it and to the way there"
    return f"{words.format(setting=_DSNS.get(part, part))} ({_named(error)})"


def _named(error: BaseException) -> str:
    """Return an error's class, and its code if it has one."""
    number = getattr(error, "sqlstate", None) or getattr(error, "code", None)
    return f"{type(error).__name__} {number}" if number else type(error).__name__
