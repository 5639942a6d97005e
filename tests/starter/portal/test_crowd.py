"""A crowd starts at the pace of the workers, and nobody inside is refused anything."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason
from ledger import activations, locks, starts
from postgres import Pool, connect
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

FULL = "Πολλοί φοιτητές ξεκινούν"
LONG = timedelta(minutes=5)
WHOSE = {"mobile": "6945550001", "email": ""}


@pytest.fixture
async def app(
    make_app: Callable[[Settings], FastAPI], settings: Settings, pool: Pool
) -> AsyncIterator[FastAPI]:
    portal = settings.portal.model_copy(update={"starts_under_way": 2})
    await pool.execute("DELETE FROM start_under_way")
    yield make_app(settings.model_copy(update={"portal": portal}))
    await pool.execute("DELETE FROM start_under_way")


async def full(pool: Pool) -> None:
    """Let others hold every place; no worker gives back that of who is inside already."""
    await pool.execute("DELETE FROM start_under_way")
    for name in ("one", "two"):
        assert await starts.admit(pool, name, most=2, lease=LONG)


async def test_beyond_the_limit_the_form_is_kept_and_the_page_says_when_to_come_again(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await full(pool)
    await browser.begin()
    form = browser.hidden | WHOSE
    response = await browser.post("/contact", **form)
    assert response.status_code == 503
    wait = int(response.headers["retry-after"])
    assert 3 <= wait <= 10
    assert FULL in response.text
    assert f"{wait} δευτερόλεπτα" in response.text
    assert re.search(r'name="mobile" value="6945550001"', response.text)
    assert engine.started == []
    await starts.release(pool, "one")
    assert (await browser.post("/contact", **form)).headers["location"] == "/pin"
    assert len(engine.started) == 1


async def test_who_is_over_the_limit_of_look_ups_holds_no_place(
    make_app: Callable[[Settings], FastAPI], settings: Settings, pool: Pool
) -> None:
    await pool.execute("DELETE FROM start_under_way")
    portal = settings.portal.model_copy(update={"starts_under_way": 2})
    limits = settings.limits.model_copy(update={"misses_per_address": 0})
    changed = {"portal": portal, "limits": limits}
    stranger = Browser(make_app(settings.model_copy(update=changed)))
    answers = []
    for n in range(3):
        await stranger.begin()
        given = await stranger.post("/contact", mobile=f"694555100{n}", email="")
        answers.append(given.status_code)
    assert answers == [429] * 3
    assert await pool.fetchval("SELECT count(*) FROM start_under_way") == 0


async def test_a_request_that_is_cut_before_the_start_holds_no_place(
    browser: Browser, pool: Pool
) -> None:
    await pool.execute("DELETE FROM start_under_way")
    await browser.begin()
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE activation IN EXCLUSIVE MODE")
        cut = asyncio.create_task(browser.post("/contact", mobile="6945551009", email=""))
        while not await pool.fetchval("SELECT count(*) FROM start_under_way"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
    assert await pool.fetchval("SELECT count(*) FROM start_under_way") == 0


async def test_no_slot_is_held_while_an_answer_is_held_back(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a few strangers who send one contact again and again would hold every slot."""
    portal = settings.portal.model_copy(update={"disclosure": "uniform"})
    app = make_app(settings.model_copy(update={"portal": portal}))
    free: list[int] = []
    slots = app.state.context.admission.turns

    async def noted(_: float) -> None:
        free.append(slots._value)

    engine.first = at(Step.NOT_FOUND)
    browser = Browser(app)
    await browser.give_contact(WHOSE["mobile"])
    monkeypatch.setattr("starter.portal.time_limit.sleep", noted)
    await browser.get("/pin")
    free.clear()
    given = await browser.post("/contact", **WHOSE)
    assert given.headers["location"] == "/pin"
    assert free == [slots._value]


async def test_two_clicks_hold_one_place(pool: Pool, app: FastAPI) -> None:
    del app
    assert await starts.admit(pool, "one", most=1, lease=LONG)
    assert await starts.admit(pool, "one", most=1, lease=LONG)
    assert not await starts.admit(pool, "two", most=1, lease=LONG)


