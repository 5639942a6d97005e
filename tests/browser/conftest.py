"""A real Chromium, and the looks every page has to stand."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    async_playwright,
)

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
WIDE = """width => [...document.body.querySelectorAll("*")]
    .filter(node => node.getBoundingClientRect().right > width)
    .map(node => node.outerHTML.slice(0, 80)).slice(-2)"""
SHOWN_ALTHOUGH_HIDDEN = """() => [...document.querySelectorAll("[hidden]")]
    .filter(node => node.checkVisibility()).map(node => node.outerHTML.slice(0, 80))"""
CRAMPED = """() => {
    const seen = node => node.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && !node.closest(".govuk-visually-hidden, .govuk-skip-link");
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.data.trim() || !seen(node.parentElement)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) texts.push({node, box});
    }
    const cut = [...document.body.querySelectorAll("*")].filter(node => seen(node)
        && getComputedStyle(node).overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1
        && node.clientWidth && !node.matches("input, textarea, select"));
    const over = [];
    for (const [i, one] of texts.entries()) for (const two of texts.slice(i + 1)) {
        const wide = Math.min(one.box.right, two.box.right) - Math.max(one.box.left, two.box.left);
        const high = Math.min(one.box.bottom, two.box.bottom) - Math.max(one.box.top, two.box.top);
        if (one.node !== two.node && wide > 2 && high > one.box.height / 3)
            over.push(`${one.node.data.trim()} / ${two.node.data.trim()}`);
    }
    return [...cut.map(node => `cut off: ${node.outerHTML.slice(0, 80)}`),
            ...over.map(text => `overlaps: ${text}`)];
}"""
"""Which texts do not fit: those cut off by their box, and those that lie over each other."""
BROKEN = """() => {
    const whole = /\\+\\d{1,3}\\s•+\\d+|[\\w.+-]+@[\\w-]+\\.[\\w.-]*\\w/gu;
    const broken = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) for (const found of walker.currentNode.data.matchAll(whole)) {
        const range = document.createRange();
        range.setStart(walker.currentNode, found.index);
        range.setEnd(walker.currentNode, found.index + found[0].length);
        const boxes = [...range.getClientRects()];
        let block = walker.currentNode.parentElement;
        while (getComputedStyle(block).display === "inline") block = block.parentElement;
        const width = boxes.reduce((sum, box) => sum + box.width, 0);
        if (new Set(boxes.map(box => box.top)).size > 1 && width < block.clientWidth)
            broken.push(found[0]);
    }
    return broken;
}"""
"""Which contacts stand on two lines although they fit on one; at its @ an address may break."""
BARRED = """() => [...document.querySelectorAll("main *")].filter(node =>
    ["auto", "scroll"].includes(getComputedStyle(node).overflowY)
    && node.scrollHeight > node.clientHeight && node.clientHeight
    && !node.closest("dialog") && !node.matches("textarea, select"))
    .map(node => node.outerHTML.slice(0, 80))"""
"""Which boxes have a bar to scroll them up and down, because they scroll sideways."""

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


class Looker:
    """A page of the browser and what was noticed on it.

    Chromium reports every page of an error's status; what is `expected` is no news.
    """

    def __init__(self, page: Page, *expected: str) -> None:
        self.page = page
        self.noticed: list[str] = []
        self._expected = ("status of 422", *expected)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.noticed.append(str(error)))
        page.on("request", self._watch)

    def _hear(self, message: ConsoleMessage) -> None:
        said = f"{message.location['url']}: {message.text}"
        if not any(text in said for text in self._expected):
            self.noticed.append(said)

    def _watch(self, request: Request) -> None:
        # The first address is the page's own; a form or a link leads to the same host.
        here = urlsplit(request.frame.url).netloc
        if here and urlsplit(request.url).netloc != here:
            self.noticed.append(f"{request.url} is asked for")

    async def look(self, *, scripts: bool = True) -> None:
        """Look at the page as it stands: nothing wrong for axe, nothing cut off at 320 pixels."""
        if scripts:
            await self.ask_axe()
        else:
            async with copy_with_scripts(self.page) as copy:
                await self.ask_axe("without a script", copy)
        size = self.page.viewport_size
        assert size is not None
        await self.page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
        await self.measure()
        await self.page.set_viewport_size(size)

    async def ask_axe(self, way: str = "", page: Page | None = None) -> None:
        page = page or self.page
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE_SCRIPT)
        violations = await page.evaluate(
            "only => axe.run({runOnly: only, resultTypes: ['violations']})"
            ".then(answer => answer.violations)",
            list(RULES),
        )
        for violation in violations:
            where = [node["html"] for node in violation["nodes"]]
            self.noticed.append(f"{self.page.url} {way} {violation['id']}: {where}")

    async def measure(self, way: str = "", *, whole: bool = True) -> None:
        """Notice a page that must be scrolled sideways, and a button that waits for a script.

        Contacts have to stand on one line where they are to be `whole`.
        """
        size = self.page.viewport_size
        assert size is not None
        # On a slow line a page that was just left has gone before the next one has begun.
        await self.page.locator("main").wait_for()
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            where = await self.page.evaluate(WIDE, size["width"])
            self.noticed.append(
                f"{self.page.url} {way} is {width} of {size['width']} pixels wide: {where}"
            )

        shown = await self.page.evaluate(SHOWN_ALTHOUGH_HIDDEN)
        self.noticed += [f"{self.page.url} {way} shows {text}" for text in shown]
        if whole:
            broken = await self.page.evaluate(BROKEN)
            self.noticed += [f"{self.page.url} {way} breaks {text}" for text in broken]
        barred = await self.page.evaluate(BARRED)
        self.noticed += [f"{self.page.url} {way} scrolls within: {text}" for text in barred]

    async def enlarge_text(self) -> None:
        """Notice what is cut off, or lies over something else, with letters twice as large."""
        root = "document.documentElement.style.fontSize"
        await self.page.evaluate(f"() => {{ {root} = '200%' }}")
        await self.measure("with large text", whole=False)
        self.noticed += [
            f"{self.page.url} with large text: {text}" for text in await self.page.evaluate(CRAMPED)
        ]
        await self.page.evaluate(f"() => {{ {root} = '' }}")


@asynccontextmanager
async def copy_with_scripts(page: Page) -> AsyncIterator[Page]:
    """Show the page as it stands, without its own scripts, where axe's script may run."""
    shown, address = await page.content(), page.url
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")

    async def answer(route: Route) -> None:
        if route.request.resource_type == "script":
            await route.abort()
        elif route.request.url == address:
            await route.fulfill(body=shown, content_type="text/html; charset=utf-8")
        else:
            await route.continue_()

    browser = page.context.browser
    assert browser
    async with await browser.new_context(
        viewport=page.viewport_size, color_scheme="dark" if dark else "light"
    ) as context:
        copy = await context.new_page()
        await copy.route("**/*", answer)
        await copy.goto(address)
        yield copy


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return where the test keeps its pictures: its own folder, or one of it in PICTURES."""
    if kept := os.environ.get("PICTURES"):
        folder = Path(kept, request.node.name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return tmp_path


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
