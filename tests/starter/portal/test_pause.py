"""While new activations are paused none begins, and whatever is under way goes on."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI

import postgres
from ledger import pauses
from postgres import Pool
from starter.portal.pause import Pauses
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine


@pytest.fixture
async def paused(app: FastAPI, pool: Pool, student: Browser) -> AsyncIterator[Browser]:
    """Return a student who is under way when the pause comes."""
    app.state.context = replace(app.state.context, pauses=Pauses(pool, fresh=0))
    await pauses.begin(pool, el="Ως τις <12> το μεσημέρι", en="Until noon")
    yield student
    await pauses.end(pool)


async def test_who_comes_reads_why_in_their_language_and_begins_nothing(
    app: FastAPI, paused: Browser, engine: MemoryEngine
) -> None:
    del paused
    begun = len(engine.started)
    browser = Browser(app)
    start = await browser.get("/")
    assert start.status_code == 200
    assert "Ως τις &lt;12&gt; το μεσημέρι" in start.text
    assert 'href="/who"' not in start.text
    who = await browser.get("/who?lang=en")
    assert (who.status_code, who.headers["retry-after"]) == (503, "300")
    assert "Until noon" in who.text
    assert len(engine.started) == begun


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/who?continue", "Σε αυτόν τον περιηγητή δεν υπάρχει ενεργοποίηση σε εξέλιξη"),
        ("/who?again", "η σύνδεση έληξε"),
        ("/who?again=sent", "Αυτό που στείλατε τελευταίο δεν χρησιμοποιήθηκε"),
    ],
)
async def test_who_has_no_activation_here_is_told_what_happened_and_what_to_do_after_the_pause(
    app: FastAPI, paused: Browser, path: str, said: str
) -> None:
    del paused
    page = (await Browser(app).get(path)).text
    assert "Ως τις &lt;12&gt; το μεσημέρι" in page
    assert said in page
    assert "Μόλις λήξει η παύση, ξεκινήστε ξανά εδώ" in page
    # No link leads to the same page again, and nothing is asked for that is refused now.
    assert "/who" not in page.partition("<main")[2].partition("</main")[0]


async def test_a_form_that_was_open_is_refused_and_works_again_after_the_pause(
    app: FastAPI, pool: Pool, engine: MemoryEngine
) -> None:
    app.state.context = replace(app.state.context, pauses=Pauses(pool, fresh=0))
    browser = Browser(app)
    await browser.begin()
    form = dict(browser.hidden)
    await pauses.begin(pool, el="Σε λίγο", en="Soon")
    try:
        refused = await browser.post("/contact", mobile="6912345678", email="")
    finally:
        await pauses.end(pool)
    assert (refused.status_code, len(engine.started)) == (503, 0)
    kept = {"mobile": "6912345678", "email": ""} | form
    assert browser.hidden == kept
    assert (await browser.post("/contact")).status_code == 303
    assert len(engine.started) == 1


async def test_who_is_under_way_goes_on(paused: Browser) -> None:
    assert (await paused.get("/pin")).status_code == 200
    assert (await paused.get("/who?continue")).headers["location"] == "/progress"
    assert (await paused.get("/contact")).status_code == 200
    again = await paused.post("/contact", mobile="6912345678", email="")
    assert again.headers["location"] == "/pin"


async def test_without_the_ledger_what_was_known_stands() -> None:
    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        known = Pauses(away, fresh=0)
        assert await known.current() is None


async def test_a_pause_that_cannot_be_confirmed_is_told_for_a_moment_and_not_for_ever(
    stack: TestStack, pool: Pool
) -> None:
    await pauses.begin(pool, el="α", en="a")
    try:
        async with await postgres.connect(stack.ledger_dsn) as asked:
            known = Pauses(asked, fresh=0)
            assert await known.current() is not None
        assert await known.current() is not None
        known._until = 0
        assert await known.current() is None
    finally:
        await pauses.end(pool)


async def test_it_is_asked_again_only_after_a_while(pool: Pool) -> None:
    known = Pauses(pool, fresh=60)
    assert await known.current() is None
    await pauses.begin(pool, el="α", en="a")
    try:
        assert await known.current() is None
        known._ask_at = 0
        assert await known.current() is not None
    finally:
        await pauses.end(pool)
