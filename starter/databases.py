"""Tells in one line of words what is wrong with a database, and in which setting to look."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from adapters.errors import AdapterError
from ledger import pooler
from postgres import NO_RESULT, UNAVAILABLE
from starter.output import Failed


@contextmanager
def ledger() -> Iterator[None]:
    """Raise `Failed` for whatever the driver raises of the ledger."""
    with _told("ledger", "ledger_dsn", "the ledger lacks its tables: activation ledger migrate"):
        yield


@contextmanager
def registrar() -> Iterator[None]:
    """Raise `Failed` for whatever the driver raises of the registrar."""
    lacks = "the registrar lacks the view or a column: see to registrar.view and registrar.columns"
    with _told("registrar", "registrar.dsn", lacks):
        yield


@contextmanager
def _told(part: str, setting: str, lacks: str) -> Iterator[None]:
    try:
        yield
    except AdapterError as error:
        raise Failed(_words(error.driver_error or type(error), part, setting, lacks)) from None
    except NO_RESULT as error:
        raise Failed(_words(type(error), part, setting, lacks)) from None


def _words(error: type[BaseException], part: str, setting: str, lacks: str) -> str:
    if issubclass(error, asyncpg.ClientConfigurationError):
        return f"{setting} is no address that PostgreSQL's driver can use"
    if issubclass(error, UNAVAILABLE):
        return f"the {part} cannot be reached ({error.__name__}): see to {setting}"
    if issubclass(error, pooler.UNPREPARED):
        return str(pooler.SharedSessions(setting))
    if issubclass(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return lacks
    return f"the {part} refuses ({error.__name__}): see to {setting} and its role"
