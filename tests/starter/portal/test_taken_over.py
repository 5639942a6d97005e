"""One activation and two browsers: only the one that proved the contact last may act on it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.views import Progress
from domain.contracts.vocabulary import Language, Step, WaitReason
from postgres import Pool
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

PASSWORD = at(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
GOOD = "vrasto-kerasi-plateia-9"


async def take_over(engine: MemoryEngine, holder: str, browser: Browser) -> None:
    """Let this browser prove the contact, and join the activation that is there."""
    before = len(engine.started)
    assert (await browser.give_contact()).headers["location"] == "/pin"
    newcomer = engine.started[before].reference
    engine.put(newcomer, at(Step.JOINED, joined_to=holder))


@pytest.fixture
def phone(app: FastAPI) -> Browser:
    return Browser(app)


@pytest.fixture
async def holder(browser: Browser, engine: MemoryEngine) -> str:
    """Return the activation that the laptop has brought to its password page."""
    await browser.give_contact()
    reference = engine.started[0].reference
    engine.put(reference, PASSWORD)
    await browser.get("/password")
    return reference


async def test_the_older_browser_is_told_and_may_do_nothing_more(
    browser: Browser, phone: Browser, engine: MemoryEngine, holder: str, pool: Pool
) -> None:
    await take_over(engine, holder, phone)
    assert (await phone.get("/progress")).headers["location"] == "/password"
    assert holder in (await phone.get("/password")).text

    for path, fields in (
        ("/pin", {"pin": "123456"}),
        ("/pin/resend", {"channel": "sms"}),
        ("/insurance", {"number": "01010500013"}),
        ("/review", {"decision": "agree"}),
        ("/password", {"password": GOOD}),
        ("/contact", {"mobile": "6912345678"}),
    ):
        assert (await browser.post(path, **fields)).headers["location"] == "/continued"
    for path in ("/contact", "/pin", "/review", "/password", "/progress", "/done", "/ended"):
        assert (await browser.get(path)).headers["location"] == "/continued"
    assert (await browser.get("/progress.json")).status_code == 401
    assert engine.submitted == []
    assert not await pool.fetchval(
        "SELECT count(*) FROM sealed_password WHERE reference = $1", holder
    )
    for language in Language:
        page = await browser.get(f"/continued?lang={language}")
        assert page.status_code == 200
        assert holder in page.text
        assert 'href="/who"' in page.text
        assert "mpapadopoulou" not in page.text


async def test_the_older_browser_takes_it_back_by_proving_the_contact_again(
    browser: Browser, phone: Browser, engine: MemoryEngine, holder: str
) -> None:
    await take_over(engine, holder, phone)
    await phone.get("/password")
    await take_over(engine, holder, browser)
    assert (await browser.get("/progress")).headers["location"] == "/password"
    assert (await phone.get("/password")).headers["location"] == "/continued"
    assert (await browser.get("/password")).status_code == 200


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize("disclosure", ["explicit", "uniform"])
@pytest.mark.parametrize("worker", [True, False])
async def test_where_the_holder_was_reset_to_its_code_the_newer_browser_is_asked_for_it(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    disclosure: str,
    *,
    worker: bool,
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": disclosure})
    app = make_app(settings.model_copy(update={"portal": portal}))
    laptop, phone = Browser(app), Browser(app)
    await laptop.give_contact()
    holder = engine.started[0].reference
    engine.put(holder, PASSWORD)
    await take_over(engine, holder, phone)
    assert (await phone.get("/progress")).headers["location"] == "/password"
    engine.put(holder, at(Step.PIN, WaitReason.WAITING_PIN))
    engine.worker = worker
    page = await phone.get("/pin")
    assert page.status_code == 200
    assert "+30 •••••••78" in page.text


async def test_who_was_not_taken_over_is_not_told_so(browser: Browser, holder: str) -> None:
    assert holder
    assert (await browser.get("/continued")).headers["location"] == "/password"


# --- the same contact from the same browser ------------------------------------------------


def waiting(**more: object) -> Progress:
    progress = at(Step.PIN, WaitReason.WAITING_PIN)
    assert progress.pin
    return progress.model_copy(update={"pin": progress.pin.model_copy(update=more)})


async def used(pool: Pool, stack: TestStack) -> int:
    bucket = f"misses:{stack.keys.index('address', '127.0.0.1/32')}"
    total = await pool.fetchval("SELECT sum(used) FROM budget WHERE bucket = $1", bucket)
    return int(total or 0)


@pytest.mark.parametrize("expires_at", [None, datetime.now(UTC) + timedelta(hours=1)])
async def test_the_same_contact_goes_on_with_the_code_it_has(
    browser: Browser,
    engine: MemoryEngine,
    pool: Pool,
    stack: TestStack,
    expires_at: datetime | None,
) -> None:
    engine.first = waiting(expires_at=expires_at)
    await browser.give_contact()
    before = await used(pool, stack)
    await browser.get("/contact")
    response = await browser.post("/contact", mobile="+30 691 234 5678", email="")
    assert response.headers["location"] == "/pin"
    assert len(engine.started) == 1
    assert await used(pool, stack) == before


@pytest.mark.parametrize(
    ("typed", "pin"),
    [
        ({"mobile": "6987654321"}, {}),
        ({"mobile": "6912345678", "email": "maria@example.com"}, {}),
        ({"email": "maria@example.com"}, {}),
        ({"mobile": "6912345678"}, {"expires_at": datetime.now(UTC)}),
        ({"mobile": "6912345678"}, {"tries_left": 0}),
    ],
)
async def test_another_contact_or_a_dead_code_begins_anew(
    browser: Browser, engine: MemoryEngine, typed: dict[str, str], pin: dict[str, object]
) -> None:
    engine.first = waiting(**pin)
    await browser.give_contact()
    await browser.get("/contact")
    assert (await browser.post("/contact", **typed)).headers["location"] == "/pin"
    assert len(engine.started) == 2
