"""What a role of the database may write stops nobody else, and counts for nobody else."""

from datetime import timedelta

import asyncpg
import pytest

from ledger import alerts, attack_mode, audit, budgets, misses
from ledger.budgets import Bound
from postgres import Pool, connect
from security.purposes import User
from tests.ledger.test_roles import session
from tests.stack import TestStack

HOUR = timedelta(hours=1)
STOPS_STAFF = (
    "INSERT INTO audit VALUES (9223372036854775807, now(), 'x', 'x', NULL, '', '')",
    "INSERT INTO audit VALUES (-1, now(), 'x', 'x', NULL, '', '')",
    "INSERT INTO audit SELECT max(id) + 1, 'infinity', 'x', 'x', NULL, '', '' FROM audit",
    "INSERT INTO audit SELECT max(id) + 1, '-infinity', 'x', 'x', NULL, '', '' FROM audit",
    "UPDATE audit_head SET id = 9223372036854775807",
    "UPDATE audit_head SET id = id + 2",
)
OF_OTHERS = (
    *("sign_ins:x", "second_factor:x", "known:x", "failed:x", "failed_rows:x", "oidc:x"),
    *("guess:x", "closed:x", "identity:x", "sms:hour", "mail:day", "attack_mode"),
    *("caller:x", "caller_of:x", "searches:x", "look_ups:x", "decodes:x", "stopped:searches"),
)
OF_THE_PORTAL = (
    *("posts:x", "misses:x", "starts", "starts:x", "waits", "waits:x", "help:x", "second:x"),
    *("not_me:x", "pin:x", "resend:x", "ticket:x"),
)


async def note(pool: Pool, stack: TestStack, reason: str) -> None:
    said = {"actor": "anna", "action": "retry", "reference": "A-7K3F-92QD"}
    await audit.record(pool, stack.keys, reason=reason, **said)


@pytest.mark.parametrize("statement", STOPS_STAFF)
async def test_no_row_that_staff_may_add_stops_those_after_it(
    stack: TestStack, pool: Pool, statement: str
) -> None:
    await note(pool, stack, "before")
    async with session(stack.ledger_dsn_of(User.CONSOLE)) as role:
        undone = role.transaction()
        await undone.start()
        with pytest.raises(asyncpg.RaiseError, match="rows of the audit are"):
            await role.execute(statement)
        await undone.rollback()
    async with await connect(stack.ledger_dsn_of(User.CONSOLE)) as console:
        await note(console, stack, "after")
    (row,) = await audit.page(pool, stack.keys, limit=1)
    assert row.reason == "after"


async def test_a_temporary_table_hides_no_row_of_the_audit(stack: TestStack, pool: Pool) -> None:
    await note(pool, stack, "before")
    async with session(stack.ledger_dsn_of(User.CONSOLE)) as role:
        await role.execute("CREATE TEMP TABLE audit AS SELECT * FROM audit WHERE false")
        await role.execute("INSERT INTO pg_temp.audit (id) VALUES (10000000)")
        with pytest.raises(asyncpg.RaiseError, match="rows of the audit are"):
            await role.execute(
                "INSERT INTO public.audit VALUES (10000001, now(), 'x', 'x', NULL, '', '')"
            )


@pytest.mark.parametrize("bucket", OF_OTHERS)
async def test_the_portal_touches_no_window_of_others(
    stack: TestStack, pool: Pool, bucket: str
) -> None:
    await budgets.forget(pool, [bucket])
    await budgets.use(pool, bucket, HOUR)
    async with await connect(stack.ledger_dsn_of(User.PORTAL)) as portal:
        await budgets.forget(portal, [bucket])
        for change in ("ends_at = now()", "used = 0", "bucket = 'posts:x'"):
            await portal.execute(f"UPDATE budget SET {change} WHERE bucket = $1", bucket)  # noqa: S608 - ours
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await budgets.use(portal, bucket, HOUR)
    assert await budgets.used(pool, bucket) == 1
    await budgets.forget(pool, [bucket])


