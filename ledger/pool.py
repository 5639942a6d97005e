"""One way to the ledger: a pool that can be made while PostgreSQL is away, and fails fast."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "Pool | PoolConnectionProxy[asyncpg.Record]"
"""What takes one statement; a pool lends it a connection."""

UNAVAILABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # Said of a connection that the server ends in the very moment it is used.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
)
"""What the driver raises when PostgreSQL is away, starting, stopping, full, read-only or ill."""


async def connect(dsn: str, *, seconds: float = 2) -> Pool:
    """Return a pool that gives connection and command so long; the first query opens the first."""
    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=8, timeout=seconds, command_timeout=seconds
    )
