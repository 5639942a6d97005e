"""The operator's page: what it tells, and the pause in both languages."""

from fastapi import FastAPI

from ledger import pauses
from postgres import Pool
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST
from tests.support.console.test_codec import page


async def operator(app: FastAPI, pool: Pool, role: str = "operator") -> Browser:
    browser = Browser(app, HOST)
    signed = await page(app, pool, role)
    browser.http.cookies.update(signed.http.cookies)
    return browser


async def test_an_operator_pauses_and_resumes_and_a_double_click_changes_nothing(
    app: FastAPI, pool: Pool
) -> None:
    await pauses.end(pool)
    browser = await operator(app, pool)
    shown = await browser.get("/operations")
    assert shown.status_code == 200
    for text in ("Πύλη SMS", "activation-directory", "10000"):
        assert text in shown.text
    missing = await browser.post("/operations/pause", el="Σε λίγο", en="", reason="r")
    assert missing.status_code == 422
    assert "Σε λίγο" in missing.text
    words = {"el": "Σε <λίγο>", "en": "Soon", "reason": "r"}
    for _ in range(2):
        assert (await browser.post("/operations/pause", **words)).status_code == 303
    paused = await browser.get("/operations?told=paused")
    assert "Σε &lt;λίγο&gt;" in paused.text
    for _ in range(2):
        assert (await browser.post("/operations/resume", reason="r")).status_code == 303
    assert await pauses.current(pool) is None


async def test_the_page_is_the_operators(app: FastAPI, pool: Pool) -> None:
    browser = await operator(app, pool, "supervisor")
    assert (await browser.get("/operations")).status_code == 403


async def test_each_cause_is_called_as_the_handbook_calls_it_and_leads_there(
    app: FastAPI, pool: Pool
) -> None:
    await pool.execute("INSERT INTO alert (cause, count) VALUES ('NO_WORKER activation', 1)")
    shown = await (await operator(app, pool)).get("/operations?lang=en")
    await pool.execute("DELETE FROM alert WHERE cause = 'NO_WORKER activation'")
    assert 'href="/handbook#NO_WORKER">No worker runs (activation)</a>' in shown.text
