"""Makes the pictures of the pages: `python -m tests.browser.screenshots` writes docs/screenshots.

Every scene of the gallery in Greek, the main ones in English too, as a phone shows them. The long
texts are left out: they are Markdown and read best as such.
"""

import asyncio
import base64
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from playwright.async_api import Browser, Page, async_playwright

import postgres
from domain.contracts.vocabulary import Language
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.gallery import SCENES, Picture, play
from tests.stack import TestStack

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MAIN = ("start", "who", "contact", "pin", "insurance", "review", "password", "progress", "done")
LONG = ("help", "terms", "privacy", "accessibility", "password-help")
QUALITY = 50


async def take(chromium: Browser, picture: Picture) -> bytes:
    async with (
        await chromium.new_context(viewport={"width": 390, "height": 600}) as context,
        picture.hung(context),
    ):
        page = await context.new_page()
        await page.goto(picture.url)
        return await photograph(page, quality=QUALITY, whole=True)


async def photograph(page: Page, *, quality: int, whole: bool) -> bytes:
    """Return the page as WebP: the `whole` of it, or what the window shows."""
    camera = await page.context.new_cdp_session(page)
    asked = {"format": "webp", "quality": quality, "captureBeyondViewport": whole}
    return base64.b64decode((await camera.send("Page.captureScreenshot", asked))["data"])


async def take_all(stack: TestStack, folder: Path) -> None:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        pool = await postgres.connect(stack.ledger_dsn)
        for name in (each for each in SCENES if each not in LONG):
            for language in Language if name in MAIN else (Language.EL,):
                picture = await play(name, stack, pool, language)
                (folder / f"{name}.{language}.webp").write_bytes(await take(chromium, picture))
        await pool.close()
        await chromium.close()


def main() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        stack = TestStack(Path(place))
        try:
            stack.begin()
            asyncio.run(take_all(stack, folder))
        finally:
            stack.end()


if __name__ == "__main__":
    main()
