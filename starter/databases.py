"""Tells in one line of words what is wrong with a database, and in which setting to look."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from ledger import pooler
from postgres import UNAVAILABLE
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
    except asyncpg.ClientConfigurationError:
        raise Failed(f"{setting} is no address that PostgreSQL's driver can use") from None
    except UNAVAILABLE as error:
        name = type(error).__name__
        raise Failed(f"the {part} cannot be reached ({name}): see to {setting}") from None
    except pooler.UNPREPARED:
        raise Failed(str(pooler.SharedSessions(setting))) from None
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        raise Failed(lacks) from None
    except asyncpg.PostgresError as error:
        name = type(error).__name__
        raise Failed(f"the {part} refuses ({name}): see to {setting} and its role") from None
