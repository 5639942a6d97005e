"""PostgreSQL connection pools that fail fast, and what their errors mean.

A pooler in transaction mode in front of PostgreSQL makes clients share sessions. There a prepared
statement belongs to another session, and a session's advisory lock passes to its next client. A
direct connection, or a pooler in session mode, gives each connection a session of its own.
"""

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
_ROUNDS = 3
"""On an idle pooler the first round is enough; on a busy one, other clients may come in between."""
_NO_COMPILATION = "SET jit = off"
_UNPREPARED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
_REFUSALS = {
    "28P01": "the server refuses the password: correct the user or the password in {setting}",
    "28000": "the server does not let this user in: correct the user in {setting}, or pg_hba.conf",
    "3D000": "there is no such database: create it, or correct its name in {setting}",
    "53300": "the server has no connection left: raise max_connections, or run fewer processes",
}
"""What to do when the server lets nobody in, by SQLSTATE."""


class SharedSessions(Exception):
    """Sessions are shared; the text says in one line what to do."""

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"{setting} leads to a pooler in transaction mode, which shares sessions, so that locks"
            " and prepared statements do not hold: name PostgreSQL itself or a pool in session mode"
        )


async def exists(ledger: Connection, rows: str, *values: object) -> bool:
    """Return whether there are such rows; `rows` is constant SQL: a table and its condition."""
    return bool(await ledger.fetchval(f"SELECT EXISTS (SELECT FROM {rows})", *values))  # noqa: S608


async def connect(dsn: str, *, seconds: float = 2, planner: str = "") -> Pool:
    """Return a pool with this time-out for connecting and for commands; it connects on first use.

    `planner` is SQL that sets up the query planner in each new session. Just-in-time compilation
    is off: every statement here takes milliseconds, and PostgreSQL, misled by tables without
    statistics, may compile one for longer than the time-out.

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
        await connection.execute(f"{_NO_COMPILATION}; {planner}")

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


async def refuse_shared_sessions(pool: Pool, setting: str) -> None:
    """Raise `SharedSessions` where sessions are shared; pass while the database is unavailable."""
    try:
        shared = await shares_sessions(pool)
    except NO_RESULT:
        return
    if shared:
        raise SharedSessions(setting)


async def shares_sessions(pool: Pool) -> bool:
    """Return whether two connections that are open at once were given the same session."""
    try:
        async with pool.acquire() as one, pool.acquire() as other:
            return any([await _server_pid(one) == await _server_pid(other) for _ in range(_ROUNDS)])
    except _UNPREPARED:
        return True


async def _server_pid(connection: "PoolConnectionProxy[asyncpg.Record]") -> int:
    """Return the server process's id, in a transaction: a statement needs its session twice."""
    async with connection.transaction():
        number: int = await connection.fetchval("SELECT pg_backend_pid()")
        return number


def explain(error: type[BaseException], part: str, setting: str, lacks: str) -> str:
    """Return one line about a driver's error that names the setting to check.

    `part` is the database's name for people; `lacks` the line for a table that is not there.
    """
    if issubclass(error, asyncpg.ClientConfigurationError):
        return f"{setting} is no address that PostgreSQL's driver can use"
    if issubclass(error, UNAVAILABLE):
        return f"the {part} cannot be reached ({error.__name__}): see to {setting}"
    if issubclass(error, _UNPREPARED):
        return str(SharedSessions(setting))
    if issubclass(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return lacks
    return f"the {part} refuses ({error.__name__}): see to {setting} and its role"


def mend_refusal(error: asyncpg.PostgresError, setting: str) -> str | None:
    """Return what to do when the server lets nobody in; None for any other refusal."""
    words = _REFUSALS.get(error.sqlstate or "")
    return words and f"{words.format(setting=setting)} ({type(error).__name__} {error.sqlstate})"
