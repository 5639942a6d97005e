"""What a first visit costs on a slow line, and that a second one costs little."""

import re
from pathlib import Path

import httpx
import pytest

from domain.contracts.views import Progress
from domain.contracts.vocabulary import Step, WaitReason
from settings import Settings
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_pages import INSURANCE, PASSWORD, PROVISIONING, REVIEW, put

MOST_BYTES = 60_000
LOGO_BYTES = 20_000
_PARTS = re.compile(r'(?:href|src)="(/(?:static|brand)/[^"]+)"')


async def transferred(browser: Browser, path: str) -> tuple[int, httpx.Response]:
    async with browser.http.stream("GET", path) as response:
        await response.aread()
    return response.num_bytes_downloaded, response


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Return those of an institution whose logo is as heavy as a logo may be."""
    logo = tmp_path / "logo.png"
    logo.write_bytes(bytes(LOGO_BYTES))
    place = settings.institution.model_copy(update={"logo": logo})
    return settings.model_copy(update={"institution": place})


@pytest.mark.parametrize(
    ("path", "progress"),
    [
        *((path, None) for path in ("/", "/who", "/contact", "/help", "/privacy", "/problem")),
        ("/pin", at(Step.PIN, WaitReason.WAITING_PIN)),
        ("/insurance", INSURANCE),
        ("/insurance/other", INSURANCE),
        ("/review", REVIEW),
        ("/password", PASSWORD),
        ("/progress", PROVISIONING),
        ("/done", at(Step.ACTIVE)),
    ],
)
async def test_a_first_visit_is_light_and_what_it_brought_is_kept(
    browser: Browser, engine: MemoryEngine, path: str, progress: Progress | None
) -> None:
    if progress:
        await browser.give_contact()
        put(engine, progress)
    elif path == "/contact":
        await browser.begin()
    total, page = await transferred(browser, path)
    assert page.status_code == 200
    # Pictures are fetched when the reader opens them, and not before.
    pictures = re.findall(r"<img [^>]*>", page.text)
    assert all('loading="lazy"' in each or 'class="app-logo"' in each for each in pictures)
    parts = {part for part in _PARTS.findall(page.text) if not part.endswith(".webp")}
    assert {part.rpartition(".")[2] for part in parts} == {"css", "js", "svg", "png"}
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
