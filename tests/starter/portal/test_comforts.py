"""What makes a page easy: the way back, how long to wait, what was typed, where to begin."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from domain.contracts.views import Verdict
from domain.contracts.vocabulary import SpentPurse, Step, WaitReason
from ledger import sessions as ledger
from postgres import Pool
from settings import Settings
from settings.institution import Service
from starter.client.connect import TemporalUnavailable
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_pages import clock

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
    again = f'content="{pause}; url=/progress?refreshed"'
    assert f'<noscript><meta http-equiv="refresh" {again}></noscript>' in page


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
        number, _, total = said.removeprefix("Βήμα ").partition(" από ")
        assert page.text.count('class="app-bar__done"') == (int(number) if total else 0)
        bar = page.text.partition('<div class="app-bar" aria-hidden="true">')[2]
        assert bar.partition("</div>")[0].count("<span") == int(total or 0)


async def test_who_may_not_look_up_now_types_nothing_twice(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    limits = settings.limits.model_copy(update={"misses_per_address": 0})
    browser = Browser(make_app(settings.model_copy(update={"limits": limits})))
    await browser.begin()
    refused = await browser.post("/contact", mobile="6912345678", email="maria@mail.example")
    assert refused.status_code == 429
    assert "Δοκιμάστε ξανά μετά τις" in refused.text
    for kept in ('name="mobile" value="6912345678"', 'name="email" value="maria@mail.example"'):
        assert kept in refused.text


async def test_who_has_to_wait_is_told_how_long_and_no_moment_too_early(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    limits = settings.limits.model_copy(
        update={"misses_per_address": 0, "misses_minutes": 60 * 24 * 400}
    )
    app = make_app(settings.model_copy(update={"limits": limits}))
    browser = Browser(app, address="192.0.2.184")
    await browser.begin()
    refused = await browser.post("/contact", mobile="6912345678")
    waits = timedelta(seconds=int(refused.headers["retry-after"]))
    assert timedelta() <= timedelta(days=400) - waits < timedelta(minutes=1)
    assert engine.started == []


async def test_a_lock_that_ends_within_a_minute_is_told_by_the_next(
    student: Browser, engine: MemoryEngine
) -> None:
    until = datetime.now(UTC).replace(second=1) + timedelta(hours=1)
    view = at(Step.PIN).pin
    assert view
    locked = at(Step.PIN, pin=view.model_copy(update={"locked_until": until}))
    engine.put(engine.started[0].reference, locked)
    shown = clock(until + timedelta(minutes=1))
    assert f"δεν μπορείτε να δοκιμάσετε ξανά μέχρι τις {shown}" in (await student.get("/pin")).text
    engine.next = [(Verdict.LOCKED, locked)]
    assert f"Δοκιμάστε ξανά στις {shown}" in (await student.post("/pin", pin="123456")).text


async def test_every_failure_tells_the_reference_and_the_way_on(
    student: Browser, engine: MemoryEngine
) -> None:
    reference = engine.started[0].reference
    await student.get("/pin")
    forged = "of somebody else"
    pages = [
        await student.get("/nothing-here"),
        await student.post("/done", csrf=forged),
        await student.post("/pin", csrf=forged, pin="123456"),
        await student.post("/pin", pin="1" * 20_000),
    ]
    engine.away = LookupError("a bug")
    pages.append(await student.get("/pin"))
    assert [page.status_code for page in pages] == [404, 405, 403, 413, 500]
    for page in pages:
        assert f'app-nowrap">{reference}</span>' in page.text
        assert f'href="/problem/{reference}"' in page.text
        assert 'href="/progress"' in page.text


async def test_a_contact_form_that_was_open_too_long_is_taken_all_the_same(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await browser.begin()
    await _idle(browser, pool)
    response = await browser.post("/contact", mobile="6912345678", email="")
    assert response.headers["location"] == "/pin"
    assert len(engine.started) == 1
    assert (await browser.get("/pin")).status_code == 200


async def test_a_note_that_was_written_too_long_is_shown_to_be_taken_along(
    student: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    engine.put(engine.started[0].reference, at(Step.REVIEW))
    await student.get("/review/wrong")
    await _idle(student, pool)
    page = await student.post("/review", decision="dispute", wrong="name", note="Χωρίς <ε>")
    assert page.status_code == 403
    assert "η σύνδεση έληξε" in page.text
    assert "Χωρίς &lt;ε&gt;</textarea>" in page.text
    assert engine.submitted == []
    gone = await student.post("/who", who="student")
    assert gone.headers["location"] == "/contact"


async def _idle(browser: Browser, pool: Pool) -> None:
    await pool.execute(
        "UPDATE session SET seen_at = now() - interval '31 minutes' WHERE token_hash = $1",
        ledger.token_hash(browser.http.cookies["session"]),
    )


async def test_a_code_that_cannot_be_sent_is_told_at_the_first_try(
    student: Browser, engine: MemoryEngine
) -> None:
    view = at(Step.PIN).pin
    assert view
    unsent = view.model_copy(update={"expires_at": None, "resend_at": None})
    waiting = at(Step.PIN, WaitReason.WAITING_PIN, pin=unsent)
    engine.put(engine.started[0].reference, waiting)
    told = "Η υπηρεσία SMS δεν απαντά"
    assert told not in (await student.get("/pin")).text
    engine.failed_by = WaitReason.SMS_DOWN
    assert told in (await student.get("/pin")).text


@pytest.mark.parametrize("spent", SpentPurse)
@pytest.mark.parametrize("reached", [False, True])
async def test_a_code_that_was_not_sent_is_told_as_such(
    student: Browser, engine: MemoryEngine, spent: SpentPurse, *, reached: bool
) -> None:
    view = at(Step.PIN).pin
    assert view
    now = datetime.now(UTC)
    told = view.model_copy(
        update={
            "expires_at": None,
            "tries_left": 0,
            "spent": spent,
            "last_sent_at": now - timedelta(minutes=20),
            "resend_at": now + timedelta(minutes=-1 if reached else 40),
        }
    )
    engine.put(engine.started[0].reference, at(Step.PIN, WaitReason.SEND_LIMIT, pin=told))
    for path in ("/pin", "/pin?sent"):
        page = (await student.get(path)).text
        assert "Δεν σας στείλαμε εξαψήφιο κωδικό" in page
        for promise in ("Στέλνουμε", "Έγινε", 'name="pin"'):
            assert promise not in page
        assert ("Μπορείτε να ζητήσετε εξαψήφιο κωδικό (pin) τώρα" in page) is reached
        assert 'name="channel" value="email"' in page
    engine.next = [(Verdict.TOO_SOON, None)]
    refused = await student.post("/pin/resend", channel="sms")
    assert refused.status_code == 422


@pytest.mark.parametrize("spent", [None, SpentPurse.CONTACT])
async def test_a_code_that_still_holds_can_be_typed_whatever_is_spent(
    student: Browser, engine: MemoryEngine, spent: SpentPurse | None
) -> None:
    view = at(Step.PIN).pin
    assert view
    told = view.model_copy(update={"spent": spent})
    engine.put(engine.started[0].reference, at(Step.PIN, WaitReason.SEND_LIMIT, pin=told))
    page = (await student.get("/pin")).text
    assert 'name="pin"' in page
    assert "Στείλαμε εξαψήφιο κωδικό (pin)" in page


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
    wireless = Service(
        name_el="Δίκτυο",
        name_en="Network",
        url="https://w.example/",
        about_el="Στο κινητό",
        about_en="On the phone",
        sign_in_as="address",
    )
    place = settings.institution.model_copy(update={"services": (mail, wireless)})
    student = Browser(make_app(settings.model_copy(update={"institution": place})))
    await student.give_contact()
    engine.put(engine.started[0].reference, at(Step.ACTIVE))
    page = (await student.get("/done")).text
    first, second = (page.index(f">{each.name_el}</a>") for each in (mail, wireless))
    assert first < second < page.index("Στο κινητό") < page.index("Συνδέεστε εκεί με")
    assert 'translate="no">mpapadopoulou@<wbr>university.example</strong>' in page
    assert f'href="{settings.institution.password_reset_url}">Αν ξεχάσετε' in page
    english = (await student.get("/done?lang=en")).text
    assert 'href="https://m.example/">Mail</a>' in english
    assert "On the phone" in english
