"""Makes the small pictures of the help page: `python -m tests.browser.help_pictures`.

It plays one student in each language through a demo of its own and writes the top of the pages
the help speaks of, and of the mail with the code, as WebP, light enough for a telephone, into
`templates/static/`.
"""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.async_api import Browser, Page, async_playwright

import settings
from domain.contracts.vocabulary import Language
from settings import Settings
from starter.commands.templates import messages
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.journey import PASSWORD, Student
from tests.browser.screenshots import photograph
from tests.stack import WholeStack
from web.markdown import HEIGHT, WIDTH
from web.view import STATIC

_QUALITY = 36


async def _play(browser: Browser, stack: WholeStack, language: Language, serial: int) -> None:
    student = Student(serial)
    await student.enrol(stack.env["REGISTRAR_DSN"])
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = await context.new_page()
    await page.goto(f"{stack.env['PORTAL_URL']}/who?lang={language}")
    await page.locator("input[name=who]").check()
    await _send(page)
    await page.locator("#mobile").fill(student.mobile)
    await _keep(page, f"contact.{language}")
    await _send(page)
    await page.wait_for_url("**/pin*")
    await page.locator("#pin").fill(await _pin(stack, student))
    await _keep(page, f"pin.{language}")
    await _send(page)
    await page.wait_for_url("**/insurance")
    await page.locator("#number").fill(student.amka)
    await _send(page)
    await page.wait_for_url("**/review")
    await page.locator("#agree").scroll_into_view_if_needed()
    await page.locator("#username").scroll_into_view_if_needed()
    await _keep(page, f"review.{language}")
    await page.locator("#agree").click()
    await page.wait_for_url("**/password")
    await page.locator("#password").fill(PASSWORD)
    await _keep(page, f"password.{language}")
    await context.close()


async def take_mails(browser: Browser, config: Settings) -> None:
    """Take the mail with the code, as of a portal with a name of its own."""
    named = config.portal.model_copy(update={"public_url": "https://activate.university.example"})
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = await context.new_page()
    for message in messages(config.model_copy(update={"portal": named})):
        for _, shown in message.shown() if message.name == "pin" else ():
            if html := shown.files.get("html"):
                await page.set_content(html)
                await _keep(page, f"mail.{message.language}")
    await context.close()


async def _send(page: Page) -> None:
    """Press the first button of the form, which goes on."""
    await page.locator("main form button.govuk-button[type=submit]").first.click()


async def _keep(page: Page, name: str) -> None:
    picture = await photograph(page, quality=_QUALITY, whole=False)
    (STATIC / f"help-{name}.webp").write_bytes(picture)


async def _pin(stack: WholeStack, student: Student) -> str:
    """Wait for the code as a student would, looking into the inbox."""
    inbox, to = f"{stack.env['INBOX_URL']}/messages.json", {"to": f"+30{student.mobile}"}
    async with asyncio.timeout(30), httpx.AsyncClient() as http:
        while not (got := (await http.get(inbox, params=to)).json()):  # noqa: ASYNC110 - another process fills it
            await asyncio.sleep(0.2)
    return str(got[-1]["text"].rpartition("#")[2])


async def _take(stack: WholeStack) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for serial, language in enumerate(Language, 200):
            await _play(browser, stack, language, serial)
        os.environ["ACTIVATION_CONFIG"] = str(stack.folder / "activation.toml")
        await take_mails(browser, settings.load())
        await browser.close()


def main() -> None:
    with TemporaryDirectory() as place:
        stack = WholeStack(Path(place) / "demo")
        try:
            stack.begin()
            asyncio.run(_take(stack))
        finally:
            stack.end()


if __name__ == "__main__":
    main()
