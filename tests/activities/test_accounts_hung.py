"""A directory that hangs or dies under load, and tries that wake up after their time."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import fencing
from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.pin_io import PinOutcome
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case
from tests.activities.conftest import MakePerson, hung, writing
from tests.adapters.between import ADD, SEARCH, between
from tests.codes import pins, send, typed
from tests.stack import TestStack

CROWD = 10
"""More than the directory has connections."""
CONNECT, RECEIVE = 2, 2
SLACK = 3.0
"""For a machine that has other work."""

ANOTHER = "Another-password-12"


@pytest.fixture
async def crowd(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[list[Case]]:
    cases = [Case(stack, pool, make_person(), f"{reference}-{n}") for n in range(CROWD)]
    for each in cases:
        await each.consent()
        await each.choose(PASSWORD)
    yield cases
    for each in cases:
        each.ldap.close()


async def all_try(activities: DirectoryActivities, cases: Sequence[Case]) -> list[Any]:
    tries = (each.provision(activities, "1") for each in cases)
    return await asyncio.gather(*tries, return_exceptions=True)


async def all_end_active(activities: DirectoryActivities, cases: Sequence[Case]) -> None:
    """Try again what failed, as Temporal does; a machine with other work may need a few rounds."""
    left = list(cases)
    for _ in range(5):
        ended = await all_try(activities, left)
        left = [each for each, end in zip(left, ended, strict=True) if end != ACTIVE]
        assert {error.type for error in ended if error != ACTIVE} <= {"DIRECTORY_DOWN"}
    assert left == []
    for each in cases:
        code = codes(each.person, each.domain)[0]
        assert len(each.ldap.search(each.people, f"({CODES}={code})", ["uid"])) == 1
        assert each.can_bind(PASSWORD)


async def check_pins(stack: TestStack, pool: Pool, reference: str) -> float:
    """Check PINs until cancelled; returns the longest that one had to wait."""
    check = pins(stack, pool).check_pin
    pin = stack.keys.pin(reference, await send(stack, pool, reference))
    request = typed(reference, pin)
    longest = 0.0
    try:
        while True:
            asked_at = time.monotonic()
            await asyncio.sleep(0.01)
            checked = await ActivityEnvironment().run(check, request)
            assert checked.outcome is PinOutcome.RIGHT
            longest = max(longest, time.monotonic() - asked_at)
    except asyncio.CancelledError:
        return longest


async def test_a_hung_directory_holds_up_nobody_but_who_needs_it(
    stack: TestStack, pool: Pool, crowd: list[Case], reference: str
) -> None:
    limits = {"connect_timeout_seconds": CONNECT, "receive_timeout_seconds": RECEIVE}
    async with writing(stack, pool, **limits) as activities:
        # Connections that lie idle hang as well.
        await asyncio.gather(*(each.resolve(activities) for each in crowd[:8]))
        checking = asyncio.create_task(check_pins(stack, pool, reference))
        with hung(stack):
            began = time.monotonic()
            with pytest.raises(ApplicationError):
                await crowd[0].provision(activities, "1")
            assert time.monotonic() - began < CONNECT + RECEIVE + SLACK
            began = time.monotonic()
            failures = await all_try(activities, crowd)
            rounds = -(-CROWD // stack.settings.directory.pool_size)
            assert time.monotonic() - began < rounds * (CONNECT + RECEIVE) + SLACK
        checking.cancel()
        assert await checking < min(CONNECT, RECEIVE)
        assert {error.type for error in failures} == {"DIRECTORY_DOWN"}
        await all_end_active(activities, crowd)


async def test_a_directory_killed_under_many_adds_has_each_account_once(
    stack: TestStack, pool: Pool, crowd: list[Case]
) -> None:
    slapd = stack._stack.directory
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as activities:
            adding, loop = asyncio.Event(), asyncio.get_running_loop()
            middle.first(ADD, lambda: loop.call_soon_threadsafe(adding.set))
            tries = asyncio.create_task(all_try(activities, crowd))
            await adding.wait()
            slapd.kill()
            slapd.start()
            assert any(end != ACTIVE for end in await tries)
            await all_end_active(activities, crowd)


def half_a_minute_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = fencing.monotonic()
    monkeypatch.setattr(fencing, "monotonic", lambda: now + 31)


async def test_a_try_that_is_too_late_writes_nothing(
    stack: TestStack, pool: Pool, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = await case.choose(PASSWORD)
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as activities:
            middle.first(SEARCH, lambda: half_a_minute_passes(monkeypatch))
            with pytest.raises(ApplicationError, match="too late"):
                await case.provision(activities, sealed)
        assert SEARCH in middle.asked
        assert ADD not in middle.asked
    assert case.entry() is None


async def test_a_try_that_wakes_up_late_leaves_the_password_of_the_later_try(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asleep, woken = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        woken.wait(60)

    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url], receive_timeout_seconds=60) as stopped:
            middle.first(SEARCH, sleep)
            first = await case.choose(ANOTHER)
            zombie = asyncio.create_task(case.provision(stopped, first))
            await asyncio.to_thread(asleep.wait, 30)
            assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
            # The clock goes on while a process is stopped.
            half_a_minute_passes(monkeypatch)
            woken.set()
            with pytest.raises(ApplicationError, match="too late"):
                await zombie
    assert case.can_bind(PASSWORD)
    assert not case.can_bind(ANOTHER)
