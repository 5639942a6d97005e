"""Keeps the picture of each page that somebody sees at a browser, and looks at the page."""

from pathlib import Path

from playwright.async_api import Page

from tests.browser.conftest import Looker


class Album:
    """The pages of one browser as numbered pictures, and what was noticed on them."""

    def __init__(self, page: Page, folder: Path, *, scripts: bool = True) -> None:
        self.visited: list[str] = []
        self.page = page
        self._folder = folder
        self._looker = Looker(page)
        self._scripts = scripts

    @property
    def noticed(self) -> list[str]:
        return self._looker.noticed

    async def seen(self, name: str) -> None:
        self.visited.append(name)
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{len(self.visited):02}-{name}.png"
        await self.page.screenshot(path=path, full_page=True)
        await self._looker.look(scripts=self._scripts)
