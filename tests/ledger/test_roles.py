"""Each process may do in the ledger what it needs, and nobody but the owner what would hide it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from domain.contracts.vocabulary import Step
from ledger import activations, erasure, forecast, persons, retention, roles
from ledger.grants import FUNCTIONS, GRANTS
from ledger.migrate import migrate
from ledger.roles import NoRoles
from ledger.traced import RegisteredPerson, trace
from postgres import Pool, connect
from security.purposes import User
from settings.rules import Retention
from tests.ledger.conftest import database
from tests.ledger.life import left, live, person_of
from tests.ledger.test_retention import no_runs, none_over
from tests.stack import TestStack

DENIED = asyncpg.InsufficientPrivilegeError
REFUSED_TO_ALL = (
    *("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"),
    *("UPDATE consent SET shown = ''", "TRUNCATE consent"),
    *("ALTER TABLE audit DISABLE TRIGGER append_only", "ALTER TABLE consent ADD COLUMN more text"),
    *("DROP TRIGGER only_emptied ON consent", "CREATE TABLE more (number int)"),
    *("DROP TABLE audit", "SET session_replication_role = replica", "DELETE FROM migration"),
    *("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",),
    *("UPDATE key_check SET value = ''", "SET ROLE activation_ledger"),
)
REFUSED = {
    User.PORTAL: (
        *("SELECT reference FROM consent", "INSERT INTO consent (reference) VALUES ('A')"),
        *("SELECT id FROM audit", "SELECT id FROM audit_head", "SELECT name FROM staff_session"),
        *("SELECT box FROM sealed_password", "SELECT person_key FROM activation"),
        *("UPDATE activation SET username = ''", "SELECT number FROM insurance"),
        *("SELECT reply_to FROM support_request", "SELECT used FROM tries", "DELETE FROM pause"),
        *(
            "DELETE FROM post",
            "DELETE FROM consent",
            "SELECT text FROM case_note",
            "SELECT empty_consents('A')",
        ),
    ),
    User.MAIN: (
        *("SELECT name FROM staff_session", "SELECT token_hash FROM session"),
        *("SELECT box FROM sealed_password", "SELECT id FROM audit", "SELECT choices FROM consent"),
        *("UPDATE staff_session SET roles = '{}'", "UPDATE sign_in_under_way SET roles = '{}'"),
        *("SELECT name FROM second_factor", "SELECT name FROM sign_in_under_way"),
    ),
    User.MESSAGING: (
        *("SELECT name FROM staff_session", "SELECT token_hash FROM session"),
        *("SELECT username FROM activation", "SELECT id FROM audit", "SELECT id FROM consent"),
        *("SELECT number FROM insurance", "INSERT INTO code VALUES ('A', 1, 'r')"),
        "DELETE FROM consent",
    ),
    User.DIRECTORY: (
        *("SELECT name FROM staff_session", "SELECT token_hash FROM session"),
        *("INSERT INTO consent (reference) VALUES ('A')", "SELECT shown FROM consent"),
        "DELETE FROM consent",
        *("UPDATE activation SET person_key = ''", "SELECT number FROM insurance"),
        *("SELECT id FROM audit", "SELECT used FROM tries", "SELECT text FROM support_request"),
    ),
    User.CONSOLE: (
        *("SELECT sealed_id FROM sealed_password", "SELECT number FROM insurance"),
        *("SELECT used FROM tries", "UPDATE tries SET used = 0", "SELECT tries FROM code"),
        *("SELECT typed FROM session", "INSERT INTO alert (cause, count) VALUES ('A', 1)"),
        *("DELETE FROM activation", "DELETE FROM consent"),
    ),
    User.COMMANDS: (
        *("SELECT token_hash FROM staff_session", "SELECT used FROM tries"),
        *("SELECT secret FROM second_factor", "UPDATE second_factor SET last_step = 0"),
        "INSERT INTO second_factor (name) VALUES ('anna')",
    ),
    User.ALERTS: (
        *("SELECT reference FROM activation", "SELECT id FROM audit", "SELECT id FROM consent"),
        *("INSERT INTO key_check VALUES ('a', 'b')", "SELECT name FROM username"),
    ),
}

_CONSENT = (
    "INSERT INTO consent (reference, person_key, terms_version, shown_hash, shown, choices,"
    " language, accepted_at) VALUES ($1, 'p', '1', 'h', 'x', '{}', 'el', now())"
)


@asynccontextmanager
async def session(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def test_every_table_has_a_row_in_the_one_table_of_grants(pool: Pool) -> None:
    tables = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
        " AND relnamespace = current_schema()::regnamespace"
    )
    assert {row[0] for row in tables} == {each.table for each in GRANTS} - {"audit_before"}


async def test_functions_with_the_owners_rights_are_those_of_the_table(pool: Pool) -> None:
    functions = await pool.fetch(
        "SELECT oid::regprocedure::text, proconfig FROM pg_proc WHERE prosecdef"
        " AND pronamespace = current_schema()::regnamespace"
    )
    assert {row[0]: row[1] for row in functions} == {
        name: ["search_path=public, pg_temp"] for name in FUNCTIONS
    }


@pytest.mark.parametrize("user", User)
async def test_nobody_but_the_owner_can_change_tables_or_what_is_append_only(
    stack: TestStack, user: User
) -> None:
    async with session(stack.ledger_dsn_of(user)) as connection:
        for statement in (*REFUSED_TO_ALL, *REFUSED[user]):
            with pytest.raises(DENIED):
                await connection.execute(statement)
        assert not await roles.is_owner(connection)
        assert await roles.lacking(connection, [user]) == []


async def test_what_is_missing_is_named(stack: TestStack) -> None:
    async with session(stack.ledger_dsn_of(User.ALERTS)) as connection:
        lacking = await roles.lacking(connection, [User.PORTAL])
    assert "SELECT on suggestion" not in lacking
    assert "DELETE, INSERT, SELECT on suggestion" in lacking
    assert "INSERT, SELECT, UPDATE on activation" in lacking


async def test_whoever_erases_can_empty_what_was_shown_and_no_more(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await pool.execute(_CONSENT, reference)
    async with session(stack.ledger_dsn_of(User.CONSOLE)) as connection:
        await connection.execute("CREATE TEMP TABLE consent (reference text, shown bytea)")
        await connection.execute("SELECT empty_consents($1)", reference)
    assert await pool.fetchval("SELECT shown FROM consent WHERE reference = $1", reference) == b""


@pytest.mark.parametrize("user", [User.MAIN, User.CONSOLE, User.COMMANDS])
async def test_whoever_erases_may_erase_all_of_an_activation(
    stack: TestStack, pool: Pool, reference: str, user: User
) -> None:
    person = person_of(stack, reference)
    await live(pool, stack, reference, person)
    async with await connect(stack.ledger_dsn_of(user)) as allowed:
        await erasure.erase(allowed, stack.keys, reference)
    assert set(await left(pool, reference, person)) == {
        "activation",
        "budget",
        "consent",
        "message",
        "username",
    }


async def test_the_commands_may_read_all_that_is_told_of_a_person(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await live(pool, stack, reference, person_of(stack, f"1/{reference}"))
    async with await connect(stack.ledger_dsn_of(User.COMMANDS)) as allowed:
        found = await trace(
            allowed, stack.keys, f"1/{reference}", region="GR", on_file=RegisteredPerson()
        )
        assert await persons.known(allowed, found)
        told = await persons.held(allowed, stack.keys, found)
        # Other tests' activations by the same contact are told as well.
        assert reference in [row["reference"] for row in told["activation"]]
        await erasure.forget_requests(allowed, found.requests)
        await erasure.erase(allowed, stack.keys, reference)
        await erasure.forget(allowed, stack.keys, found.keys)


@pytest.mark.parametrize("user", [User.MAIN, User.COMMANDS])
async def test_whoever_sweeps_may_sweep_by_every_rule(stack: TestStack, user: User) -> None:
    async with await connect(stack.ledger_dsn_of(user), seconds=30) as allowed:
        assert await retention.sweep(
            allowed, stack.keys, Retention(), no_runs, none_over, seconds=60
        )
        await activations.close(allowed, reference="none", end=Step.CANCELLED)
        assert await retention.last(allowed)
        if user is User.COMMANDS:
            due = await forecast.forecast(allowed, Retention())
            assert sum(each.now for each in due.values()) == 0


async def test_the_sweep_deletes_no_consent_before_its_end(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await pool.execute(_CONSENT, reference)
    async with session(stack.ledger_dsn_of(User.MAIN)) as connection:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute("DELETE FROM consent")
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute("UPDATE consent SET language = 'en'")
    assert await pool.fetchval("SELECT shown FROM consent WHERE reference = $1", reference) == b"x"


async def test_roles_are_made_by_who_may_and_named_to_who_may_not(stack: TestStack) -> None:
    prefix = f"t{secrets.token_hex(3)}_"
    can_log_in = "SELECT bool_or(rolcanlogin) FROM pg_roles WHERE starts_with(rolname, $1)"
    async with session(stack._stack.postgres.dsn("postgres", "postgres")) as server:
        async with database(stack) as dsn:
            await migrate(dsn)
            with pytest.raises(NoRoles, match=f"let who may run CREATE ROLE {prefix}portal;"):
                await roles.make(dsn, prefix)
            await server.execute("ALTER ROLE activation_ledger CREATEROLE")
            try:
                made = await roles.make(dsn, prefix)
                again = await roles.make(dsn, prefix)
            finally:
                await server.execute("ALTER ROLE activation_ledger NOCREATEROLE")
        assert [role.made for role in made] == [True] * len(roles.OF)
        assert [role.made for role in again] == [False] * len(roles.OF)
        assert made[0].rights["pause"] == "SELECT"
        assert await server.fetchval(can_log_in, prefix) is False
        for name in roles.OF:
            await server.execute(f"DROP ROLE {prefix}{name}")


async def test_a_later_version_grants_and_takes_away(stack: TestStack) -> None:
    async with database(stack) as dsn:
        await migrate(dsn, prefix="activation_")
        portal = dsn.replace(
            stack._stack.postgres.dsn("activation_ledger", ""),
            stack._stack.postgres.dsn("activation_portal", ""),
        )
        async with session(dsn) as owner:
            await owner.execute("GRANT SELECT ON consent TO activation_portal")
            await owner.execute("REVOKE SELECT ON pause FROM activation_portal")
        async with session(portal) as connection:
            assert await roles.lacking(connection, [User.PORTAL]) == ["SELECT on pause"]
            assert await migrate(dsn, prefix="activation_") == []
            assert await roles.lacking(connection, [User.PORTAL]) == []
            with pytest.raises(DENIED):
                await connection.fetch("SELECT id FROM consent")
