"""Applies the ledger's missing migrations; idempotent, and safe for several callers at once.

In the same transaction the roles of the processes get their rights on new tables.
"""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

import asyncpg

from ledger import locks, roles
from postgres import Connection

_FOLDER = Path(__file__).parent / "migrations"
_MIGRATION_TIMEOUT = 30.0
"""Lock time-out in seconds for another migration to end."""
_TABLE_TIMEOUT = 5.0
"""Lock time-out in seconds for each table: statements that come meanwhile wait as well."""
# `to_jsonb`, because a ledger of an older version has no column `checksum`.
_APPLIED = "SELECT name, to_jsonb(migration) ->> 'checksum' AS checksum FROM migration"


class NotMigrated(Exception):
    """Nothing was changed; the text says why, in one line."""


async def missing(ledger: Connection) -> list[str]:
    """Return the names of the migrations that are not applied, in order."""
    names = await applied(ledger)
    return [path.stem for path in _files() if path.stem not in names]


async def edited(ledger: Connection) -> list[str]:
    """Return the names of the applied migrations whose files were changed since."""
    names = await applied(ledger)
    return [path.stem for path in _files() if names.get(path.stem) not in (None, _checksum(path))]


def unknown(names: Mapping[str, str | None]) -> list[str]:
    """Return those of these migrations, with their checksums, that this version does not have."""
    ours = {path.stem: _checksum(path) for path in _files()}
    return [name for name, checksum in names.items() if ours.get(name) != checksum]


async def migrate(
    dsn: str,
    *,
    prefix: str = "",
    for_others: float = _MIGRATION_TIMEOUT,
    for_tables: float = _TABLE_TIMEOUT,
) -> list[str]:
    """Apply the missing migrations, in order, in one transaction; return their names.

    Roles whose names begin with `prefix` get their rights (`ledger.roles`).

    Raises `NotMigrated` when another migration (`for_others`) or a transaction that uses a table
    (`for_tables`) exceeds its lock time-out, and when a file was edited after it was applied.
    """
    connection = await asyncpg.connect(dsn, timeout=10, statement_cache_size=0)
    try:
        async with connection.transaction():
            await _set_lock_timeout(connection, for_others)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.MIGRATIONS)
            await _set_lock_timeout(connection, for_tables)
            names = await apply(connection)
            if prefix:
                await roles.grant(connection, prefix)
            return names
    except asyncpg.LockNotAvailableError:
        raise NotMigrated(
            "another migration, or a transaction that uses a table, did not end in time; nothing"
            " was changed: try again"
        ) from None
    finally:
        await connection.close()


async def _set_lock_timeout(connection: Connection, seconds: float) -> None:
    await connection.execute(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")


async def apply(connection: Connection, only: Collection[str] | None = None) -> list[str]:
    """Apply the missing migrations, or those of them in `only`; return their names.

    The caller has a transaction and the lock of migrations.
    """
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration "
        "(name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    if other := await edited(connection):
        raise NotMigrated(
            f"{', '.join(other)} was edited after it was applied; nothing was changed: bring the"
            " file back as it was, and put what is new into a file of its own"
        )
    names = [each for each in await missing(connection) if only is None or each in only]
    for path in _files():
        if path.stem in names:
            await connection.execute(path.read_text("utf-8"))
            await connection.execute("INSERT INTO migration (name) VALUES ($1)", path.stem)
    # Migrations applied before there were checksums get those of their files as they are now.
    add_checksum = "UPDATE migration SET checksum = $2 WHERE name = $1 AND checksum IS NULL"
    await connection.executemany(add_checksum, [(path.stem, _checksum(path)) for path in _files()])
    return names


async def applied(ledger: Connection) -> dict[str, str | None]:
    """Return the checksums of the applied migrations by name."""
    try:
        return {row["name"]: row["checksum"] for row in await ledger.fetch(_APPLIED)}
    except asyncpg.UndefinedTableError:
        return {}


def _files() -> list[Path]:
    return sorted(_FOLDER.glob("*.sql"))


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_text("utf-8").encode()).hexdigest()
