"""Pools of connections to PostgreSQL, which fail fast, and what tells that it is away."""

from typing import TypeAlias

import asyncpg
from asyncpg.connection import LoggedQuery
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "Pool | PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
)
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
    asyncpg.TransactionTimeoutError,
    asyncpg.SnapshotTooOldError,
    # A migration changed a table that this very transaction had asked before.
    asyncpg.InvalidCachedStatementError,
    # A view whose rows are another server's, and that one is away.
    asyncpg.FDWUnableToEstablishConnectionError,
)
"""What the driver raises when PostgreSQL is away, starting, stopping, full, read-only or ill."""
NO_RESULT: tuple[type[BaseException], ...] = (*UNAVAILABLE, asyncpg.PostgresError)
"""Whatever the driver raises in place of a result, be PostgreSQL away or be it refusing us."""


async def connect(dsn: str, *, seconds: float = 2) -> Pool:
    """Return a pool that gives connection and command so long; the first query opens the first.

    Where a server turns out to be read-only, the next query gets a new connection, which may reach
    the new primary; the old ones would stay with the old one for as long as they are used.
    """

    async def renew(query: LoggedQuery) -> None:
        if isinstance(query.exception, asyncpg.ReadOnlySQLTransactionError):
            await pool.expire_connections()

    async def watched(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        connection.add_query_logger(renew)

    pool: Pool = await asyncpg.create_pool(
        dsn, min_size=0, max_size=8, timeout=seconds, command_timeout=seconds, init=watched
    )
    return pool
