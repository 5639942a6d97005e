"""The bot barrier in a real Chromium, with and without a script, in front of a served portal."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import Page, expect

import postgres
from postgres import Pool
from starter.portal.app import assemble, create
from tests.browser.conftest import Looker, OpenPage
from tests.stack import TestStack
from tests.starter.portal.conftest import healthy
from tests.starter.portal.engine import MemoryEngine
from web.serving import PromptProtocol

HOST = "127.0.0.1"
PHONE = {"width": 390, "height": 844}
TITLE = "Μία στιγμή, παρακαλούμε"
CLEAN = "DELETE FROM budget WHERE bucket LIKE ANY ('{posts:%,misses:%,ticket:%,waits%}')"
NEVER = "() => new Promise(() => {})"
FAILS = "() => Promise.reject(new Error('not here'))"


@asynccontextmanager
async def served(stack: TestStack, engine: MemoryEngine) -> AsyncIterator[str]:
    """Serve a portal whose barrier always stands, and yield its address."""
    async with await postgres.connect(stack.ledger_dsn) as pool:
        await pool.execute(CLEAN)
        async with _served(stack, pool, engine) as url:
            yield url
        await pool.execute(CLEAN)


@asynccontextmanager
async def _served(stack: TestStack, pool: Pool, engine: MemoryEngine) -> AsyncIterator[str]:
    with socket.create_server((HOST, 0)) as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        changes = {"public_url": url, "barrier": "always", "barrier_wait_seconds": 1}
        portal = stack.settings.portal.model_copy(update=changes)
        settings = stack.settings.model_copy(update={"portal": portal})
        app = create(assemble(settings, stack.keys, pool, engine, healthy))
        config = uvicorn.Config(app, lifespan="off", log_config=None, http=PromptProtocol)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield url
        finally:
            server.should_exit = True
            await task


async def gives_contact(page: Page, url: str, serial: int) -> None:
    await page.goto(f"{url}/who")
    await page.get_by_label("Είμαι φοιτητής").check()
    await page.get_by_role("button", name="Έναρξη ενεργοποίησης").click()
    await page.get_by_label("Κινητό τηλέφωνο").fill(f"69878{serial:05d}")
    await page.get_by_role("button", name="Επόμενο").click()


async def test_the_page_works_by_itself_and_leads_to_the_code(
    stack: TestStack, open_page: OpenPage
) -> None:
    engine = MemoryEngine()
    page = await open_page(viewport=PHONE, locale="el-GR")
    looker = Looker(page)
    async with served(stack, engine) as url:
        await gives_contact(page, url, 1)
        await page.wait_for_url("**/pin", timeout=60_000)
    assert [start.mobile for start in engine.started] == ["+306987800001"]
    assert looker.noticed == []


@pytest.mark.parametrize(
    ("script", "said", "pressed"),
    [
        (f"SubtleCrypto.prototype.deriveBits = {NEVER}", "Ο περιηγητής σας υπολογίζει", False),
        (f"HTMLFormElement.prototype.submit = {NEVER}", "Ο υπολογισμός έγινε", False),
        (f"SubtleCrypto.prototype.deriveBits = {FAILS}", "", True),
        ("delete SubtleCrypto.prototype.importKey", "", True),
    ],
)
async def test_whoever_cannot_see_is_told_and_a_browser_that_cannot_do_it_has_the_wait(
    stack: TestStack,
    open_page: OpenPage,
    script: str,
    said: str,
    *,
    pressed: bool,
) -> None:
    page = await open_page(viewport=PHONE, locale="el-GR")
    await page.add_init_script(script)
    looker = Looker(page)
    async with served(stack, MemoryEngine()) as url:
        await gives_contact(page, url, 2)
        await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        await expect(page.get_by_role("status")).to_have_text(
            re.compile(f"^{said}"), timeout=60_000
        )
        for waiting in (page.get_by_role("button", name="Επόμενο"), page.locator("#barrier-wait")):
            await expect(waiting).to_be_visible(visible=pressed)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await looker.look()
        await looker.enlarge_text()
    assert looker.noticed == []


async def test_a_work_that_was_refused_is_not_sent_again_by_itself(
    stack: TestStack, open_page: OpenPage
) -> None:
    engine = MemoryEngine()
    page = await open_page(viewport=PHONE, locale="el-GR")
    looker = Looker(page)
    async with served(stack, engine) as url:
        await page.add_init_script(f"HTMLFormElement.prototype.submit = {NEVER}")
        await gives_contact(page, url, 3)
        number = page.locator("[name=number_found]")
        await expect(number).not_to_have_value("", timeout=60_000)
        await number.evaluate("field => field.value = 'x'")
        await number.evaluate("field => field.form.requestSubmit()")
        await expect(page.get_by_text("Ο προηγούμενος έλεγχος δεν ίσχυε")).to_be_visible()
        await expect(page.get_by_role("status")).to_contain_text("Πατήστε", timeout=60_000)
        await looker.look()
        await page.get_by_role("button", name="Επόμενο").click()
        await page.wait_for_url("**/pin")
    assert len(engine.started) == 1
    assert looker.noticed == []


async def test_without_a_script_the_button_opens_it_after_the_wait(
    stack: TestStack, open_page: OpenPage
) -> None:
    engine = MemoryEngine()
    page = await open_page(viewport=PHONE, locale="el-GR", java_script_enabled=False)
    looker = Looker(page)
    async with served(stack, engine) as url:
        await gives_contact(page, url, 4)
        await expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        await expect(page.locator("#barrier-wait")).to_contain_text(
            "η JavaScript είναι απενεργοποιημένη"
        )
        await looker.look(scripts=False)
        # Whoever comes early gets the same page, with nothing lost.
        async with asyncio.timeout(60):
            while not page.url.endswith("/pin"):
                await page.get_by_role("button", name="Επόμενο").click()
                await page.wait_for_load_state()
    assert [start.mobile for start in engine.started] == ["+306987800004"]
    assert looker.noticed == []
