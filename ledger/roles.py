"""The roles of the database: one for each process, with the rights of `ledger.grants`.

The roles are made without a login and without a password. What an administrator has made of them,
with a login or as the group of one, stays.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import asyncpg

from ledger import locks
from ledger.grants import FUNCTIONS, GRANTS
from postgres import Connection
from security.purposes import User

WORKER = "worker"
OF: Mapping[str, Collection[User]] = {
    **{user.value: (user,) for user in User},
    WORKER: (User.MAIN, User.MESSAGING, User.DIRECTORY),
}
"""What each role is for; `worker` is a process with all task queues."""
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?")
_MISSING = (
    "SELECT format('CREATE ROLE %I', name) FROM unnest($1::text[]) name"
    " WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)"
)
_HERE = "SELECT name FROM unnest($1::text[]) name JOIN pg_roles ON rolname = name"
# Takes everything from the role before: a right that this version does not need any more ends.
_STATEMENTS = """
WITH given AS (SELECT * FROM unnest($2::text[], $3::text[]) AS t (name, privileges))
SELECT format(statement, current_schema(), $1::text, current_database()) FROM unnest(ARRAY[
    'REVOKE ALL ON ALL TABLES IN SCHEMA %1$I FROM %2$I',
    'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %1$I FROM %2$I',
    'REVOKE CREATE ON SCHEMA %1$I FROM PUBLIC, %2$I',
    'GRANT CONNECT ON DATABASE %3$I TO %2$I',
    'GRANT USAGE ON SCHEMA %1$I TO %2$I'
]) statement
UNION ALL SELECT format('GRANT %s ON %I TO %I', privileges, name, $1::text) FROM given
    WHERE to_regclass(quote_ident(name)) IS NOT NULL
UNION ALL SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', name, $1::text)
    FROM unnest($4::text[]) name WHERE to_regprocedure(name) IS NOT NULL
"""
_LACKING = """
SELECT format('%s on %s', string_agg(DISTINCT privilege, ', '), name) AS lacking
FROM unnest($1::text[], $2::text[], $3::text[]) AS needed (name, privilege, field)
WHERE to_regclass(quote_ident(name)) IS NOT NULL AND NOT CASE
    WHEN field <> '' THEN has_column_privilege(quote_ident(name), field, privilege)
    ELSE has_table_privilege(quote_ident(name), privilege)
END GROUP BY name ORDER BY name
"""
_OWNED = (
    "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " AND relkind = 'r' AND pg_has_role(relowner, 'USAGE'))"
)


class NoRoles(Exception):
    """The role may make no roles; the text is one line with the statements for who may."""


@dataclass(frozen=True)
class Role:
    """A role as it is now; `rights` are its privileges by table."""

    name: str
    made: bool
    rights: Mapping[str, str]


async def make(dsn: str, prefix: str) -> list[Role]:
    """Make the missing roles and grant each its rights, in one transaction; idempotent.

    Raises `NoRoles` when roles are missing and this one may not make any; then nothing is changed.
    """
    connection = await asyncpg.connect(dsn, timeout=10, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", locks.MIGRATIONS)
            before = await _here(connection, prefix)
            rows = await connection.fetch(_MISSING, _names(prefix))
            statements = "; ".join(row[0] for row in rows)
            try:
                for row in rows:
                    await connection.execute(row[0])
            except asyncpg.InsufficientPrivilegeError:
                raise NoRoles(
                    f"the owner of the ledger may make no roles: let who may run {statements};"
                    " then run this again"
                ) from None
            await grant(connection, prefix)
            return [
                Role(f"{prefix}{name}", f"{prefix}{name}" not in before, _rights(users))
                for name, users in OF.items()
            ]
    finally:
        await connection.close()


async def grant(ledger: Connection, prefix: str) -> None:
    """Grant their rights to those of the roles that are there; the caller is the owner."""
    here = await _here(ledger, prefix)
    for name, users in OF.items():
        if (role := f"{prefix}{name}") in here:
            rights = _rights(users)
            functions = [each for each, given in FUNCTIONS.items() if {*given} & {*users}]
            rows = await ledger.fetch(_STATEMENTS, role, [*rights], [*rights.values()], functions)
            for row in rows:
                await ledger.execute(row[0])


async def lacking(ledger: Connection, users: Collection[User]) -> list[str]:
    """Return the rights that these processes need and the present role does not have."""
    needed = [
        (table, privilege, field.strip())
        for table, privileges in _rights(users).items()
        for privilege, fields in _PRIVILEGE.findall(privileges)
        for field in fields.split(",")
    ]
    return [row["lacking"] for row in await ledger.fetch(_LACKING, *zip(*needed, strict=True))]


async def is_owner(ledger: Connection) -> bool:
    """Return whether the present role may change tables and take away what guards their rows."""
    owned: bool = await ledger.fetchval(_OWNED)
    return owned


def _rights(users: Collection[User]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for each in GRANTS:
        if {*each.users} & {*users}:
            found.setdefault(each.table, []).append(each.privileges)
    return {table: ", ".join(privileges) for table, privileges in found.items()}


def _names(prefix: str) -> list[str]:
    return [f"{prefix}{name}" for name in OF]


async def _here(ledger: Connection, prefix: str) -> frozenset[str]:
    return frozenset(row["name"] for row in await ledger.fetch(_HERE, _names(prefix)))
