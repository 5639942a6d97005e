"""A page asks before its session ends whether to continue, and keeps what is typed."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Locator, Page, Route, expect

import postgres
from domain.contracts.vocabulary import Language
from tests.browser.conftest import NARROWEST, Looker, OpenPage
from tests.browser.gallery import play
from tests.stack import TestStack

CONTINUED = {"idle": 1800, "in_all": 5000}
NOTE = "Το όνομά μου"


@dataclass
class Talk:
    """A page with a clock of its own, and what the portal answers to it about the session."""

    page: Page
    left: dict[str, int] = field(default_factory=lambda: {"idle": 290, "in_all": 5000})
    refuses: int | None = None
    asked: list[str] = field(default_factory=list)

    async def answer(self, route: Route) -> None:
        method = route.request.method
        self.asked.append(method)
        if method == "POST" and not self.refuses:
            self.left = CONTINUED
        await route.fulfill(status=self.refuses or 200, json=self.left | {"until": "23:59"})

    async def pass_minutes(self, minutes: float) -> None:
        await self.page.clock.fast_forward(int(minutes * 60_000))

    def dialog(self, heading: str) -> Locator:
        return self.page.get_by_role("dialog", name=heading)

    @property
    def question(self) -> Locator:
        return self.dialog("Χρειάζεστε περισσότερο χρόνο;")

    @property
    def note(self) -> Locator:
        return self.page.get_by_role("textbox")


@pytest.fixture
async def talk(stack: TestStack, open_page: OpenPage) -> AsyncIterator[Talk]:
    """Return the page of a note that was left for 26 minutes, with something in it."""
    async with await postgres.connect(stack.ledger_dsn) as pool:
        dispute = await play("dispute", stack, pool, Language.EL)
    page = await open_page(viewport={"width": NARROWEST, "height": 640})
    talk = Talk(page)
    await page.clock.install()
    async with dispute.hung(page.context):
        await page.context.route(re.compile(r"/session(\.json)?$"), talk.answer)
        await page.goto(dispute.url)
        await talk.note.focus()
        await talk.pass_minutes(24)
        assert talk.asked == []
        await talk.pass_minutes(2)
        yield talk


async def test_one_press_continues_and_the_place_is_kept(talk: Talk) -> None:
    looker = Looker(talk.page, "status of 503")
    await expect(talk.question).to_contain_text("4 λεπτά ακόμη")
    button = talk.question.get_by_role("button", name="Συνέχεια")
    await expect(button).to_be_focused()
    await looker.ask_axe()
    await looker.measure()
    talk.refuses = 503
    await button.press("Enter")
    await expect(talk.question.get_by_role("alert")).to_have_text(
        "Η υπηρεσία δεν απαντά. Δοκιμάστε ξανά."
    )
    talk.refuses = None
    await button.press("Enter")
    await expect(talk.question).to_be_hidden()
    await expect(talk.note).to_be_focused()
    await expect(talk.page.locator("#session-until")).to_have_text("23:59")
    assert talk.asked == ["GET", "POST", "POST"]
    assert looker.noticed == []


async def test_another_tab_continues_for_this_one_too(talk: Talk) -> None:
    await expect(talk.question).to_be_visible()
    talk.left = CONTINUED
    await talk.pass_minutes(1)
    await expect(talk.question).to_be_hidden()
    assert set(talk.asked) == {"GET"}
    # Whoever is typing when the time comes is there, and is not asked.
    await talk.note.fill(NOTE)
    talk.left = {"idle": 200, "in_all": 3000}
    async with talk.page.expect_request(lambda request: request.method == "POST"):
        await talk.pass_minutes(26)
    await expect(talk.question).to_be_hidden()


async def test_the_end_is_told_and_what_was_typed_can_be_copied(talk: Talk) -> None:
    await talk.question.press("Escape")
    await expect(talk.question).to_be_hidden()
    await talk.note.fill(NOTE)
    talk.left = {"idle": 1500, "in_all": 200}
    await talk.pass_minutes(26)
    last = talk.dialog("Η σελίδα αυτή μπορεί να χρησιμοποιηθεί για λίγο ακόμη")
    await expect(last).to_contain_text("λήγει σε 3 λεπτά, ό,τι και αν κάνετε εδώ")
    await last.get_by_role("button", name="Κατάλαβα").click()
    await talk.pass_minutes(1)
    await expect(last).to_be_hidden()
    talk.refuses = 401
    await talk.pass_minutes(4)
    over = talk.dialog("Η σελίδα αυτή δεν μπορεί πλέον να χρησιμοποιηθεί")
    await expect(over.get_by_role("button", name="Ξεκινήστε ξανά")).to_have_attribute(
        "href", "/who?again"
    )
    await over.get_by_role("button", name="Εμφάνιση όσων έγραφα").click()
    await expect(over).to_be_hidden()
    await expect(talk.note).to_have_value(NOTE)
