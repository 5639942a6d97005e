"""Checks the ledger: schema version, rights of the role, clock, and whether the keys match."""

from collections.abc import Collection
from datetime import timedelta

import asyncpg

from adapters.findings import Finding, Findings
from ledger import key_checks, migrate, roles
from postgres import Pool, SharedSessions, connect, mend_refusal, shares_sessions
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from security.purposes import User
from settings import Settings
from starter.doctor import clocks

PART = "ledger"
_OWNER = (
    "it is, and could change the audit and the consents: give the process a role of its own,"
    " activation ledger roles"
)


async def check(settings: Settings, users: Collection[User]) -> Findings:
    """Check what these processes need of the ledger; explains why the server lets nobody in."""
    try:
        async for finding in _check(settings, users):
            yield finding
    except asyncpg.PostgresError as error:
        mend = mend_refusal(error, "ledger_dsn")
        if mend is None:
            raise
        yield Finding(PART, "can be reached", mend)


async def _check(settings: Settings, users: Collection[User]) -> Findings:
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
        lacking = "; ".join(await roles.lacking(pool, users))
        mend = f"the role lacks {lacking}: as the owner, activation ledger roles" if lacking else ""
        yield Finding(PART, "the role has its rights", mend)
        if {*users} != {*User} and await roles.is_owner(pool):
            yield Finding(PART, "the role is not the owner", _OWNER, is_warning=True)
        if {*users} - {User.ALERTS}:
            mend = await _keys(pool, settings)
            yield Finding("keys", "they are those of the other processes", mend)
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
