"""PostgreSQL connection pools that fail fast, and the exceptions that mean it is unavailable."""

from typing import TypeAlias

import asyncpg
from asyncpg.connection import LoggedQuery
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "Pool | PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
)
"""Whatever executes one statement; a pool lends a connection for it."""

UNAVAILABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # Raised for a connection that the server closes at the moment it is used.
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
    # A migration changed a table that this transaction had queried before.
    asyncpg.InvalidCachedStatementError,
    # A view reads a foreign server (FDW) that is unavailable.
    asyncpg.FDWUnableToEstablishConnectionError,
)
"""Raised by the driver when PostgreSQL is away, starting, stopping, full, read-only or faulty."""
NO_RESULT: tuple[type[BaseException], ...] = (*UNAVAILABLE, asyncpg.PostgresError)
"""Whatever the driver raises instead of a result: PostgreSQL is unavailable, or refuses."""


async def exists(ledger: Connection, rows: str, *values: object) -> bool:
    """Return whether there are such rows; `rows` is constant SQL: a table and its condition."""
    return bool(await ledger.fetchval(f"SELECT EXISTS (SELECT FROM {rows})", *values))  # noqa: S608


async def connect(dsn: str, *, seconds: float = 2, planner: str = "") -> Pool:
    """Return a pool with this time-out for connecting and for commands; it connects on first use.

    `planner` is SQL that sets up the query planner in each new session.

    A connection returns to the pool without a statement that resets it, which would double the
    statements: nothing may be left in a session but prepared statements. An open transaction is
    rolled back.

    When a server turns out to be read-only, all connections expire, so that the next query may
    reach the new primary; connections in use would otherwise stay with the old one.
    """

    async def expire_if_read_only(query: LoggedQuery) -> None:
        if isinstance(query.exception, asyncpg.ReadOnlySQLTransactionError):
            await pool.expire_connections()

    async def prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        connection.add_query_logger(expire_if_read_only)
        if planner:
            await connection.execute(planner)

    pool: Pool = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=8,
        timeout=seconds,
        command_timeout=seconds,
        init=prepare,
        reset=_no_reset,
    )
    return pool


async def _no_reset(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Leave the session as it is."""
