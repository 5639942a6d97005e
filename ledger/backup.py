"""Writes a backup of the ledger: one snapshot of all tables, in a folder that only its owner reads.

Each table is a file of PostgreSQL's own COPY format, compressed; `manifest.json`, written last, has
their checksums and a seal of the key ring. No client program of PostgreSQL is needed, and the
server may be of any version at the restore. What a restore deletes in any case is left out:
sessions and sealed passwords. So is a table that is none of the ledger's.
"""

import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import asyncpg

from domain.counting import Counting, not_counted
from ledger import locks, migrate
from ledger.grants import GRANTS
from security.keys import KeyRing

FORMAT = 1
MANIFEST = "manifest.json"
EMPTIED = (
    *("session", "suggestion", "start_under_way", "sealed_password"),
    *("staff_session", "sign_in_under_way"),
)
"""What must not come back: no backup has it, and each restore deletes it."""
_LEFT_OUT = ("migration", *EMPTIED)
"""The list of migrations is in the manifest."""
_OURS = frozenset(grant.table for grant in GRANTS)
_OTHERS = 0o077
_TABLES = """
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> ALL($1)
GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = (
    "SELECT sequencename AS name, coalesce(last_value, 0) AS last FROM pg_sequences"
    " WHERE schemaname = current_schema()"
)
_NOW = """
SELECT now() AS at, current_setting('server_version') AS server,
    coalesce(id, 0) AS row, coalesce(encode(hash, 'hex'), '') AS head
FROM (VALUES (1)) AS always LEFT JOIN audit_head ON true
"""


class BadBackup(Exception):
    """A backup cannot be written there, or cannot be used; the text says why in one line."""


@dataclass(frozen=True)
class TableFile:
    """A table in a backup: its columns, how many rows, and the checksum of its file."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds; `taken_at` is the ledger's time, `keys` have one-way values."""

    version: str
    server: str
    taken_at: datetime
    migrations: Mapping[str, str]
    audit_row: int
    audit_head: str
    keys: Mapping[str, str]
    sequences: Mapping[str, int]
    tables: Mapping[str, TableFile]

    def sealed(self, keys: KeyRing) -> str:
        """Return the manifest as it is written, with the seal of these keys."""
        told = asdict(self) | {"format": FORMAT, "taken_at": self.taken_at.isoformat()}
        return json.dumps(told | {"seal": _seal(keys, told)}, indent=1, sort_keys=True)


async def write(
    dsn: str,
    keys: KeyRing,
    folder: Path,
    version: str,
    *,
    counted: Counting = not_counted,
) -> Manifest:
    """Write a backup into this new or empty folder; raises `BadBackup`.

    `counted` is told how many tables of how many are written.
    All tables are read in one transaction, so that they are of one instant, while everybody works.
    Only migrations and restores wait, and are waited for before the transaction's snapshot is
    taken: it would see the tables that they write anew as empty.
    """
    _prepare(folder)
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock_shared($1)", locks.MIGRATIONS)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            applied = await migrate.applied(connection)
            left_out = [*_LEFT_OUT, *await strange(connection, applied)]
            now = await connection.fetchrow(_NOW)
            assert now is not None  # noqa: S101 - the left side is one row
            rows = await connection.fetch("SELECT name, value FROM key_check ORDER BY name")
            found = await connection.fetch(_TABLES, left_out)
            tables: dict[str, TableFile] = {}
            for row in found:
                counted(len(tables), len(found))
                tables[row["name"]] = await _copy(connection, folder, row["name"], row["columns"])
            manifest = Manifest(
                version=version,
                server=now["server"],
                taken_at=now["at"],
                migrations={name: checksum or "" for name, checksum in applied.items()},
                audit_row=now["row"],
                audit_head=now["head"],
                keys=dict(map(tuple, rows)),
                sequences=dict(map(tuple, await connection.fetch(_SEQUENCES))),
                tables=tables,
            )
    finally:
        await connection.close()
    _write(folder / MANIFEST, manifest.sealed(keys))
    return manifest


async def strange(
    connection: "asyncpg.Connection[asyncpg.Record]", applied: Mapping[str, str | None]
) -> list[str]:
    """Return the tables in the ledger's schema, with these migrations, that are not its own.

    None are known of a ledger that is ahead of this version.
    """
    if migrate.unknown(applied):
        return []
    return [row["name"] for row in await connection.fetch(_TABLES, [*_OURS])]


def read(folder: Path, keys: KeyRing) -> Manifest:
    """Return the manifest of a backup that is whole; raises `BadBackup` if it is not."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        seal = told.pop("seal")
        if told["format"] != FORMAT:
            raise BadBackup(f"{folder} is of format {told['format']}, this version reads {FORMAT}")
        if not hmac.compare_digest(seal, _seal(keys, told)):
            raise BadBackup(
                f"{folder / MANIFEST} was changed, or was sealed with another audit.key than the"
                " one here: bring back the keys of the time of the backup first"
            )
        del told["format"]
        tables = {
            name: TableFile(**table | {"columns": tuple(table["columns"])})
            for name, table in told["tables"].items()
        }
        taken_at = datetime.fromisoformat(told["taken_at"])
        manifest = Manifest(**told | {"tables": tables, "taken_at": taken_at})
    except FileNotFoundError:
        raise BadBackup(f"{folder} has no {MANIFEST}: it is no complete backup") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadBackup(f"{folder / MANIFEST} cannot be read") from None
    for name, table in manifest.tables.items():
        if _checksum(_file(folder, name)) != table.sha256:
            raise BadBackup(f"{_file(folder, name)} is missing or was changed")
    return manifest


async def copy_back(
    connection: "asyncpg.Connection[asyncpg.Record]", folder: Path, name: str, table: TableFile
) -> None:
    """Insert the rows of a table's file."""
    with gzip.open(_file(folder, name)) as file:
        source = cast("BinaryIO", file)
        await connection.copy_to_table(name, source=source, columns=table.columns)


async def _copy(
    connection: "asyncpg.Connection[asyncpg.Record]",
    folder: Path,
    name: str,
    columns: list[str],
) -> TableFile:
    path = _file(folder, name)
    path.touch(mode=0o600, exist_ok=False)
    with gzip.open(path, "wb", 6) as file:
        output = cast("BinaryIO", file)
        done = await connection.copy_from_table(name, output=output, columns=columns)
    _sync(path)
    return TableFile(tuple(columns), int(done.removeprefix("COPY ")), _checksum(path))


def _prepare(folder: Path) -> None:
    """Make the folder, or refuse one that others may read, or that has something in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & _OTHERS:
        raise BadBackup(f"{folder} is open to others: chmod 700 {folder}")
    if any(folder.iterdir()):
        raise BadBackup(f"{folder} is not empty: give each backup a folder of its own")


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.copy.gz"


def _write(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600, exist_ok=False)
    new.write_text(text, "utf-8")
    _sync(new)
    new.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until the disk has it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checksum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _seal(keys: KeyRing, told: Mapping[str, Any]) -> str:
    text = json.dumps(told, sort_keys=True)
    return hmac.new(keys.audit_key, f"backup {text}".encode(), hashlib.sha256).hexdigest()
