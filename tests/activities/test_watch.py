"""Every activity is counted at the part it works with, and none notices."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from temporalio.client import Client

import postgres
from activities.watch import Watch, watched
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    ProvisionAccount,
    ResolveAccount,
)
from domain.contracts.systems import USED_BY
from domain.contracts.vocabulary import ActivityName, FailureType, System
from ledger import parts, passwords
from ledger.parts import DependencyHealth
from postgres import Pool
from security.sealing import SealedPassword
from support.verbs.operations import WITHIN
from tests.security.test_codec import begin, finishes, waits_for_the_pin
from tests.server import client, reference, working, world
from tests.stack import TestStack
from tests.workflows.engine import World

__all__ = ["client", "reference", "world"]
BY_REQUEST = {
    ActivityName.SEND_PIN,
    ActivityName.SEND_NOTICE,
    ActivityName.RESOLVE_ACCOUNT,
    ActivityName.SEND_INVITATIONS,
}


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        yield pool


async def standing(pool: Pool, part: System) -> DependencyHealth:
    return (await parts.standing(pool, WITHIN)).get(part, DependencyHealth(part))


def test_every_activity_has_its_part() -> None:
    assert {*USED_BY} | BY_REQUEST == {*ActivityName}


async def test_what_activities_meet_reaches_the_ledger_under_the_part_to_mend(
    client: Client, pool: Pool, world: World, reference: str
) -> None:
    before = {part: await standing(pool, part) for part in System}
    world.failing = {ActivityName.SEND_PIN: 1}
    async with watched(client, pool) as seen, working(seen, world):
        handle = await begin(seen, reference)
        await waits_for_the_pin(handle)
        await handle.terminate()
    now = {part: await standing(pool, part) for part in System}
    assert now[System.REGISTRAR].done == before[System.REGISTRAR].done + 1
    assert now[System.SMS].done == before[System.SMS].done + 1
    assert now[System.LEDGER].failed == before[System.LEDGER].failed + 1
    assert now[System.LEDGER].failure == FailureType.LEDGER_DOWN
    assert now[System.DIRECTORY] == before[System.DIRECTORY]


async def test_a_worker_without_the_directorys_account_says_nothing_of_the_directory(
    client: Client, pool: Pool, world: World, reference: str
) -> None:
    """Only the worker that then asked it is counted; the other would hide an outage."""
    world.accounts = [AccountResolved(outcome=AccountOutcome.ELSEWHERE), *world.accounts]
    before = await standing(pool, System.DIRECTORY)
    async with watched(client, pool) as seen, working(seen, world):
        handle = await begin(seen, reference)
        await waits_for_the_pin(handle)
        await finishes(handle)
    asked = len(world.made(ResolveAccount)) - 1 + len(world.made(ProvisionAccount))
    assert asked == 2
    assert (await standing(pool, System.DIRECTORY)).done == before.done + asked


async def test_counts_wait_for_the_ledger(pool: Pool) -> None:
    before = await standing(pool, System.MAIL)
    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        watch = Watch(away)
        watch.count(System.MAIL)
        await watch.flush()
        watch.count(System.MAIL, "MAIL_DOWN")
        await watch.flush()
    watch._pool = pool
    await watch.flush()
    await watch.flush()
    now = await standing(pool, System.MAIL)
    assert (now.done - before.done, now.failed - before.failed) == (1, 1)
    assert now.failure == "MAIL_DOWN"


@pytest.mark.parametrize("minutes", [-600, 600])
async def test_a_worker_whose_clock_is_wrong_counts_in_the_ledgers_minutes(
    pool: Pool, minutes: int
) -> None:
    before = await standing(pool, System.MAIL)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        watch = Watch(pool)
        watch.count(System.MAIL)
        await watch.flush()
    now = await standing(pool, System.MAIL)
    assert now.done == before.done + 1
    assert now.last_done is not None
    assert abs(now.last_done - datetime.now(UTC)) < timedelta(minutes=1)


async def test_expired_passwords_are_deleted_where_nobody_chooses_another(
    pool: Pool, reference: str
) -> None:
    box = SealedPassword("2026-11", b"box")
    for number in ("1", "2"):
        await passwords.put(
            pool, reference=reference, sealed_id=number, sealed=box, ttl=timedelta(hours=1)
        )
    await pool.execute(
        "UPDATE sealed_password SET expires_at = now() - interval '1 s'"
        " WHERE reference = $1 AND sealed_id = '1'",
        reference,
    )
    await Watch(pool).flush()
    kept = await pool.fetch("SELECT sealed_id FROM sealed_password WHERE reference = $1", reference)
    assert [row["sealed_id"] for row in kept] == ["2"]
