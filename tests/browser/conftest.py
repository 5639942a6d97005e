"""A real Chromium, and the looks every page has to stand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
NARROWEST = 320

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


class Looker:
    """A page of the browser and what was noticed on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.noticed: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.noticed.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium reports every page of status 422, which is what bad input is answered with.
        if "status of 422" not in message.text:
            self.noticed.append(message.text)

    async def look(self, *, scripts: bool = True) -> None:
        """Look at the page as it stands: nothing wrong for axe, nothing cut off at 320 pixels."""
        if scripts:
            await self._ask_axe()
        await self._make_narrow()

    async def _ask_axe(self) -> None:
        answer = await Axe().run(self.page, options={"runOnly": list(RULES)})
        for violation in answer.response["violations"]:
            where = [node["html"] for node in violation["nodes"]]
            self.noticed.append(f"{self.page.url} {violation['id']}: {where}")

    async def _make_narrow(self) -> None:
        size = self.page.viewport_size
        assert size is not None
        await self.page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        if width > NARROWEST:
            self.noticed.append(f"{self.page.url} is {width} pixels wide")
        await self.page.set_viewport_size(size)


@pytest.fixture
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """Open pages, each in a browser profile of its own."""
    opened: list[BrowserContext] = []

    async def open_page(**options: Any) -> Page:
        context = await chromium.new_context(**options)
        opened.append(context)
        return await context.new_page()

    yield open_page
    for context in opened:
        await context.close()
