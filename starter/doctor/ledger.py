"""Checks the ledger: schema version, rights of the role, clock, and whether the keys match."""

from datetime import timedelta

import asyncpg

from adapters.findings import Finding, Findings
from ledger import key_checks, migrate
from postgres import Pool, SharedSessions, connect, mend_refusal, shares_sessions
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from settings import Settings
from starter.doctor import clocks

PART = "ledger"
_APPEND_ONLY = ["audit", "audit_before", "consent", "migration"]
_LACKING = """
SELECT format('%s on %s', string_agg(privilege, ', ' ORDER BY privilege), relname) AS lacking
FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
  AND (privilege IN ('SELECT', 'INSERT') OR relname <> ALL($1))
  AND NOT has_table_privilege(pg_class.oid, privilege)
GROUP BY relname ORDER BY relname
"""


async def check(settings: Settings) -> Findings:
    """Check all that every process needs of the ledger; explains why the server lets nobody in."""
    try:
        async for finding in _check(settings):
            yield finding
    except asyncpg.PostgresError as error:
        mend = mend_refusal(error, "ledger_dsn")
        if mend is None:
            raise
        yield Finding(PART, "can be reached", mend)


async def _check(settings: Settings) -> Findings:
    async with await connect(settings.ledger_dsn.get_secret_value(), seconds=5) as pool:
        shared = await shares_sessions(pool)
        yield Finding(PART, "can be reached")
        mend = str(SharedSessions("ledger_dsn")) if shared else ""
        yield Finding(PART, "each connection has a session of its own", mend)
        if shared:
            return
        yield Finding(PART, "takes writes", await _read_only(pool))
        missing = await migrate.missing(pool)
        yield Finding(PART, "its tables are of this version", _mend_version(missing))
        other = ", ".join(await migrate.edited(pool))
        mend = f"{other} was edited after it was applied: bring the file back" if other else ""
        yield Finding(PART, "its migrations are those that were applied", mend)
        if missing:
            return
        lacking = [row["lacking"] for row in await pool.fetch(_LACKING, _APPEND_ONLY)]
        mend = f"the role lacks {'; '.join(lacking)}: grant it" if lacking else ""
        yield Finding(PART, "the role has its rights", mend)
        yield Finding("keys", "they are those of the other processes", await _keys(pool, settings))
        before = clocks.now()
        measured = await pool.fetchval("SELECT clock_timestamp()")
        yield clocks.compare("the ledger's", before, measured, timedelta())


def _mend_version(missing: list[str]) -> str:
    return f"{', '.join(missing)} missing: activation ledger migrate" if missing else ""


async def _read_only(pool: Pool) -> str:
    if await pool.fetchval("SELECT pg_is_in_recovery()"):
        return "it is a standby: name the primary in ledger_dsn"
    if await pool.fetchval("SHOW transaction_read_only") == "on":
        return "it is read-only: see to default_transaction_read_only, or to a full disk"
    return ""


async def _keys(pool: Pool, settings: Settings) -> str:
    try:
        await key_checks.compare(pool, KeyRing(settings.keys_dir).checks())
    except KeyUnavailable as other:
        return str(other)
    return ""
