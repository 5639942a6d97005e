"""What was taken in is never told as refused: whatever fails or is slow after it was handed in.

The ledger is real, and the engine in memory: it takes the submission, and then fails as Temporal
does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from domain.contracts.vocabulary import Step, WaitReason
from ledger import sessions, starts, suggestions
from starter.client.connect import TemporalUnavailable
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import SHOWN, MemoryEngine, at
from web import times

GOOD = "vrasto-kerasi-plateia-9"
NOT_TAKEN = "Δεν μπορέσαμε να δεχτούμε"
UNKNOWN = "Δεν ξέρουμε αν έφτασε"
TAKEN = "Λάβαμε ό,τι μόλις στείλατε"
KEPT = "Έχει κρατηθεί σε αυτή τη σελίδα"
PIN = at(Step.PIN, WaitReason.WAITING_PIN)
REVIEW = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
AGREED = {"shown_hash": SHOWN.shown_hash, "decision": "agree"}
FORMS = {
    "/pin": (PIN, {"pin": "123456"}),
    "/pin/resend": (PIN, {"channel": "sms"}),
    "/identify": (
        at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY),
        {"question": "birth_date", "answer": "31/12/2007"},
    ),
    "/insurance": (
        at(Step.INSURANCE, WaitReason.WAITING_INSURANCE),
        {"number": "01010500013"},
    ),
    "/review": (REVIEW, AGREED),
    "/password": (at(Step.PASSWORD, WaitReason.WAITING_PASSWORD), {"password": GOOD}),
}
RISING = ("/pin", "/identify", "/review")
Slow = Callable[..., Awaitable[Any]]


async def at_the_form(student: Browser, engine: MemoryEngine, path: str) -> dict[str, str]:
    place, fields = FORMS[path]
    engine.put(engine.started[0].reference, place)
    await student.get(path.removesuffix("/resend"))
    return fields


async def never(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def away(*_: object, **__: object) -> None:
    raise asyncpg.CannotConnectNowError


def refusing(error: Exception) -> Slow:
    async def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


@pytest.mark.parametrize("path", RISING)
@pytest.mark.parametrize("rotate", [never, away], ids=["slow", "away"])
async def test_without_the_new_cookie_the_page_says_that_it_was_received(
    student: Browser,
    engine: MemoryEngine,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    rotate: Slow,
) -> None:
    """The old cookie must not rise with what it handed in: the student sends it once more."""
    fields = await at_the_form(student, engine, path)
    with monkeypatch.context() as patched:
        patched.setattr(times, "PAGE_SECONDS", 1.5)
        patched.setattr(times, "AFTER_SUBMISSION_SECONDS", 0.1)
        patched.setattr(sessions, "rotate", rotate)
        response = await student.post(path, **fields)
    told(response, TAKEN)
    assert (await student.post(path, **fields)).status_code == 303
    assert len({submission.submission_id for _, submission in engine.submitted}) == 1


async def test_a_suggestion_that_cannot_be_forgotten_is_handed_in_all_the_same(
    student: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_form(student, engine, "/password")
    monkeypatch.setattr(suggestions, "forget", away)
    response = await student.post("/password", suggestion="1")
    assert response.status_code == 303


@pytest.mark.parametrize("path", FORMS)
async def test_what_may_have_arrived_is_not_told_as_refused(
    student: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    fields = await at_the_form(student, engine, path)
    with monkeypatch.context() as patched:
        patched.setattr(engine, "submit", refusing(TemporalUnavailable()))
        told(await student.post(path, **fields), UNKNOWN)
    with monkeypatch.context() as patched:
        patched.setattr(times, "PAGE_SECONDS", 1.5)
        patched.setattr(times, "BUSY_PAGE", timedelta())
        patched.setattr(engine, "submit", never)
        told(await student.post(path, **fields), UNKNOWN)


@pytest.mark.parametrize("path", FORMS)
async def test_only_a_sure_refusal_is_told_as_one(
    student: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    fields = await at_the_form(student, engine, path)
    monkeypatch.setattr(engine, "submit", refusing(TemporalUnavailable(refused=True)))
    told(await student.post(path, **fields), NOT_TAKEN)


async def test_a_start_that_may_have_arrived_is_not_told_as_refused(
    browser: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.begin()
    form = browser.hidden | {"mobile": "6912345678", "email": ""}
    with monkeypatch.context() as patched:
        patched.setattr(engine, "start", refusing(TemporalUnavailable()))
        told(await browser.post("/contact", **form), UNKNOWN)
    engine.first = at(Step.LOOKUP, WaitReason.REGISTRAR_DOWN)
    with monkeypatch.context() as patched:
        patched.setattr(starts, "release", away)
        response = await browser.post("/contact", **form)
    assert response.headers["location"] == "/progress?received"
    assert len(engine.started) == 1


async def test_a_request_for_help_that_is_kept_is_told_as_sent(
    student: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await student.get("/problem")
    monkeypatch.setattr(times, "PAGE_SECONDS", 0.8)
    monkeypatch.setattr(engine, "mail_support_request", never)
    response = await student.post(
        "/problem", name="Μαρία", reply_to="maria@mail.example", text="Δεν ήρθε"
    )
    assert response.headers["location"] == "/problem?sent"


def told(response: httpx.Response, what: str) -> None:
    assert response.status_code == 503
    assert what in response.text
    assert KEPT in response.text
    for other in {NOT_TAKEN, UNKNOWN, TAKEN} - {what}:
        assert other not in response.text
