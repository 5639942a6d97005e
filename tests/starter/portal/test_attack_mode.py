"""What students meet while attack mode is on: slower starts, and nothing once they are inside."""

from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from postgres import Pool
from settings import Settings
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine

ON = "INSERT INTO budget VALUES ('attack_mode', now(), 1, now() + interval '9 minutes')"
OFF = "DELETE FROM budget WHERE bucket IN ('attack_mode', 'starts')"


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
