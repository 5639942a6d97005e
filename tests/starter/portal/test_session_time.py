"""A page tells how long its session lasts, and one press continues it."""

import re
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step
from ledger import sessions as ledger
from postgres import Pool
from tests.starter.portal.conftest import Browser, change
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_pages import PROVISIONING
from web.times import SESSION_WARNING

HALF_AN_HOUR, TWO_HOURS = 1800, 7200
TOLD = "η σελίδα αυτή μπορεί να χρησιμοποιηθεί μέχρι τις"


async def idle(pool: Pool, browser: Browser, minutes: int) -> None:
    await pool.execute(
        "UPDATE session SET seen_at = now() - make_interval(mins => $2) WHERE token_hash = $1",
        ledger.token_hash(browser.http.cookies["session"]),
        minutes,
    )


async def last_used(pool: Pool, browser: Browser) -> datetime:
    hashed = ledger.token_hash(browser.http.cookies["session"])
    used: datetime = await pool.fetchval(
        "SELECT seen_at FROM session WHERE token_hash = $1", hashed
    )
    return used


async def look(browser: Browser) -> dict[str, Any]:
    response = await browser.http.get("/session.json")
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


async def test_a_page_tells_how_long_it_can_be_used(student: Browser, engine: MemoryEngine) -> None:
    page = (await student.get("/pin")).text
    assert TOLD in page
    assert f'data-idle="{HALF_AN_HOUR}"' in page or f'data-idle="{HALF_AN_HOUR - 1}"' in page
    assert f'data-warns="{int(SESSION_WARNING.total_seconds())}"' in page
    in_all = re.findall(r'data-in-all="(\d+)"', page)
    assert TWO_HOURS - 60 < int(in_all[0]) <= TWO_HOURS
    # The waiting page looks again by itself, which does not keep the session.
    engine.put(engine.started[0].reference, PROVISIONING)
    waiting = (await student.get("/progress")).text
    assert TOLD in waiting
    assert "Όσα γράφατε εδώ" not in waiting
    # Where nothing is typed that could be lost, and where no session is needed, nothing is told.
    for path in ("/problem", "/help", "/"):
        assert TOLD not in (await student.get(path)).text
    engine.put(engine.started[0].reference, at(Step.ACTIVE))
    assert TOLD not in (await student.get("/done")).text


async def test_a_look_uses_nothing_and_one_press_continues(student: Browser, pool: Pool) -> None:
    await student.get("/pin")
    await idle(pool, student, 27)
    for _ in range(2):
        told = await look(student)
        # The minute after which a use is written is the browser's.
        assert 3 * 60 < told["idle"] <= 4 * 60
    continued = await student.http.post("/session", data=student.hidden)
    assert HALF_AN_HOUR - 5 < continued.json()["idle"] <= HALF_AN_HOUR
    assert (await look(student))["idle"] > HALF_AN_HOUR - 5
    assert re.fullmatch(r"(.*, )?\d\d:\d\d", continued.json()["until"])


BY_ITSELF = {"Page-Refresh": "1"}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/pin", BY_ITSELF),
        ("/pin", BY_ITSELF | {"If-None-Match": "none"}),
        ("/progress", BY_ITSELF),
        ("/progress?refreshed", {}),
        ("/progress?received&refreshed", {}),
        ("/progress.json", {}),
        ("/session.json", {}),
    ],
)
async def test_what_an_open_page_asks_by_itself_is_no_use(
    student: Browser, pool: Pool, engine: MemoryEngine, path: str, headers: dict[str, str]
) -> None:
    if path.startswith("/progress"):
        engine.put(engine.started[0].reference, PROVISIONING)
    await idle(pool, student, 5)
    before = await last_used(pool, student)
    assert (await student.http.get(path, headers=headers)).status_code == 200
    assert await last_used(pool, student) == before
    # Whoever opens the page uses the session, and a form is always sent by somebody.
    if not path.endswith(".json"):
        await student.get(path.partition("?")[0])
        assert await last_used(pool, student) > before
    await idle(pool, student, 5)
    await student.http.post("/session", data=student.hidden, headers=BY_ITSELF)
    assert await last_used(pool, student) > before


async def test_a_page_that_moves_on_by_itself_tells_the_time_that_is_left(
    student: Browser, pool: Pool
) -> None:
    await idle(pool, student, 20)
    moved = await student.http.get("/progress?refreshed")
    assert moved.headers["location"] == "/pin?refreshed"
    page = (await student.get(moved.headers["location"])).text
    told = re.search(r'data-idle="(\d+)"', page)
    assert told
    assert 10 * 60 < int(told[1]) <= 11 * 60


async def test_two_hours_are_told_as_the_end_however_busy(student: Browser, pool: Pool) -> None:
    await student.get("/pin")
    await change(pool, student, "created_at = now() - interval '110 minutes'")
    continued = (await student.http.post("/session", data=student.hidden)).json()
    assert 9 * 60 < continued["in_all"] <= 10 * 60 < continued["idle"]


@pytest.mark.parametrize("ended", ["idle", "never", "finished"])
async def test_an_ended_session_is_told_as_such_and_is_not_continued(
    app: FastAPI, student: Browser, pool: Pool, ended: str
) -> None:
    await student.get("/pin")
    hidden = student.hidden
    if ended == "idle":
        await idle(pool, student, 32)
    elif ended == "finished":
        await student.post("/end")
    else:
        student = Browser(app)
        await student.get("/who")
        hidden = student.hidden
    assert (await student.http.get("/session.json")).status_code == 401
    continued = await student.http.post("/session", data=hidden)
    assert continued.status_code == (403 if ended == "finished" else 401)


async def test_the_end_names_both_reasons(student: Browser) -> None:
    assert "και οπωσδήποτε μετά από κάποιο διάστημα" in (await student.get("/who?again")).text
