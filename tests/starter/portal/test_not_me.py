"""The page for whoever got a message that they had not asked for, and what it must not tell."""

import re
import secrets
import time
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from domain.contracts.submissions import NotMeSubmission
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from domain.references import first_group
from ledger import activations
from postgres import Pool
from settings import Settings
from starter.client.activations import ActivationEnded, TooManySubmissions
from starter.portal.time_limit import TimeLimit
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_enumeration_protection import plain
from tests.starter.portal.test_misses import with_limits
from web.times import ANSWERED_SECONDS, RECEIVED_SECONDS

WAITS = at(Step.PIN, WaitReason.WAITING_PIN)
STOPPED, LATE, RECEIVED = (f"/not-me?{told}" for told in ("stopped", "late", "received"))


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long each answer would be held back, and hold none back."""
    noted: list[float] = []

    async def note(time_limit: TimeLimit, seconds: float) -> None:
        if time_limit._request.url.path == "/not-me":
            noted.append(seconds)

    monkeypatch.setattr(TimeLimit, "not_before", note)
    return noted


async def begun(app: FastAPI, engine: MemoryEngine, first: Progress = WAITS) -> str:
    """Let a stranger begin, and return the mark of the message."""
    engine.first = first
    stranger = Browser(app)
    await stranger.give_contact(f"69{secrets.randbelow(10**8):08d}")
    return first_group(engine.started[-1].reference)


async def stops(browser: Browser, mark: str, pin: str = "123456") -> httpx.Response:
    await browser.get("/not-me")
    return await browser.post("/not-me", mark=mark, pin=pin)


async def test_mark_and_code_stop_it_without_a_session(
    app: FastAPI, engine: MemoryEngine, held: list[float]
) -> None:
    mark = await begun(app, engine)
    browser = Browser(app)
    link = await browser.get(f"/not-me?mark={mark}")
    assert f'value="{mark}"' in link.text
    response = await browser.post("/not-me", mark=mark, pin="123 456")
    assert (response.status_code, response.headers["location"]) == (303, STOPPED)
    ((name, submission),) = engine.submitted
    assert name == "not_me"
    assert isinstance(submission, NotMeSubmission)
    assert submission.pin == "123456"
    assert held == [ANSWERED_SECONDS]
    told = (await browser.get(STOPPED)).text
    assert "Η ενεργοποίηση σταμάτησε" in told
    assert "Δεν δημιουργήθηκε λογαριασμός" in told
    english = (await browser.get(f"{STOPPED}&lang=en")).text
    assert "The activation was stopped" in english


@pytest.mark.parametrize("spelled", [str.lower, lambda mark: mark[2:], lambda mark: f" {mark} "])
async def test_the_mark_is_read_as_people_write_it(
    app: FastAPI, engine: MemoryEngine, spelled: Callable[[str], str]
) -> None:
    mark = await begun(app, engine)
    assert (await stops(Browser(app), spelled(mark))).headers["location"] == STOPPED


async def test_a_wrong_code_and_an_unknown_mark_are_told_alike(
    app: FastAPI, engine: MemoryEngine, pool: Pool, held: list[float]
) -> None:
    """Whatever has this mark: nothing, somebody on file, or a contact that is not on file."""
    on_file, unknown = await begun(app, engine), await begun(app, engine, at(Step.NOT_FOUND))
    await activations.close(pool, reference=engine.started[-1].reference, end=Step.NOT_FOUND)
    ended = await begun(app, engine, at(Step.ACTIVE))
    told = []
    for mark in (on_file, unknown, ended, "A-0000"):
        engine.next = [(Verdict.WRONG, None)]
        response = await stops(Browser(app), mark)
        status, headers, text = plain(response)
        headers = {**headers, "content-length": ""}
        told.append((status, headers, text.replace(f'value="{mark}"', "")))
    assert told[0][0] == 422
    assert (
        "Καμία ενεργοποίηση σε εξέλιξη δεν έχει αυτή την ένδειξη"
        " και αυτόν τον εξαψήφιο κωδικό (pin)" in (told[0][2])
    )
    assert told[1:] == told[:1] * 3
    assert held == [ANSWERED_SECONDS] * 4
    assert "123456" not in told[0][2]


async def test_without_a_worker_all_that_have_a_mark_are_told_alike(
    app: FastAPI, engine: MemoryEngine, held: list[float]
) -> None:
    marks = await begun(app, engine), await begun(app, engine, at(Step.NOT_FOUND))
    engine.worker = False
    for mark in marks:
        assert (await stops(Browser(app), mark)).headers["location"] == RECEIVED
    assert held == [RECEIVED_SECONDS] * 2
    assert "Λάβαμε το αίτημά σας" in (await Browser(app).get(RECEIVED)).text


async def test_what_ended_so_long_ago_that_its_run_is_deleted_is_no_outage(
    app: FastAPI, pool: Pool, held: list[float]
) -> None:
    mark = f"A-{secrets.token_hex(2).upper()}"
    await pool.execute(
        "INSERT INTO activation (reference, language, ended_at, end_step)"
        " VALUES ($1, 'el', now() - interval '31 days', 'active')",
        f"{mark}-{secrets.token_hex(2).upper()}",
    )
    assert (await stops(Browser(app), mark)).status_code == 422
    assert held == [ANSWERED_SECONDS]


async def test_an_account_that_is_being_made_is_for_support(
    app: FastAPI, engine: MemoryEngine
) -> None:
    mark = await begun(app, engine, at(Step.PROVISIONING))
    assert (await stops(Browser(app), mark)).headers["location"] == LATE
    page = (await Browser(app).get(LATE)).text
    assert "Ενημερώστε αμέσως την υποστήριξη" in page
    assert 'href="/problem"' in page


async def test_of_several_with_one_mark_each_is_asked(
    app: FastAPI, engine: MemoryEngine, pool: Pool
) -> None:
    mark = await begun(app, engine)
    twin = f"{mark}-{secrets.token_hex(2).upper()}"
    await pool.execute("INSERT INTO activation (reference, language) VALUES ($1, 'el')", twin)
    engine.put(twin, WAITS)
    engine.next = [(Verdict.WRONG, None), (Verdict.ACCEPTED, None)]
    assert (await stops(Browser(app), mark)).headers["location"] == STOPPED
    assert len(engine.submitted) == 2
    assert len({submission.submission_id for _, submission in engine.submitted}) == 1


@pytest.mark.parametrize("refused", [TooManySubmissions(), ActivationEnded("A-1", Step.ACTIVE)])
async def test_what_takes_no_more_is_told_like_a_wrong_code(
    app: FastAPI, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, refused: Exception
) -> None:
    mark = await begun(app, engine)

    async def refuse(*_: object, **__: object) -> None:
        raise refused

    monkeypatch.setattr(engine, "submit", refuse)
    assert (await stops(Browser(app), mark)).status_code == 422


@pytest.mark.parametrize(
    ("mark", "pin", "wrong"),
    [("", "123456", ["mark"]), ("A-7K3F", "", ["pin"]), ("A-7K", "12345", ["mark", "pin"])],
)
async def test_what_is_missing_is_named_and_counts_nowhere(
    app: FastAPI, engine: MemoryEngine, mark: str, pin: str, wrong: list[str]
) -> None:
    response = await stops(Browser(app), mark, pin)
    assert response.status_code == 422
    assert re.findall(r'<a href="#([\w-]+)">', response.text) == wrong
    assert engine.submitted == []


async def test_an_address_may_ask_so_often(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    app = make_app(with_limits(settings, not_me_per_address=3))
    address = f"2001:db8:{secrets.randbelow(0xFFFF):x}::1"
    told = []
    for _ in range(5):
        engine.next = [(Verdict.WRONG, None)]
        told.append((await stops(Browser(app, HOST, address), "A-0000")).status_code)
    assert told == [422, 422, 422, 429, 429]
    assert (await stops(Browser(app), "A-0000")).status_code == 422


async def test_a_form_of_elsewhere_stops_nothing(app: FastAPI, engine: MemoryEngine) -> None:
    mark = await begun(app, engine)
    browser = Browser(app)
    await browser.get("/not-me")
    browser.http.headers["Origin"] = "https://evil.example"
    assert (await browser.post("/not-me", mark=mark, pin="123456")).status_code == 403
    assert engine.submitted == []


async def test_the_first_page_leads_there_and_whoever_began_is_told(
    app: FastAPI, engine: MemoryEngine
) -> None:
    stranger = Browser(app)
    assert 'href="/not-me"' in (await stranger.get("/")).text
    await stranger.give_contact()
    engine.put(engine.started[-1].reference, at(Step.CANCELLED, WaitReason.NOT_ME))
    page = (await stranger.get("/ended")).text
    assert "Αυτή η ενεργοποίηση σταμάτησε" in page
    assert "Η υποστήριξη ακύρωσε" not in page


async def test_the_answer_really_waits(
    app: FastAPI, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    await begun(app, engine)
    before = time.monotonic()
    await stops(Browser(app), "A-0000")
    assert time.monotonic() - before >= ANSWERED_SECONDS
