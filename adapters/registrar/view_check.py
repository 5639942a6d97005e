"""Checks the registrar's view for `activation doctor`: columns, read-only rights and indexes."""

import json

import asyncpg

from adapters.findings import Finding, Findings
from adapters.registrar.sql import COLUMNS, statements
from adapters.registrar.view import DSN, reader
from postgres import Pool, SharedSessions, mend_refusal, shares_sessions
from settings.systems import MAY_LACK, RegistrarSettings

PART = "registrar"
_LOOKUPS = (
    ("by a contact", "by_contact", ("00000000", "nobody@nowhere", "nobody@nowhere")),
    ("by an insurance number or a birth date", "by_identity", (["0"], ["1900-1-1"])),
    ("by a student number", "by_number", (["0"],)),
    ("by a login name", "by_login_name", ("nobody", "nobody")),
    ("by a surname", "by_surname", (["xyz"], ["x"])),
)


async def check(registrar: RegistrarSettings) -> Findings:
    """Check all that look-ups need, in an order in which each finding explains the next."""
    try:
        async for finding in _check(registrar):
            yield finding
    except asyncpg.PostgresError as error:
        mend = mend_refusal(error, DSN)
        if mend is None:
            raise
        yield Finding(PART, "can be reached", mend)


async def _check(registrar: RegistrarSettings) -> Findings:
    async with await reader(registrar) as pool:
        shared = await shares_sessions(pool)
        yield Finding(PART, "can be reached")
        mend = str(SharedSessions(DSN)) if shared else ""
        yield Finding(PART, "each connection has a session of its own", mend)
        if shared:
            return
        view = ".".join(f'"{part}"' for part in registrar.view.split("."))
        about = f"view {registrar.view}"
        try:
            async with pool.acquire() as connection:
                prepared = await connection.prepare(f"SELECT * FROM {view} LIMIT 1")  # noqa: S608
                there = {attribute.name for attribute in prepared.get_attributes()}
                await prepared.fetch()
        except asyncpg.UndefinedTableError:
            yield Finding(PART, about, "there is none of this name: correct registrar.view")
            return
        except asyncpg.InsufficientPrivilegeError:
            yield Finding(PART, about, "the role may not read it: GRANT SELECT")
            return
        yield Finding(PART, about)
        wanted = {column: registrar.columns.get(column, column) for column in COLUMNS}
        for column in MAY_LACK:
            if column not in registrar.columns:
                wanted.pop(column)
        lacking = [name for name in wanted.values() if name not in there]
        mend = f"no {', '.join(lacking)}: correct the view, or registrar.columns" if lacking else ""
        yield Finding(PART, "its columns", mend)
        writes = await pool.fetchval(
            "SELECT has_table_privilege($1, 'INSERT, UPDATE, DELETE')", view
        )
        mend = "the role may also write: revoke all but SELECT" if writes else ""
        yield Finding(PART, "the role may only read it", mend)
        if not lacking:
            for how, query, values in _LOOKUPS:
                slow = await _scans_table(pool, getattr(statements(registrar), query), values)
                mend = "no index helps: see registrar.md" if slow else ""
                yield Finding(PART, f"indexes for a look-up {how}", mend)


async def _scans_table(pool: Pool, query: str, values: tuple[object, ...]) -> bool:
    """Tell whether the query plan scans a whole table even with sequential scans discouraged."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values)
    return '"Seq Scan"' in json.dumps(json.loads(plan))
