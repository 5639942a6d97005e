"""Translates database errors to one line of text that names the setting to check."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import asyncpg

from adapters.errors import AdapterError
from ledger import pooler
from postgres import NO_RESULT, UNAVAILABLE
from starter.output import Failed

_NO_TABLES = "the ledger lacks its tables: activation ledger migrate"
_NO_VIEW = "the registrar lacks the view or a column: see to registrar.view and registrar.columns"


@contextmanager
def _described_errors(part: str, setting: str, lacks: str) -> Iterator[None]:
    """Raise `Failed` instead of any driver error of this database."""
    try:
        yield
    except AdapterError as error:
        raise Failed(_describe(error.driver_error or type(error), part, setting, lacks)) from None
    except NO_RESULT as error:
        raise Failed(_describe(type(error), part, setting, lacks)) from None


ledger = partial(_described_errors, "ledger", "ledger_dsn", _NO_TABLES)
registrar = partial(_described_errors, "registrar", "registrar.dsn", _NO_VIEW)


def _describe(error: type[BaseException], part: str, setting: str, lacks: str) -> str:
    if issubclass(error, asyncpg.ClientConfigurationError):
        return f"{setting} is no address that PostgreSQL's driver can use"
    if issubclass(error, UNAVAILABLE):
        return f"the {part} cannot be reached ({error.__name__}): see to {setting}"
    if issubclass(error, pooler.UNPREPARED):
        return str(pooler.SharedSessions(setting))
    if issubclass(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return lacks
    return f"the {part} refuses ({error.__name__}): see to {setting} and its role"
