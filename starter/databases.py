"""Opens the ledger for a command, and explains errors of a database in one line.

That line names the setting to check.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import postgres
from adapters.errors import AdapterError
from adapters.registrar import wiring
from ledger import key_checks
from postgres import NO_RESULT, Pool
from security.keys import KeyRing
from settings import Settings
from starter.output import Failed


@asynccontextmanager
async def ledger(config: Settings, *, seconds: float = 2) -> AsyncIterator[tuple[Pool, KeyRing]]:
    """Yield the ledger and the keys; raises `KeyUnavailable` if these are not the ledger's.

    Raises `Failed` instead of any driver error of the ledger. `seconds` is the time-out of a call.
    """
    keys = KeyRing(config.keys_dir)
    with ledger_errors():
        dsn = config.ledger_dsn.get_secret_value()
        async with await postgres.connect(dsn, seconds=seconds) as pool:
            await key_checks.compare(pool, keys.checks())
            yield pool, keys


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Raise `Failed` instead of any driver error of the ledger; errors of files pass through."""
    try:
        yield
    except NO_RESULT as error:
        if isinstance(error, OSError) and error.filename:
            raise
        lacks = "the ledger lacks its tables: activation ledger migrate"
        raise Failed(postgres.explain(type(error), "ledger", "ledger_dsn", lacks)) from None


@contextmanager
def registrar() -> Iterator[None]:
    """Raise `Failed` instead of any error of the registrar's client."""
    try:
        yield
    except AdapterError as error:
        raise Failed(wiring.explain(error)) from None
