"""One way to the ledger: a pool that can be made while PostgreSQL is away, and fails fast."""

from typing import TypeAlias

import asyncpg

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

UNAVAILABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)
"""What the driver raises when PostgreSQL is away, starting, stopping, full or overtaken."""


async def connect(dsn: str, *, connect_timeout: float = 2, command_timeout: float = 3) -> Pool:
    """Return a pool; no connection is opened before the first query."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=8,
        timeout=connect_timeout,
        command_timeout=command_timeout,
    )
