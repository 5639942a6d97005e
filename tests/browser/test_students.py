"""Two students whom a page fails first: one who sees none of it, one on a slow line.

The first has a keyboard and what the page says of itself; the second a phone without JavaScript
where each file takes its time. Both end with a login that works.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.album import Album
from tests.browser.conftest import OpenPage
from tests.browser.journey import Journey, Student
from tests.browser.test_journey import PHONE, logs_in, walk
from tests.stack import WholeStack

MOST_STOPS = 30
NAMES: Mapping[str, str | re.Pattern[str]] = {
    "mobile": "Κινητό τηλέφωνο",
    "email": "Προσωπικό email",
    "pin": "Εξαψήφιος κωδικός (pin)",
    "number": re.compile("Κοινωνικής Ασφάλισης"),
    "password": "Κωδικός πρόσβασης",
}
SLOW = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}


class ByKeyboard(Journey):
    """Finds everything by its role and name, and gets there by the Tab key alone."""

    async def _press(self, name: str) -> None:
        await self._get_to(self._page.get_by_role("button", name=name))
        await self._page.keyboard.press("Enter")

    async def _follow(self, name: str) -> None:
        await self._get_to(self._page.get_by_role("link", name=name))
        await self._page.keyboard.press("Enter")

    async def _tick(self, name: str) -> None:
        choice = self._page.get_by_label(name)
        await self._get_to(choice)
        await self._page.keyboard.press("Space")
        await expect(choice).to_be_checked()

    async def _fill(self, field: str, value: str) -> None:
        await self._get_to(self._page.get_by_label(NAMES[field], exact=True))
        await self._page.keyboard.press("Control+A")
        await self._page.keyboard.press("Delete")
        await self._page.keyboard.type(value)

    async def _told(self, name: str, words: str) -> None:
        """Begin at the errors, and be led from the first to its field, which repeats it."""
        await super()._told(name, words)
        await expect(self._page).to_have_title(re.compile("^Σφάλμα: "))
        summary = self._page.locator(".govuk-error-summary")
        await expect(summary).to_be_focused()
        await expect(summary.get_by_role("heading")).to_have_text("Υπάρχει ένα πρόβλημα")
        await self._page.keyboard.press("Tab")
        link = summary.get_by_role("link").first
        await expect(link).to_be_focused()
        target = await link.get_attribute("href")
        assert target
        await self._page.keyboard.press("Enter")
        field = self._page.locator(target)
        await expect(field).to_be_focused()
        # Of several choices it is their group that repeats the error.
        group = self._page.locator("fieldset").filter(has=field)
        about = group if await group.count() else field
        await expect(about).to_have_accessible_description(re.compile("Σφάλμα:"))

    async def _get_to(self, wanted: Locator) -> None:
        for _ in range(MOST_STOPS):
            if await wanted.evaluate("element => element === document.activeElement"):
                await expect(wanted).to_be_in_viewport()
                return
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {wanted}")


async def skips_to_the_content(page: Page) -> None:
    """Pass the header and the languages with the first link, as on every page."""
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Μετάβαση στο κύριο περιεχόμενο")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


# Some hundred presses of a key, on a machine that may be busy with more.
@pytest.mark.timeout(240)
async def test_a_student_who_sees_nothing_activates_by_keyboard(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = Student()
    page = await open_page(viewport=PHONE, locale="el-GR")
    await page.goto(whole_stack.env["PORTAL_URL"])
    await skips_to_the_content(page)
    await walk(Album(page, pictures), whole_stack, student, mistakes=True, way=ByKeyboard)
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "Ο λογαριασμός σας είναι ενεργός"
    )
    assert logs_in(whole_stack, student)


async def test_a_student_without_scripts_on_a_slow_line_activates(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = Student()
    page = await open_page(
        viewport=PHONE, locale="el-GR", color_scheme="dark", java_script_enabled=False
    )
    line = await page.context.new_cdp_session(page)
    await line.send("Network.emulateNetworkConditions", SLOW)
    await walk(Album(page, pictures, scripts=False), whole_stack, student, mistakes=False)
    assert logs_in(whole_stack, student)
