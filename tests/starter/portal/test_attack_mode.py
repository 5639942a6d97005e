"""What students meet while attack mode is on: slower starts, and nothing once they are inside."""

import secrets
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason
from postgres import Pool
from settings import Settings
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at

pytestmark = pytest.mark.usefixtures("unheld")

ON = "INSERT INTO budget VALUES ('attack_mode', now(), 1, now() + interval '9 minutes')"
OFF = "DELETE FROM budget WHERE bucket = 'attack_mode' OR bucket LIKE 'starts%'"


@pytest.fixture(autouse=True)
async def off(pool: Pool) -> AsyncIterator[None]:
    await pool.execute(OFF)
    yield
    await pool.execute(OFF)


@pytest.mark.parametrize("on", [False, True])
async def test_few_may_start_in_a_minute_and_nobody_is_told_that_it_was_too_often(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    pool: Pool,
    *,
    on: bool,
) -> None:
    if on:
        await pool.execute(ON)
    limits = settings.limits.model_copy(update={"attack_starts_per_minute": 2})
    portal = settings.portal.model_copy(update={"barrier": "off"})
    app = make_app(settings.model_copy(update={"limits": limits, "portal": portal}))
    browsers, told = [Browser(app) for _ in range(4)], []
    for number, browser in enumerate(browsers):
        await browser.begin()
        given = await browser.post("/contact", mobile=f"69555500{int(on)}{number}", email="")
        told.append(given.status_code)
    assert told == [303, 303] + ([503, 503] if on else [303, 303])
    assert len(engine.started) == (2 if on else 4)
    assert (await browsers[0].get("/pin")).status_code == 200
    if on:
        assert int(given.headers["retry-after"]) > 0
        assert 'value="6955550013"' in given.text


@pytest.mark.parametrize("disclosure", ["explicit", "uniform"])
async def test_one_browser_that_changes_its_contact_starts_no_more_than_many(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    pool: Pool,
    disclosure: str,
) -> None:
    await pool.execute(ON)
    limits = settings.limits.model_copy(update={"attack_starts_per_minute": 2})
    portal = settings.portal.model_copy(update={"barrier": "off", "disclosure": disclosure})
    app = make_app(settings.model_copy(update={"limits": limits, "portal": portal}))
    browser, told = Browser(app), []
    await browser.begin()
    for number in range(4):
        given = await browser.post("/contact", mobile=f"695555010{number}", email="")
        told.append(given.status_code)
        await browser.get("/contact")
    assert told == [303, 303, 503, 503]
    assert len(engine.started) == 2


async def test_starts_that_other_limits_refuse_take_none_from_students(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    pool: Pool,
) -> None:
    """An address beyond its misses, and starts that find every lease taken."""
    await pool.execute(ON)
    await pool.execute("DELETE FROM start_under_way")
    limits = settings.limits.model_copy(
        update={"attack_starts_per_minute": 2, "misses_per_address": 1}
    )
    portal = settings.portal.model_copy(update={"barrier": "off", "starts_under_way": 1})
    app = make_app(settings.model_copy(update={"limits": limits, "portal": portal}))
    site = f"2001:{secrets.randbelow(0xFFFF):x}:{secrets.randbelow(0xFFFF):x}"

    async def starts(mobile: str, address: str) -> int:
        browser = Browser(app, HOST, f"{site}{address}")
        await browser.begin()
        return (await browser.post("/contact", mobile=mobile, email="")).status_code

    engine.first = at(Step.NOT_FOUND)
    assert await starts("6955550200", "::1") == 422
    await pool.execute("DELETE FROM start_under_way")
    assert [await starts(f"695555021{n}", "::1") for n in range(3)] == [429] * 3
    await pool.execute("INSERT INTO start_under_way VALUES ('A-FULL', now() + interval '1 day')")
    assert [await starts(f"695555022{n}", ":1::1") for n in range(3)] == [503] * 3
    await pool.execute("DELETE FROM start_under_way")
    engine.first = at(Step.PIN, WaitReason.WAITING_PIN)
    assert await starts("6955550230", ":2::1") == 303


@pytest.mark.parametrize(
    ("disclosure", "told"), [("explicit", [303] * 4), ("uniform", [303, 503, 503, 503])]
)
async def test_one_contact_on_file_takes_few_starts_from_students(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    pool: Pool,
    disclosure: str,
    told: list[int],
) -> None:
    """Whose activation goes on is not refused, which is told unless answers are uniform."""
    await pool.execute(ON)
    limits = settings.limits.model_copy(
        update={"attack_starts_per_minute": 2, "attack_starts_per_contact": 1}
    )
    portal = settings.portal.model_copy(update={"barrier": "off", "disclosure": disclosure})
    app = make_app(settings.model_copy(update={"limits": limits, "portal": portal}))
    own = f"69{secrets.randbelow(10**8):08d}"
    given = [(await Browser(app).give_contact(own)).status_code for _ in range(4)]
    assert given == told
    other = await Browser(app).give_contact(f"69{secrets.randbelow(10**8):08d}")
    assert other.status_code == 303
