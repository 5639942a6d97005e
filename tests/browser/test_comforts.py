"""A page that stays open in a tab goes on telling the truth; on paper it is legible."""

import re

import pytest
from playwright.async_api import expect

import postgres
from domain import consent
from domain.contracts.vocabulary import Language, Step
from tests.browser.conftest import BARRED, NARROWEST, Looker, OpenPage
from tests.browser.gallery import Picture, Stage, play
from tests.people import MARIA
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import at

LINES = """node => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length;
}"""
BLACK = re.compile(r"rgb\(\d{1,2}, \d{1,2}, \d{1,2}\)")
PAPER = ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


async def test_news_of_the_code_come_to_the_open_page_and_what_is_typed_stays(
    stack: TestStack, open_page: OpenPage
) -> None:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        sent = await play("pin", stack, pool, Language.EL)
        late = await play("pin-late", stack, pool, Language.EL)
    page = await open_page()
    async with sent.hung(page.context):
        await page.goto(sent.url)
        await page.get_by_label("Εξαψήφιος κωδικός (pin)").fill("123")
        await expect(page.get_by_role("status")).not_to_contain_text("Η υπηρεσία SMS")
    async with late.hung(page.context):
        news = page.get_by_role("status")
        await expect(news).to_contain_text("Η υπηρεσία SMS δεν απαντά", timeout=20_000)
        await expect(page.get_by_label("Εξαψήφιος κωδικός (pin)")).to_have_value("123")


async def test_another_message_can_be_asked_for_when_its_time_has_come(
    stack: TestStack, open_page: OpenPage
) -> None:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        waits = await play("pin-waits", stack, pool, Language.EL)
    page = await open_page(viewport={"width": NARROWEST, "height": 640})
    await page.clock.install()
    async with waits.hung(page.context):
        await page.goto(waits.url)
        told = page.get_by_text("Μπορείτε να ζητήσετε νέο μήνυμα από τις")
        await expect(told).to_contain_text("(σε 1:5")
        code = page.get_by_label("Εξαψήφιος κωδικός (pin)")
        await code.fill("１２３ 456")
        await expect(code).to_have_value("123456")
        assert await code.evaluate("node => node.scrollWidth <= node.clientWidth")
        again = page.get_by_role("button", name="Αποστολή ξανά")
        await expect(again).to_have_count(0)
        await page.clock.fast_forward("02:00:01")
        await expect(again).to_be_visible()
        await expect(told).to_be_hidden()
        await expect(page.locator("#resend-said")).to_have_text(
            "Μπορείτε τώρα να ζητήσετε νέο μήνυμα."
        )
        await expect(code).to_be_focused()


async def test_the_last_page_is_black_on_white_on_paper_and_has_nothing_to_press(
    stack: TestStack, open_page: OpenPage
) -> None:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        done = await play("done", stack, pool, Language.EL)
    page = await open_page()
    await page.emulate_media(media="print", color_scheme="dark")
    async with done.hung(page.context):
        await page.goto(done.url)
        for part in ("body", "main", ".govuk-panel__title", "#username", ".app-reference"):
            await expect(page.locator(part)).to_have_css("color", BLACK)
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") in PAPER
        for pressed in ("button", "form", "nav", "footer"):
            for each in await page.locator(pressed).all():
                await expect(each).to_be_hidden()


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "username", ["anna", "mpapadopoulo", "mpapadopoulou", "a" * 20, "m" * 20, "m" * 64]
)
async def test_the_username_is_seen_whole_on_the_narrowest_phone(
    stack: TestStack, open_page: OpenPage, username: str
) -> None:
    page = await open_page(viewport={"width": NARROWEST, "height": 640})
    looker = Looker(page, ".svg: ")
    async with await postgres.connect(stack.ledger_dsn) as pool:
        for path, step in (("/review", Step.REVIEW), ("/done", Step.ACTIVE)):
            shown = consent.review(MARIA, username, "1")
            stage = Stage(stack, pool, Language.EL)
            await stage.stands(at(step, review=shown, username=username))
            response = await stage.browser.get(path)
            picture = Picture(f"{HOST}{path}", response, Browser(stage.app).http)
            async with picture.hung(page.context):
                await page.goto(picture.url)
                name = page.locator("#username")
                # Who had an account may have a longer name than are given today.
                assert await name.evaluate(LINES) == 1 or len(username) > 20, path
                assert await name.evaluate("node => node.scrollWidth <= node.clientWidth"), path
                await looker.ask_axe()
                assert await page.evaluate(BARRED) == [], path
                assert await name.inner_text() == username
    assert looker.noticed == []
