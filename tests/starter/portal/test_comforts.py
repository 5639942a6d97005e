"""What makes a page easy: the way back, how long to wait, what was typed, where to begin."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason
from settings import Service, Settings
from starter.connect import TemporalUnavailable
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

TITLE = re.compile(r"<title>(.*?)</title>")
BACK = re.compile(r'<a href="([^"]+)" class="govuk-back-link">')


@pytest.mark.parametrize(
    ("path", "back"),
    [("/", None), ("/who", "/"), ("/contact", "/who"), ("/pin", "/contact"), ("/help", None)],
)
async def test_a_page_leads_back_where_going_back_is_safe(
    student: Browser, path: str, back: str | None
) -> None:
    found = BACK.search((await student.get(path)).text)
    assert (found and found[1]) == back


@pytest.mark.parametrize(("path", "step"), [("/password", Step.PASSWORD), ("/done", Step.ACTIVE)])
async def test_after_the_consent_nothing_leads_back(
    student: Browser, engine: MemoryEngine, path: str, step: Step
) -> None:
    engine.put(engine.started[0].reference, at(step))
    assert BACK.search((await student.get(path)).text) is None


@pytest.mark.parametrize(("seconds", "pause"), [(1, 5), (60, 10), (600, 30), (86_400, 30)])
async def test_the_longer_a_page_has_waited_the_later_it_looks_again(
    student: Browser, engine: MemoryEngine, seconds: int, pause: int
) -> None:
    since = datetime.now(UTC) - timedelta(seconds=seconds)
    waiting = at(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN, since=since)
    engine.put(engine.started[0].reference, waiting)
    page = (await student.get("/progress")).text
    assert f'<noscript><meta http-equiv="refresh" content="{pause}"></noscript>' in page


@pytest.mark.parametrize(
    ("path", "step", "said"),
    [
        ("/contact", Step.PIN, "Βήμα 1"),
        ("/pin", Step.PIN, "Βήμα 2"),
        ("/insurance/other", Step.INSURANCE, "Βήμα 3 από 5"),
        ("/review", Step.REVIEW, "Βήμα 4 από 5"),
        ("/password", Step.PASSWORD, "Βήμα 5 από 5"),
    ],
)
async def test_the_title_tells_the_step_and_the_error(
    student: Browser, engine: MemoryEngine, path: str, step: Step, said: str
) -> None:
    engine.put(engine.started[0].reference, at(step))
    for page in (await student.get(path), await student.post(path, decision="dispute")):
        title = TITLE.findall(page.text)[0]
        assert title.startswith("Σφάλμα: ") == (page.status_code == 422)
        assert f" - {said} - " in title
        assert f'app-caption">{said}</p>' in page.text


async def test_who_may_not_look_up_now_types_nothing_twice(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    portal = settings.portal.model_copy(update={"lookups_per_address": 0})
    browser = Browser(make_app(settings.model_copy(update={"portal": portal})))
    await browser.begin()
    refused = await browser.post("/contact", mobile="6912345678", email="maria@mail.example")
    assert refused.status_code == 429
    assert "Δοκιμάστε ξανά μετά τις" in refused.text
    for kept in ('name="mobile" value="6912345678"', 'name="email" value="maria@mail.example"'):
        assert kept in refused.text


async def test_a_question_that_could_not_be_answered_now_is_asked_again(
    student: Browser, engine: MemoryEngine
) -> None:
    engine.put(engine.started[0].reference, at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY))
    await student.get("/identify")
    engine.away = TemporalUnavailable()
    page = await student.post("/identify", question="insurance_last_four", answer="1234")
    assert page.status_code == 503
    assert "τέσσερα τελευταία ψηφία" in page.text
    assert "1234" not in page.text


async def test_the_last_page_names_where_to_begin(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    mail = Service(name_el="Ηλεκτρονικό ταχυδρομείο", name_en="Mail", url="https://m.example/")
    place = settings.institution.model_copy(update={"services": (mail,)})
    student = Browser(make_app(settings.model_copy(update={"institution": place})))
    await student.give_contact()
    engine.put(engine.started[0].reference, at(Step.ACTIVE))
    page = (await student.get("/done")).text
    assert 'href="https://m.example/">Ηλεκτρονικό ταχυδρομείο</a>' in page
    assert 'href="https://m.example/">Mail</a>' in (await student.get("/done?lang=en")).text