async def test_many_portals_at_once_admit_no_more_than_the_limit(pool: Pool, app: FastAPI) -> None:
    del app
    asked = (starts.admit(pool, f"start {n}", most=5, lease=LONG) for n in range(40))
    assert sum(await asyncio.gather(*asked)) == 5


async def test_a_place_that_nobody_gives_back_ends_by_itself(pool: Pool, app: FastAPI) -> None:
    del app
    assert await starts.admit(pool, "one", most=1, lease=timedelta(seconds=-1))
    assert await starts.admit(pool, "two", most=1, lease=LONG)


async def test_a_contact_whose_activation_goes_on_is_never_refused(
    app: FastAPI, engine: MemoryEngine, pool: Pool
) -> None:
    first, other_device = Browser(app), Browser(app)
    await first.begin()
    await first.post("/contact", mobile="6945550002", email="")
    await full(pool)
    await other_device.begin()
    again = await other_device.post("/contact", mobile="6945550002", email="")
    assert again.headers["location"] == "/pin"
    assert len(engine.started) == 2


@pytest.mark.usefixtures("unheld")
async def test_where_nobody_may_tell_who_is_on_file_a_crowd_is_refused_alike(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine, pool: Pool
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": "uniform", "starts_under_way": 2})
    app = make_app(settings.model_copy(update={"portal": portal}))
    answers = []
    for mobile, first in (("6945550004", at(Step.PIN)), ("6945550005", at(Step.NOT_FOUND))):
        await pool.execute("DELETE FROM start_under_way")
        engine.first, device, another = first, Browser(app), Browser(app)
        await device.give_contact(mobile)
        if first.step is Step.NOT_FOUND:
            await activations.close(
                pool, reference=engine.started[-1].reference, end=Step.NOT_FOUND
            )
        await full(pool)
        answers.append((await another.give_contact(mobile)).status_code)
    assert answers == [503, 503]


async def test_who_is_inside_goes_on(student: Browser, engine: MemoryEngine, pool: Pool) -> None:
    await full(pool)
    assert (await student.get("/pin")).status_code == 200
    assert (await student.post("/pin", pin="123456")).status_code == 303
    engine.put(engine.started[0].reference, at(Step.PIN, WaitReason.WAITING_PIN))
    await student.get("/contact")
    changed = await student.post("/contact", mobile="6945550003", email="")
    assert changed.headers["location"] == "/pin"


async def test_starts_that_the_ledger_keeps_waiting_leave_room_for_who_is_inside(
    student: Browser, app: FastAPI, stack: TestStack
) -> None:
    crowd = [Browser(app) for _ in range(40)]
    for each in crowd:
        await each.begin()
    async with await connect(stack.ledger_dsn) as others, others.acquire() as other:
        await other.execute("SELECT pg_advisory_lock($1)", locks.STARTS)  # Starts wait.
        sent = [
            asyncio.create_task(each.post("/contact", mobile=f"69455520{n:02}", email=""))
            for n, each in enumerate(crowd)
        ]
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await student.get("/pin")).status_code == 200
        assert (await student.post("/pin", pin="123456")).status_code == 303
        answers = await asyncio.gather(*sent)
        await other.execute("SELECT pg_advisory_unlock($1)", locks.STARTS)
    assert {answer.status_code for answer in answers} == {503}
    assert any(FULL in answer.text for answer in answers)


async def test_those_who_get_no_turn_leave_room_for_who_is_inside(
    student: Browser, app: FastAPI, pool: Pool, stack: TestStack
) -> None:
    await full(pool)
    crowd = [Browser(app) for _ in range(60)]
    for each in crowd:
        await each.begin()
    async with await connect(stack.ledger_dsn) as others, others.acquire() as other:
        async with other.transaction():
            # The ledger is slow to tell whose activation goes on.
            await other.execute("LOCK TABLE activation IN ACCESS EXCLUSIVE MODE")
            sent = [
                asyncio.create_task(each.post("/contact", mobile=f"69455530{n:02}", email=""))
                for n, each in enumerate(crowd)
            ]
            while await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < 6:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (await student.get("/pin")).status_code == 200
        answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {503}
    assert sum(FULL in answer.text for answer in answers) >= len(answers) - 6
