"""Puts a backup in the ledger's place, and ends in it what must not come back.

All of it is one transaction: nobody sees a restored ledger whose codes, sessions and passwords are
still valid, and a restore that fails changes nothing.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg

from domain.counting import Counting, not_counted
from ledger import audit, backup, erased_list, locks, migrate, roles
from ledger.backup import EMPTIED, BadBackup, Manifest
from ledger.erased_list import Erased
from security.keys import KeyRing

ACTION = "ledger_restored"
"""The action of the row of the audit that says which state came back."""
_LOCK_TIMEOUT = "5s"
_CONNECTED = (
    "SELECT coalesce(nullif(application_name, ''), 'a process') FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"
)
_USED = """
SELECT EXISTS (SELECT FROM activation) OR EXISTS (SELECT FROM username)
    OR EXISTS (SELECT FROM audit)
"""
_OURS = """
DO $$ DECLARE statement text; BEGIN
    FOR statement IN SELECT format(%s, relname) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        LOOP EXECUTE statement; END LOOP;
END $$
"""
_DROP_TABLES = _OURS % "'DROP TABLE %I CASCADE'"
_DROP_FUNCTIONS = """
DO $$ DECLARE statement text; BEGIN
    FOR statement IN SELECT format('DROP FUNCTION %s CASCADE', p.oid::regprocedure) FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS
            (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        LOOP EXECUTE statement; END LOOP;
END $$
"""
_TRIGGERS_OFF = _OURS % "'ALTER TABLE %I DISABLE TRIGGER USER'"
_TRIGGERS_ON = _OURS % "'ALTER TABLE %I ENABLE TRIGGER USER'"
"""Triggers hold what is written in use: the order of the audit, who may add which key."""
_EMPTY = "".join(f"DELETE FROM {table};" for table in EMPTIED)  # noqa: S608 - constants of ours
_VOID = """
UPDATE code SET ended = true WHERE NOT ended;
UPDATE second_factor SET recovery_codes = '{}',
    last_step = greatest(last_step, extract(epoch FROM now())::bigint / 30);
UPDATE invitation SET state = 'in_doubt', claimed_at = now(), finished_at = now()
    WHERE state IN ('planned', 'sending')
    AND campaign IN (SELECT id FROM campaign WHERE stopped_at IS NULL AND ended_at IS NULL);
UPDATE campaign SET stopped_at = now(), stopped_why = 'restored'
    WHERE stopped_at IS NULL AND ended_at IS NULL;
"""
_MARK = """
INSERT INTO restored (incarnation, taken_at, audit_row)
SELECT greatest(
    extract(epoch FROM now() - '2026-01-01 UTC'::timestamptz)::integer,
    coalesce(max(incarnation), 0) + 1
), $1, $2 FROM restored RETURNING incarnation
"""
_ANOTHER_SECOND = "SELECT pg_sleep(1)"
"""The next restore of the same backup, which does not know of this one, begins in another one."""
_RENUMBER = """
SELECT setval(format('%I', sequencename)::regclass,
    greatest(coalesce(last_value, 0) + 1, extract(epoch FROM now())::bigint))
FROM pg_sequences WHERE schemaname = current_schema()
"""
"""Rows are numbered by the clock from now on, so that no number of the lost rows comes again."""
_NEWEST = """
SELECT greatest(
    (SELECT max(started_at) FROM activation), (SELECT max(reserved_at) FROM message),
    (SELECT max(at) FROM audit), (SELECT max(recorded_at) FROM consent)
) AS at, coalesce((SELECT max(id) FROM audit), 0) AS row
"""


class NotRestored(Exception):
    """Nothing was changed; the text says why in one line."""


@dataclass(frozen=True)
class Restored:
    """What a restore did: which state is back, and what of the list of erasures was done again."""

    incarnation: int
    taken_at: datetime
    audit_row: int
    open: int
    erased: int


@dataclass(frozen=True)
class RestoreRequest:
    """Who restores, which roles get their rights, and the erasures since, where they are listed."""

    actor: str
    prefix: str
    erased: Mapping[Erased, datetime] = field(default_factory=dict)


async def state(dsn: str) -> Mapping[str, str] | None:
    """Return the keys of the installation whose ledger this is; None if it has nothing yet.

    Raises `NotRestored` while others are connected.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        applied = await migrate.applied(connection)
        if applied and not await roles.is_owner(connection):
            raise NotRestored("this role is not the ledger's owner: name the owner in ledger_dsn")
        await _refuse_others(connection)
        if not applied or not await connection.fetchval(_USED):
            return None
        return dict(map(tuple, await connection.fetch("SELECT name, value FROM key_check")))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


async def restore(
    dsn: str,
    keys: KeyRing,
    folder: Path,
    manifest: Manifest,
    asked: RestoreRequest,
    *,
    counted: Counting = not_counted,
) -> Restored:
    """Replace the whole ledger by this backup; raises `NotRestored` or `BadBackup`.

    `counted` is told how many tables of how many are back.
    """
    if newer := migrate.unknown(manifest.migrations):
        raise BadBackup(
            f"the backup is of version {manifest.version}, with migrations that this one does not"
            f" have ({', '.join(newer)}): install that version or a newer one"
        )
    async with _alone(dsn) as connection:
        if strange := await backup.strange(connection, await migrate.applied(connection)):
            raise NotRestored(
                f"tables that are not the ledger's are in its schema ({', '.join(strange)}):"
                " drop them, move them to another schema, or restore into an empty database"
            )
        await connection.execute(_DROP_TABLES)
        await connection.execute(_DROP_FUNCTIONS)
        await migrate.apply(connection, only=manifest.migrations)
        await _copy_back(connection, folder, manifest, counted)
        await migrate.apply(connection)
        return await _finish(connection, keys, asked, manifest.taken_at, manifest.audit_row)


async def finish_in_place(dsn: str, keys: KeyRing, asked: RestoreRequest) -> Restored:
    """End what must not come back in a ledger that PostgreSQL's own means brought back."""
    async with _alone(dsn) as connection:
        await migrate.apply(connection)
        newest = await connection.fetchrow(_NEWEST)
        if newest is None or newest["at"] is None:
            raise NotRestored("this ledger is empty: nothing was restored here")
        return await _finish(connection, keys, asked, newest["at"], newest["row"])


@asynccontextmanager
async def _alone(dsn: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Yield a connection in a transaction, while nobody else is connected."""
    connection = await asyncpg.connect(dsn, timeout=10, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.MIGRATIONS)
            await _refuse_others(connection)
            yield connection
    except asyncpg.LockNotAvailableError:
        raise NotRestored("somebody uses the ledger: stop all processes first") from None
    except asyncpg.ReadOnlySQLTransactionError:
        raise NotRestored(
            "PostgreSQL takes no writes here: it is a standby, or its recovery waits at the target,"
            " which SELECT pg_promote() ends"
        ) from None
    finally:
        await connection.close()


async def _refuse_others(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if others := [row[0] for row in await connection.fetch(_CONNECTED)]:
        named = ", ".join(sorted(set(others)))
        raise NotRestored(
            f"{len(others)} connections to the ledger are open ({named}): stop portals, workers,"
            " console, alerts and whoever else uses it"
        )


async def _copy_back(
    connection: "asyncpg.Connection[asyncpg.Record]",
    folder: Path,
    manifest: Manifest,
    counted: Counting,
) -> None:
    await connection.execute(_TRIGGERS_OFF)
    for done, (name, table) in enumerate(manifest.tables.items()):
        counted(done, len(manifest.tables))
        if await connection.fetchval("SELECT to_regclass(quote_ident($1))", name) is None:
            raise BadBackup(f"no migration of this version makes the backup's table {name}")
        await backup.copy_back(connection, folder, name, table)
    await connection.execute(_TRIGGERS_ON)
    for name, last in manifest.sequences.items():
        await connection.execute("SELECT setval($1::regclass, $2)", name, last + 1)


async def _finish(
    connection: "asyncpg.Connection[asyncpg.Record]",
    keys: KeyRing,
    asked: RestoreRequest,
    taken_at: datetime,
    audit_row: int,
) -> Restored:
    """End sessions, codes and sealed passwords, number anew, and erase again."""
    await connection.execute(_EMPTY)
    await connection.execute(_VOID)
    await connection.execute(_RENUMBER)
    incarnation = await connection.fetchval(_MARK, taken_at, audit_row)
    await connection.execute(_ANOTHER_SECOND)
    for each, at in asked.erased.items():
        await erased_list.erase_again(connection, keys, each, at)
    await audit.lock(connection)
    await audit.append(
        connection,
        keys,
        actor=asked.actor,
        action=ACTION,
        references=[None],
        reason=f"state of {taken_at.isoformat(timespec='seconds')}, row {audit_row}",
    )
    await roles.grant(connection, asked.prefix)
    return Restored(
        incarnation=incarnation,
        taken_at=taken_at,
        audit_row=audit_row,
        open=await connection.fetchval("SELECT count(*) FROM activation WHERE ended_at IS NULL"),
        erased=len(asked.erased),
    )
