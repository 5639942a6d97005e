"""Lets Lighthouse judge the main pages on its mobile profile: `make lighthouse`, which needs npm.

One student walks through a demo of its own; at each main page Lighthouse opens the same page with
the student's cookie. It fails below 100 for accessibility and best practices, 95 for performance.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, async_playwright
from rich.console import Console
from rich.table import Table

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.journey import Journey, Student
from tests.stack import WholeStack

LIGHTHOUSE = "lighthouse@12.8.2"
LEAST = {"accessibility": 100, "best-practices": 100, "performance": 95}
PAGES = ("start", "contact", "pin", "review", "password")

Scores = Mapping[str, int]


async def judge(page: Page) -> tuple[Scores, list[str]]:
    """Return the scores of the page as this browser sees it, and what was found wanting."""
    cookies = await page.context.cookies()
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
    program = await asyncio.create_subprocess_exec(
        *("npx", "--yes", LIGHTHOUSE, page.url, "--quiet", "--output=json"),
        f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}",
        f"--only-categories={','.join(LEAST)}",
        f"--extra-headers={json.dumps({'Cookie': cookie, 'Accept-Language': 'el'})}",
        env=os.environ | {"CHROME_PATH": str(CHROMIUM)},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await program.communicate()
    report = json.loads(told)
    assert report["finalDisplayedUrl"] == page.url, report["finalDisplayedUrl"]
    found = report["categories"]
    scores = {name: round(found[name]["score"] * 100) for name in LEAST}
    audits = report["audits"]
    wanting = [
        f"{ref['id']}: {audits[ref['id']]['title']}"
        for name in ("accessibility", "best-practices")
        for ref in found[name]["auditRefs"]
        if audits[ref["id"]]["score"] == 0
    ]
    return scores, wanting


async def judge_all(stack: WholeStack) -> dict[str, tuple[Scores, list[str]]]:
    student = Student()
    await student.enrol(stack.env["REGISTRAR_DSN"])
    judged: dict[str, tuple[Scores, list[str]]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = await browser.new_page(locale="el-GR")

        async def seen(name: str) -> None:
            if name in PAGES:
                judged[name] = await judge(page)

        await Journey(page, stack.env, student, seen, mistakes=False).walk()
        await browser.close()
    return judged


def main() -> int:
    with TemporaryDirectory() as place:
        stack = WholeStack(Path(place) / "demo")
        try:
            stack.begin()
            judged = asyncio.run(judge_all(stack))
        finally:
            stack.end()
    table = Table("page", *LEAST)
    for name, (scores, _) in judged.items():
        table.add_row(name, *(str(scores[each]) for each in LEAST))
    console = Console()
    console.print(table)
    for name, (_, wanting) in judged.items():
        for text in wanting:
            console.print(f"{name}: {text}", markup=False)
    enough = all(scores[name] >= LEAST[name] for scores, _ in judged.values() for name in LEAST)
    return int(not enough or set(judged) != set(PAGES))


if __name__ == "__main__":
    sys.exit(main())
