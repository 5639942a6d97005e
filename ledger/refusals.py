"""Tells a ledger that refuses a statement from one that is away, and logs the refusal.

An outage ends by itself, and goes by without a line. A missing right or an older schema stays until
an operator runs `activation ledger migrate` and `activation ledger roles`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from asyncpg import PostgresError

from postgres import NO_RESULT, UNAVAILABLE

log = structlog.get_logger(__name__)


def refuses(error: BaseException) -> bool:
    """Tell whether the ledger answered and refused, and log that; False for an outage."""
    if isinstance(error, UNAVAILABLE) or not isinstance(error, PostgresError):
        return False
    # Statements are constant, and their values are not in them.
    failure, statement = type(error).__name__, getattr(error, "query", None)
    log.error("the ledger refuses a statement", failure=failure, statement=statement)
    return True


@contextmanager
def passed_over() -> Iterator[None]:
    """Go on without what the block asks the ledger for, while it is away or refuses."""
    try:
        yield
    except NO_RESULT as error:
        refuses(error)
