"""Detects a pooler in transaction mode in front of PostgreSQL, where clients share sessions.

There a prepared statement belongs to another session, and a session's advisory lock passes to its
next client. A direct connection, or a pooler in session mode, gives each connection a session of
its own.
"""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from postgres import NO_RESULT, Pool

_ROUNDS = 3
"""On an idle pooler the first round is enough; on a busy one, other clients may come in between."""
UNPREPARED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


class SharedSessions(Exception):
    """Sessions are shared; the text says in one line what to do."""

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"{setting} leads to a pooler in transaction mode, which shares sessions, so that locks"
            " and prepared statements do not hold: name PostgreSQL itself or a pool in session mode"
        )


async def refuse(pool: Pool, setting: str) -> None:
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
    except UNPREPARED:
        return True


async def _server_pid(connection: "PoolConnectionProxy[asyncpg.Record]") -> int:
    """Return the server process's id, in a transaction: a statement needs its session twice."""
    async with connection.transaction():
        number: int = await connection.fetchval("SELECT pg_backend_pid()")
        return number
