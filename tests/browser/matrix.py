"""Looks at every page in every way: `make browser`, a table of page, looks and what was noticed.

Greek and English, light and dark, 320, 390 and 1280 pixels wide; then text twice as large, and
without a script. `make test` walks the journey only; this takes some minutes.
"""

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.table import Table

import postgres
from domain.contracts.vocabulary import Language
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Looker
from tests.browser.gallery import SCENES, Picture, play
from tests.stack import TestStack

WIDTHS = (320, 390, 1280)
SCHEMES = ("light", "dark")
HEIGHT = 844
ALIKE = {"pin-uniform-locked": "pin-locked-error", "problem-known": "problem-of-mine"}
"""Scenes alike on purpose, but for what is filled in; all others say something of their own."""


async def look(chromium: Browser, picture: Picture) -> tuple[int, list[str]]:
    """Return how often the page was looked at, and what was noticed."""
    looks = 0
    # The icon alone is fetched past the hanging, from a portal that is not there.
    expected = (f"status of {picture.response.status_code}", ".svg: ")
    async with await chromium.new_context() as context, picture.hung(context):
        page = await context.new_page()
        looker = Looker(page, *expected)
        await page.goto(picture.url)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of two
                await looker.ask_axe(f"{width} {scheme}")
                looks += 1
            await looker.measure(f"{width}")
        for width in WIDTHS[1:]:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await looker.enlarge_text()
            looks += 1
    async with (
        await chromium.new_context(java_script_enabled=False) as context,
        picture.hung(context),
    ):
        page = await context.new_page()
        await page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        scriptless = Looker(page, *expected)
        await page.goto(picture.url)
        await scriptless.measure("without a script")
        looks += 1
    return looks, looker.noticed + scriptless.noticed


def words(picture: Picture) -> str:
    """Return what the page says, without what is drawn anew each time it is made."""
    main = picture.response.text.partition("<main")[2]
    return re.sub(r'A-\w{4}-\w{4}|A-\w{4}|\d\d:\d\d(:\d\d)?|value="[^"]*"', "", main)


async def look_at_all(stack: TestStack, names: Sequence[str]) -> dict[str, tuple[int, list[str]]]:
    found: dict[str, tuple[int, list[str]]] = {}
    told: dict[str, str] = {}
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        pool = await postgres.connect(stack.ledger_dsn)
        for name in names:
            looks, noticed = 0, []
            for language in Language:
                picture = await play(name, stack, pool, language)
                same = told.setdefault(words(picture), name)
                if same not in (name, ALIKE.get(name)):
                    noticed.append(f"{language} says the same as {same}")
                more, seen = await look(chromium, picture)
                looks += more
                noticed += [f"{language} {text}" for text in seen]
            found[name] = looks, noticed
        await pool.close()
        await chromium.close()
    return found


def main() -> int:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with TemporaryDirectory() as place:
        stack = TestStack(Path(place))
        try:
            stack.begin()
            found = asyncio.run(look_at_all(stack, sys.argv[1:] or tuple(SCENES)))
        finally:
            stack.end()
    table = Table("page", "looks", "noticed")
    for name, (looks, noticed) in found.items():
        table.add_row(name, str(looks), str(len(noticed)))
    table.add_row(
        f"{len(found)} pages",
        str(sum(looks for looks, _ in found.values())),
        str(sum(len(noticed) for _, noticed in found.values())),
    )
    console = Console()
    console.print(table)
    for name, (_, noticed) in found.items():
        for text in noticed:
            console.print(f"{name}: {text}", markup=False)
    return int(any(noticed for _, noticed in found.values()))


if __name__ == "__main__":
    sys.exit(main())
