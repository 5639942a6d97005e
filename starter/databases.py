"""Translates database errors to one line of text that names the setting to check."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.errors import AdapterError
from adapters.registrar import wiring
from postgres import NO_RESULT, explain
from starter.output import Failed


@contextmanager
def ledger() -> Iterator[None]:
    """Raise `Failed` instead of any driver error of the ledger."""
    lacks = "the ledger lacks its tables: activation ledger migrate"
    try:
        yield
    except AdapterError as error:
        kind = error.driver_error or type(error)
        raise Failed(explain(kind, "ledger", "ledger_dsn", lacks)) from None
    except NO_RESULT as error:
        raise Failed(explain(type(error), "ledger", "ledger_dsn", lacks)) from None


@contextmanager
def registrar() -> Iterator[None]:
    """Raise `Failed` instead of any error of the registrar's client."""
    try:
        yield
    except AdapterError as error:
        raise Failed(wiring.explain(error)) from None