@pytest.mark.parametrize("bucket", OF_THE_PORTAL)
async def test_the_portal_counts_in_its_own_windows_and_cleans_up(
    stack: TestStack, pool: Pool, bucket: str
) -> None:
    await pool.execute(
        "INSERT INTO budget (bucket, window_start, ends_at, used)"
        " VALUES ('sign_ins:old', now(), now() - interval '1 hour', 1)"
    )
    async with await connect(stack.ledger_dsn_of(User.PORTAL)) as portal:
        await budgets.forget(portal, [bucket])
        for left in (1, 0):
            assert (await budgets.take(portal, [Bound(bucket, 2, HOUR)]))[bucket].left == left
        assert budgets.latest(await budgets.take(portal, [Bound(bucket, 2, HOUR)]))
        await budgets.forget(portal, [bucket])
    assert await budgets.used(pool, bucket) == 0
    old = "SELECT count(*) FROM budget WHERE bucket = 'sign_ins:old'"
    assert await pool.fetchval(old) == 0


@pytest.mark.parametrize("user", [User.CONSOLE, User.MAIN, User.COMMANDS])
async def test_others_count_in_every_window(stack: TestStack, user: User) -> None:
    async with await connect(stack.ledger_dsn_of(user)) as allowed:
        for bucket in ("sign_ins:x", "guess:x", "posts:x"):
            await budgets.use(allowed, bucket, HOUR)
            await budgets.forget(allowed, [bucket])
            assert await budgets.used(allowed, bucket) == 0


async def test_no_lock_of_the_portal_stops_staff_alerts_or_the_sweep(stack: TestStack) -> None:
    async with session(stack.ledger_dsn_of(User.PORTAL)) as portal:
        for number in range(7_263_400, 7_263_420):
            await portal.execute("SELECT pg_advisory_lock($1)", number)
        for table in ("audit_head", "alert", "missed"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with portal.transaction():
                    await portal.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
        async with await connect(stack.ledger_dsn_of(User.CONSOLE)) as console:
            await note(console, stack, "not stopped")
        async with (
            await connect(stack.ledger_dsn_of(User.ALERTS)) as watch,
            alerts.leading(watch) as leads,
        ):
            assert leads
        async with session(stack.ledger_dsn_of(User.MAIN)) as main, main.transaction():
            await main.execute("SET LOCAL lock_timeout = '2s'")
            assert await misses.delete(main, HOUR, []) == 0


async def test_the_portal_names_no_epoch_that_nobody_has(stack: TestStack, pool: Pool) -> None:
    forged = "INSERT INTO key_check (name, value) VALUES ($1, 'x')"
    names = ("epochs/2098-12.key", "seal/2098-12", "barrier.key.of.a.test")
    async with session(stack.ledger_dsn_of(User.PORTAL)) as portal:
        for name in names:
            await portal.execute(forged, name)
    noted = await pool.fetch("SELECT name FROM key_check WHERE name = ANY($1)", names)
    assert [row["name"] for row in noted] == ["barrier.key.of.a.test"]
    async with session(stack.ledger_dsn_of(User.MAIN)) as main:
        await main.execute(forged, "epochs/2098-12.key")
    gone = await pool.execute("DELETE FROM key_check WHERE name = ANY($1)", names)
    assert gone == "DELETE 2"


@pytest.mark.parametrize("user", [User.ALERTS, User.CONSOLE, User.COMMANDS])
async def test_attack_mode_is_for_portals_to_begin_and_for_others_to_see(
    stack: TestStack, pool: Pool, user: User
) -> None:
    await budgets.forget(pool, ["attack_mode"])
    async with await connect(stack.ledger_dsn_of(user)) as role:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await role.execute("SELECT attack_mode(-1, -1, -1, -1, '50 years')")
        assert await attack_mode.known(role) is None
        await budgets.use(pool, "attack_mode", HOUR)
        assert await attack_mode.known(role) is not None
    await budgets.forget(pool, ["attack_mode"])


async def test_attack_mode_ends_within_a_day_whatever_is_asked(pool: Pool) -> None:
    await budgets.forget(pool, ["attack_mode"])
    await budgets.use(pool, "attack_mode", timedelta(days=50 * 365))
    ends = "SELECT ends_at - now() FROM budget WHERE bucket = 'attack_mode'"
    assert await pool.fetchval(ends) <= timedelta(days=1)
    await budgets.forget(pool, ["attack_mode"])
