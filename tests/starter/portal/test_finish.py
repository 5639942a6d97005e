"""The way out of a shared computer: what it ends, what it deletes, and where its button stands."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger.sessions import token_hash
from postgres import Pool
from settings import Settings
from tests.starter.portal.conftest import Browser, change
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_tokens import NO, OVER, RISES, Story, outcome, thief

ACTIVE = at(Step.ACTIVE)
BUTTON = '<form method="post" action="/end" novalidate>'


async def test_it_ends_the_session_and_its_cookies_and_nothing_finds_it_again(
    app: FastAPI, browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    story = Story(browser, engine)
    await story.begin()
    for rise in RISES:
        await story.rise(*rise)
    await browser.get("/who?lang=en")
    engine.put(story.reference, ACTIVE)
    assert "mpapadopoulou" in (await browser.get("/done")).text

    ended = await browser.post("/end")

    assert outcome(ended) == "/"
    assert ended.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert not browser.http.cookies
    hashes = [token_hash(token) for token in story.tokens]
    query = "SELECT count(*) FROM session WHERE token_hash = ANY($1) OR previous_hash = ANY($1)"
    assert not await pool.fetchval(query, hashes)
    for token in story.tokens:
        for page in ("/done", "/progress", "/review", "/contact"):
            assert outcome(await thief(app, token).get(page)) == OVER
        assert outcome(await thief(app, token).get("/progress.json")) == NO
        path, body = story.sent[-1]
        assert outcome(await thief(app, token).post(path, data=body)) == f"{OVER}=sent"
        assert story.reference not in (await thief(app, token).get("/problem")).text
    assert outcome(await browser.get("/done")) == "/who"


async def test_only_a_form_of_ours_ends_it_and_only_with_the_newest_token(
    app: FastAPI, browser: Browser, engine: MemoryEngine
) -> None:
    story = Story(browser, engine)
    await story.begin()
    for rise in RISES[:3]:
        await story.rise(*rise)
    form = {name: story.sent[-1][1][name] for name in ("csrf", "form")}
    assert outcome(await thief(app, story.tokens[-1]).post("/end")) == "403"
    for token in story.tokens[:-1]:
        assert outcome(await thief(app, token).post("/end", data=form)) == "/"
    assert outcome(await thief(app, story.tokens[-1]).get("/progress.json")) == "200"


async def test_twice_is_as_good_as_once(app: FastAPI, browser: Browser) -> None:
    await browser.begin()
    token, form = browser.http.cookies["session"], browser.hidden
    for _ in range(2):
        assert outcome(await thief(app, token).post("/end", data=form)) == "/"


async def test_with_the_ledger_away_it_is_not_said_to_be_done(browser: Browser, pool: Pool) -> None:
    await browser.give_contact()
    await browser.get("/pin")
    await pool.close()
    answer = await browser.post("/end")
    assert answer.status_code == 503
    assert "clear-site-data" not in answer.headers


@pytest.mark.parametrize(
    ("path", "progress"),
    [
        ("/done", ACTIVE),
        ("/ended", at(Step.ALREADY_ACTIVE)),
        ("/ended", at(Step.EXPIRED)),
        ("/ended", at(Step.CANCELLED)),
        ("/contact", at(Step.NOT_FOUND)),
        ("/problem", at(Step.PIN, WaitReason.WAITING_PIN)),
        ("/problem?sent", at(Step.PIN, WaitReason.WAITING_PIN)),
        ("/nowhere", at(Step.PIN, WaitReason.WAITING_PIN)),
    ],
)
async def test_each_end_has_its_button(
    student: Browser,
    engine: MemoryEngine,
    path: str,
    progress: Progress,
) -> None:
    engine.put(engine.started[0].reference, progress)
    for language, button in (("el", "Τέλος και καθαρισμός"), ("en", "Finish and clear")):
        student.http.headers["Accept-Language"] = language
        page = await student.get(path)
        assert BUTTON in page.text
        assert button in page.text
        assert page.headers["cache-control"] == "no-store"


async def test_who_was_just_not_found_and_who_goes_on_elsewhere_have_it_too(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    engine.first = at(Step.NOT_FOUND)
    assert BUTTON in (await browser.give_contact()).text
    await change(pool, browser, "superseded = true")
    assert BUTTON in (await browser.get("/continued")).text


async def test_behind_https_it_deletes_the_cookies_that_are_bound_to_the_host(
    make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    portal = settings.portal.model_copy(update={"public_url": "https://register.example.gr"})
    app = make_app(settings.model_copy(update={"portal": portal}))
    browser = Browser(app, "https://register.example.gr")
    await browser.begin()
    deleted = (await browser.post("/end")).headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in deleted} == {"__Host-session", "__Host-lang"}
    assert all("Max-Age=0" in cookie and "Secure" in cookie for cookie in deleted)


async def test_a_page_after_the_end_counts_as_no_answer(
    browser: Browser, engine: MemoryEngine
) -> None:
    """Two windows: what is sent from the other one after the end is refused in words."""
    await browser.give_contact()
    await browser.get("/pin")
    form = dict(browser.hidden)
    await browser.post("/end")
    engine.next = [(Verdict.ACCEPTED, ACTIVE)]
    late = await browser.http.post("/pin", data=form | {"pin": "123456"})
    assert late.status_code == 403
    assert engine.submitted == []
