"""What a page links to is read and compressed once; templates are compiled when a portal starts."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from domain.contracts.vocabulary import Language
from settings.institution import Institution
from web.files import folder_route
from web.view import STATIC, Views

LONG = b"body { color: #000 }\n" * 100


@pytest.fixture
def http(tmp_path: Path) -> httpx.AsyncClient:
    """Return a client of files that are no longer on the disk."""
    (tmp_path / "a.css").write_bytes(LONG)
    (tmp_path / "a.webp").write_bytes(LONG)
    app = Starlette(routes=[Route("/files/{name}", folder_route(tmp_path))])
    for file in tmp_path.iterdir():
        file.unlink()
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal")


async def test_text_is_compressed_for_whoever_can_read_it(http: httpx.AsyncClient) -> None:
    packed = await http.get("/files/a.css")
    plain = await http.get("/files/a.css", headers={"Accept-Encoding": "identity"})
    assert packed.content == plain.content == LONG
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(LONG) / 10
    assert "content-encoding" not in plain.headers
    assert {packed.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}
    assert plain.headers["content-type"] == "text/css; charset=utf-8"


async def test_a_picture_is_not_compressed(http: httpx.AsyncClient) -> None:
    picture = await http.get("/files/a.webp")
    assert picture.headers["content-type"] == "image/webp"
    assert "content-encoding" not in picture.headers


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}'])
async def test_a_browser_that_has_the_file_gets_304(http: httpx.AsyncClient, known: str) -> None:
    etag = (await http.get("/files/a.css")).headers["etag"]
    again = await http.get("/files/a.css", headers={"If-None-Match": known.format(etag)})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in again.headers["cache-control"]
    changed = await http.get("/files/a.css", headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("name", ["b.css", "../a.css", "%2e%2e/a.css", ""])
async def test_any_other_name_is_unknown(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/files/{name}")).status_code == 404


@pytest.mark.parametrize("folder", ["pages", "console"])
def test_templates_are_compiled_at_the_start_and_not_looked_at_again(folder: str) -> None:
    views = Views(Institution(), folder)
    names = {file.name for file in (STATIC.parent / folder).glob("*.html")}
    for language in Language:
        pages = views._pages[language]
        assert not pages.auto_reload
        assert pages.cache is not None
        assert names <= {name for _, name in pages.cache}
