"""Brings the ledger's tables to the newest version; safe to run at any time, by many at once."""

import hashlib
from pathlib import Path

import asyncpg

from ledger import locks
from postgres import Connection

_FOLDER = Path(__file__).parent / "migrations"
_FOR_OTHERS = 30.0
"""Seconds to wait for another migration to end."""
_FOR_TABLES = 5.0
"""Seconds to wait for each table: whoever comes to it meanwhile waits as well."""
# Read this way, for a ledger of an older version has no column of checksums.
_APPLIED = "SELECT name, to_jsonb(migration) ->> 'checksum' AS checksum FROM migration"


class NotMigrated(Exception):
    """The tables are as they were; the text says why, in one line."""


async def missing(ledger: Connection) -> list[str]:
    """Return the names of the migrations that are not applied, in order."""
    applied = await _applied(ledger)
    return [path.stem for path in _files() if path.stem not in applied]


async def edited(ledger: Connection) -> list[str]:
    """Return the names of the applied migrations whose files say something else now."""
    applied = await _applied(ledger)
    return [path.stem for path in _files() if applied.get(path.stem) not in (None, _sum(path))]


async def migrate(
    dsn: str, *, for_others: float = _FOR_OTHERS, for_tables: float = _FOR_TABLES
) -> list[str]:
    """Apply what is missing, in order, in one transaction; returns the names applied.

    Raises `NotMigrated` when another one, or whoever uses a table, keeps it waiting for so many
    seconds, and when a file was edited after it was applied.
    """
    connection = await asyncpg.connect(dsn, timeout=10, statement_cache_size=0)
    try:
        async with connection.transaction():
            await _wait_at_most(connection, for_others)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.MIGRATIONS)
            await _wait_at_most(connection, for_tables)
            return await _apply(connection)
    except asyncpg.LockNotAvailableError:
        raise NotMigrated(
            "another migration, or a transaction that uses a table, did not end in time; nothing"
            " was changed: try again"
        ) from None
    finally:
        await connection.close()


async def _wait_at_most(connection: Connection, seconds: float) -> None:
    await connection.execute(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")


async def _apply(connection: Connection) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration "
        "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    if other := await edited(connection):
        raise NotMigrated(
            f"{', '.join(other)} was edited after it was applied; nothing was changed: bring the"
            " file back as it was, and put what is new into a file of its own"
        )
    applied = await missing(connection)
    for path in _files():
        if path.stem in applied:
            await connection.execute(path.read_text("utf-8"))
            await connection.execute("INSERT INTO migration (name) VALUES ($1)", path.stem)
    # Those of before there were checksums are taken as they stand.
    note = "UPDATE migration SET checksum = $2 WHERE name = $1 AND checksum IS NULL"
    await connection.executemany(note, [(path.stem, _sum(path)) for path in _files()])
    return applied


async def _applied(ledger: Connection) -> dict[str, str | None]:
    try:
        return {row["name"]: row["checksum"] for row in await ledger.fetch(_APPLIED)}
    except asyncpg.UndefinedTableError:
        return {}


def _files() -> list[Path]:
    return sorted(_FOLDER.glob("*.sql"))


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_text("utf-8").encode()).hexdigest()
