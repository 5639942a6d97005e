"""The contact form draws a reference; one that is another activation's is never shared."""

from urllib.parse import urlencode

from domain.contracts.vocabulary import Language
from ledger import activations
from postgres import Pool
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine
from web import forms


async def test_a_taken_reference_gives_way_to_the_next_and_a_double_click_draws_the_same(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    await browser.begin()
    typed = {"mobile": "6912345678", "email": ""}
    body = urlencode(browser.hidden | typed).encode()
    kind = "application/x-www-form-urlencoded"
    token = browser.http.cookies["session"]
    drawn = forms.read(stack.keys.session_key, token, kind, body).references
    await activations.begin(
        pool,
        stack.keys,
        reference=drawn[0],
        language=Language.EL,
        mobile="+306900000301",
        email=None,
    )

    form = browser.hidden
    for _ in range(2):
        browser.hidden = form
        assert (await browser.post("/contact", **typed)).headers["location"] == "/pin"

    assert [start.reference for start in engine.started] == [drawn[1]]


async def test_without_a_worker_a_code_that_may_be_used_already_is_not_followed_by_another(
    student: Browser, engine: MemoryEngine
) -> None:
    engine.worker = False
    await student.get("/pin")
    await student.post("/pin", pin="123456")
    response = await student.post("/contact", mobile="6987654321", email="")
    assert response.headers["location"] == "/progress"
    assert (await student.get("/contact")).headers["location"] == "/progress"
    assert len(engine.started) == 1


async def test_the_start_page_leads_on_to_ones_activation_or_says_how_to_come_back(
    browser: Browser,
) -> None:
    start = await browser.get("/")
    assert 'href="/who"' in start.text
    assert 'href="/who?continue"' in start.text
    said = "δεν υπάρχει ενεργοποίηση σε εξέλιξη. Αν έχετε ήδη ξεκινήσει, ξεκινήστε ξανά με το ίδιο"
    assert said in (await browser.get("/who?continue")).text
    await browser.begin()
    assert said in (await browser.get("/who?continue")).text
    await browser.get("/contact")
    await browser.post("/contact", mobile="6912345678", email="")
    assert (await browser.get("/who?continue")).headers["location"] == "/progress"
    assert (await browser.get("/progress")).headers["location"] == "/pin"
