"""An open code page looks for news: it is drawn again only when there may be some."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.contracts.vocabulary import Step, WaitReason
from starter.client.connect import TemporalUnavailable
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at


async def look(browser: Browser, mark: str) -> httpx.Response:
    return await browser.http.get("/pin", headers={"If-None-Match": mark})


@pytest.fixture
async def mark(student: Browser) -> str:
    """Return the mark of the code page after its first look."""
    seen = await look(student, "none")
    assert seen.status_code == 200
    return seen.headers["etag"]


@pytest.mark.parametrize("form", ["{}", "W/{}"])
async def test_the_same_record_has_no_news(
    student: Browser, engine: MemoryEngine, mark: str, form: str
) -> None:
    engine.worker = False
    seen = await look(student, form.format(mark))
    assert (seen.status_code, seen.content) == (304, b"")


async def test_a_failed_try_is_news(student: Browser, engine: MemoryEngine, mark: str) -> None:
    engine.failed_by = WaitReason.SMS_DOWN
    seen = await look(student, mark)
    assert seen.status_code == 200
    assert seen.headers["etag"] != mark
    assert "SMS" in seen.text


async def test_a_code_that_has_expired_is_news_once(
    student: Browser, engine: MemoryEngine, mark: str
) -> None:
    waits = at(Step.PIN, WaitReason.WAITING_PIN)
    assert waits.pin
    assert waits.pin.expires_at
    then = int(mark.strip('"').rpartition(" ")[2])
    assert abs(then - waits.pin.expires_at.timestamp()) < 60
    over = datetime.now(UTC) - timedelta(seconds=1)
    pin = waits.pin.model_copy(update={"expires_at": over})
    engine.put(engine.started[0].reference, waits.model_copy(update={"pin": pin}))
    seen = await look(student, mark.replace(str(then), str(int(over.timestamp()))))
    assert seen.status_code == 200
    assert "Ο εξαψήφιος κωδικός (pin) έληξε" in seen.text
    assert (await look(student, seen.headers["etag"])).status_code == 304


@pytest.mark.parametrize("step", [Step.REVIEW, Step.CANCELLED])
async def test_a_step_that_is_over_leads_on(
    student: Browser, engine: MemoryEngine, mark: str, step: Step
) -> None:
    engine.put(engine.started[0].reference, at(step))
    assert (await look(student, mark)).status_code == 303


async def test_no_look_outlives_the_session(student: Browser, mark: str) -> None:
    student.http.cookies.clear()
    seen = await look(student, mark)
    assert (seen.status_code, seen.headers["location"]) == (303, "/who")


async def test_without_temporal_a_look_is_answered_as_the_page(
    student: Browser, engine: MemoryEngine, mark: str
) -> None:
    engine.away = TemporalUnavailable()
    assert (await look(student, mark)).status_code == 503


async def test_a_page_that_a_person_opens_has_no_mark(student: Browser) -> None:
    assert "etag" not in (await student.get("/pin")).headers
