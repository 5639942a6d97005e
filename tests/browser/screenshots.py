"""Makes the pictures of the pages: `python -m tests.browser.screenshots` writes docs/screenshots.

It plays one student through a demo of its own, in a folder that is gone afterwards.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.journey import Journey, Student
from tests.stack import WholeStack

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


async def take(stack: WholeStack, folder: Path) -> None:
    """Play a student, mistakes included, and keep a picture of every page."""
    student = Student(100)
    await student.enrol(stack.env["REGISTRAR_DSN"])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="el-GR")

        async def seen(name: str) -> None:
            await page.screenshot(path=folder / f"{name}.png", full_page=True)

        await Journey(page, stack.env, student, seen, mistakes=True).walk()
        await browser.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        stack = WholeStack(Path(place) / "demo")
        try:
            stack.begin()
            asyncio.run(take(stack, folder))
        finally:
            stack.end()


if __name__ == "__main__":
    main()
