"""What a first visit costs on a slow line, and that a second one costs little."""

import re

import httpx
import pytest

from tests.starter.portal.conftest import Browser

MOST_BYTES = 60_000
_PARTS = re.compile(r'(?:href|src)="(/(?:static|brand)/[^"]+)"')


async def transferred(browser: Browser, path: str) -> tuple[int, httpx.Response]:
    async with browser.http.stream("GET", path) as response:
        await response.aread()
    return response.num_bytes_downloaded, response


@pytest.mark.parametrize("path", ["/", "/who", "/contact", "/help", "/privacy", "/problem"])
async def test_a_first_visit_is_light_and_what_it_brought_is_kept(
    browser: Browser, path: str
) -> None:
    if path == "/contact":
        await browser.begin()
    total, page = await transferred(browser, path)
    assert page.status_code == 200
    # Pictures are fetched when the reader opens them, and not before.
    pictures = re.findall(r"<img [^>]*>", page.text)
    assert all('loading="lazy"' in picture for picture in pictures)
    parts = {part for part in _PARTS.findall(page.text) if not part.endswith(".webp")}
    assert {part.rpartition(".")[2] for part in parts} == {"css", "js", "svg"}
    for part in parts:
        size, response = await transferred(browser, part)
        total += size
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
    assert total < MOST_BYTES, f"{path}: {total}"
    # What a page says changes with its token, so that its length must not be told by packing it.
    assert "content-encoding" not in page.headers


async def test_a_page_names_nothing_of_anybody_elses(browser: Browser) -> None:
    page = (await browser.get("/")).text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
