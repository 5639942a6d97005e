"""When attack mode begins and ends: by what the ledger has counted, and by its clock."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from ipaddress import ip_network

import pytest

from ledger import attack_mode, budgets
from postgres import Pool, connect
from security.purposes import User
from settings.limits import LimitSettings
from tests.stack import TestStack
from web.limits import Purpose, RateLimits

LIMITS = LimitSettings()


@pytest.fixture(autouse=True)
async def quiet(pool: Pool) -> AsyncIterator[None]:
    """Let nothing of other tests count, and leave nothing."""
    before = "UPDATE attempt SET at = at - interval '1 day'"
    missed = "UPDATE activation SET started_at = started_at - interval '1 day'"
    over = "DELETE FROM budget WHERE bucket = 'attack_mode'"
    sent = "UPDATE message SET reserved_at = reserved_at - interval '1 day'"
    for statement in (before, missed, sent, over):
        await pool.execute(statement)
    yield
    for statement in (before, missed, sent, over):
        await pool.execute(statement)


async def typed(pool: Pool, reference: str, outcome: str, number: int) -> None:
    await pool.execute(
        "INSERT INTO attempt (reference, submission_id, outcome, tries_left)"
        " SELECT $1, $2 || n || clock_timestamp(), $2, 0 FROM generate_series(1, $3) n",
        reference,
        outcome,
        number,
    )


async def missed(pool: Pool, reference: str, number: int) -> None:
    await pool.execute(
        "INSERT INTO activation (reference, language, ended_at, end_step, mobile_index)"
        " SELECT $1 || n, 'el', now(), 'not_found', '' FROM generate_series(1, $2) n",
        reference,
        number,
    )


async def found(pool: Pool, reference: str, number: int, *, contacts: int | None = None) -> None:
    """Note starts that found somebody, each at a contact of its own or at so many in all."""
    await pool.execute(
        "WITH begun AS (INSERT INTO activation (reference, language, mobile_index)"
        " SELECT $1 || '-f' || n, 'el', '' FROM generate_series(1, $2) n)"
        " INSERT INTO message (key, reference, channel, contact_index)"
        " SELECT $1 || '-f' || n || ':pin:1', $1 || '-f' || n, 'sms', $1 || n % $3"
        " FROM generate_series(1, $2) n",
        reference,
        number,
        contacts or max(number, 1),
    )


async def passes(pool: Pool, by: timedelta) -> None:
    await pool.execute("UPDATE attempt SET at = at - $1::interval", by)
    await pool.execute("UPDATE activation SET started_at = started_at - $1::interval", by)
    await pool.execute("UPDATE message SET reserved_at = reserved_at - $1::interval", by)
    await pool.execute(
        "UPDATE budget SET window_start = window_start - $1::interval, ends_at = ends_at - $1"
        " WHERE bucket = 'attack_mode'",
        by,
    )


async def is_on(pool: Pool) -> bool:
    return await attack_mode.since(pool, LIMITS) is not None


@pytest.mark.parametrize(
    ("wrong", "right", "misses", "hits", "on"),
    [
        (0, 0, 0, 0, False),
        (49, 0, 0, 0, False),
        (50, 0, 0, 0, True),
        (50, 200, 0, 0, False),
        (51, 200, 0, 0, True),
        (0, 500, 59, 0, False),
        (0, 500, 60, 0, True),
        (0, 500, 60, 90, False),
        (0, 500, 61, 90, True),
        (0, 0, 100, 600, False),
    ],
)
async def test_it_begins_when_wrong_codes_or_misses_rise_in_number_and_share(
    pool: Pool, reference: str, *, wrong: int, right: int, misses: int, hits: int, on: bool
) -> None:
    await typed(pool, reference, "wrong", wrong)
    await typed(pool, reference, "right", right)
    await missed(pool, reference, misses)
    await found(pool, reference, hits)
    assert await is_on(pool) is on


async def missed_from(
    pool: Pool, stack: TestStack, reference: str, hosts: Sequence[str], *, once: str = ""
) -> None:
    """Note a look-up that found nobody from each of these addresses, as the portal counts it."""
    rates = RateLimits(pool, stack.keys, LimitSettings(networks={ip_network("::/0"): 10**6}))
    for number, host in enumerate(hosts, 1):
        await missed(pool, f"{reference}-{number}-", 1)
        bounds = rates.by_address(Purpose.MISSES, host)
        await budgets.take(pool, bounds, f"{once}{reference}-{number}-1")


@pytest.mark.parametrize("once", ["", "uniform:"])
async def test_one_network_alone_neither_begins_it_nor_keeps_it_on(
    pool: Pool, stack: TestStack, reference: str, once: str
) -> None:
    site = [f"2001:db8:77:{block}{low}::1" for block in range(100, 110) for low in range(8)]
    await missed_from(pool, stack, reference, site, once=once)
    assert not await is_on(pool)
    await missed(pool, f"{reference}-elsewhere-", 40)
    assert await is_on(pool)
    await passes(pool, timedelta(minutes=6))
    await missed_from(pool, stack, f"{reference}-again", site, once=once)
    assert await is_on(pool)
    await passes(pool, timedelta(minutes=5))
    assert not await is_on(pool)


async def test_addresses_that_rotate_begin_it(pool: Pool, stack: TestStack, reference: str) -> None:
    hosts = [f"2001:db8:{site:x}::1" for site in range(30)]
    await missed_from(pool, stack, reference, [*hosts, *hosts])
    assert await is_on(pool)


async def test_starts_with_few_contacts_on_file_hide_no_misses(pool: Pool, reference: str) -> None:
    await missed(pool, reference, 60)
    await found(pool, reference, 600, contacts=2)
    assert await is_on(pool)


async def test_it_begins_ends_by_itself_and_has_hysteresis(pool: Pool, reference: str) -> None:
    await typed(pool, reference, "wrong", 60)
    began = await attack_mode.since(pool, LIMITS)
    assert began
    await passes(pool, timedelta(minutes=6))
    await typed(pool, reference, "wrong", 25)  # Half is enough to keep it on.
    await typed(pool, reference, "right", 200)
    assert await is_on(pool)
    await passes(pool, timedelta(minutes=6))
    assert await is_on(pool)
    await passes(pool, timedelta(minutes=3))
    assert await is_on(pool)
    await passes(pool, timedelta(minutes=2))
    assert not await is_on(pool)
    await typed(pool, reference, "wrong", 25)  # And not enough to begin it again.
    assert not await is_on(pool)


async def test_a_portal_that_asks_may_begin_it(
    stack: TestStack, pool: Pool, reference: str
) -> None:
    await typed(pool, reference, "wrong", 60)
    async with await connect(stack.ledger_dsn_of(User.PORTAL)) as allowed:
        assert await is_on(allowed)
