"""Brings the ledger's tables to the newest version; safe to run at any time, by many at once."""

from pathlib import Path

import asyncpg

from ledger.pool import Connection

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_263_401


async def missing(ledger: Connection) -> list[str]:
    """Return the names of the migrations that are not applied, in order."""
    try:
        rows = await ledger.fetch("SELECT name FROM migration")
    except asyncpg.UndefinedTableError:
        rows = []
    done = {row["name"] for row in rows}
    return [path.stem for path in sorted(_FOLDER.glob("*.sql")) if path.stem not in done]


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing, in order, in one transaction; returns the names applied."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migration "
                "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
            missing = [path for path in sorted(_FOLDER.glob("*.sql")) if path.stem not in done]
            for path in missing:
                await connection.execute(path.read_text())
                await connection.execute("INSERT INTO migration (name) VALUES ($1)", path.stem)
            return [path.stem for path in missing]
    finally:
        await connection.close()
