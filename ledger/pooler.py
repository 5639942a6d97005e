"""Notices a pooler in transaction mode on the way to PostgreSQL, where no session is one's own.

There a statement that was prepared is another session's, and a lock of a session is held by whoever
comes next. A direct way, or a pooler in session mode, gives each connection a session to itself.
"""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from postgres import NO_RESULT, Pool

_ROUNDS = 3
"""On an idle pooler the first one tells; on a busy one, others may come in between."""
UNPREPARED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


class SharedSessions(Exception):
    """Sessions are shared; says in one line what to do."""

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"{setting} leads to a pooler in transaction mode, which shares sessions, so that locks"
            " and prepared statements do not hold: name PostgreSQL itself or a pool in session mode"
        )


async def refuse(pool: Pool, setting: str) -> None:
    """Raise `SharedSessions` where sessions are shared; a database that is away refuses nobody."""
    try:
        shared = await shares_sessions(pool)
    except NO_RESULT:
        return
    if shared:
        raise SharedSessions(setting)


async def shares_sessions(pool: Pool) -> bool:
    """Tell whether two connections that are open at once were given the same session."""
    try:
        async with pool.acquire() as one, pool.acquire() as other:
            return any([await _session(one) == await _session(other) for _ in range(_ROUNDS)])
    except UNPREPARED:
        return True


async def _session(connection: "PoolConnectionProxy[asyncpg.Record]") -> int:
    """Return the server's process, asked in a transaction: a statement needs its session twice."""
    async with connection.transaction():
        number: int = await connection.fetchval("SELECT pg_backend_pid()")
        return number
