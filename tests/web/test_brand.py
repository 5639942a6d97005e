"""The institution's own colours and logo reach the pages, or are refused by name at the start."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import colours
from settings import Settings
from settings.institution import Institution
from tests.starter.conftest import pool, pools
from tests.starter.portal.conftest import HOST, app, engine, make_app, settings

__all__ = ["app", "engine", "make_app", "pool", "pools", "settings"]
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


async def test_the_page_has_their_colours_and_logo(
    make_app: Callable[[Settings], FastAPI], settings: Settings, tmp_path: Path
) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    theirs = {"colour": "#004b87", "colour_dark": "#9ad0ff", "logo": logo}
    place = settings.institution.model_copy(update=theirs)
    portal = make_app(settings.model_copy(update={"institution": place}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(portal), base_url=HOST) as http:
        page = (await http.get("/")).text
        brand = {part.split('"')[0]: part for part in page.split('="')[1:] if "/brand/" in part[:8]}
        files = [await http.get(path) for path in brand]
    assert '<meta name="theme-color" content="#004b87">' in page
    assert '<img class="app-logo"' in page
    icon, css, shown = (file.text for file in files)
    assert shown == LOGO
    assert "#004b87" in icon
    assert "--app-band:#004b87;" in css
    assert "#9ad0ff" in css
    types = [file.headers["content-type"].partition(";")[0] for file in files]
    assert types == ["image/svg+xml", "text/css", "image/svg+xml"]


async def test_without_a_logo_the_header_has_an_emblem(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as http:
        page = (await http.get("/")).text
    header = page.partition("<header")[2].partition("</header>")[0]
    assert '<svg class="app-logo"' in header
    assert 'aria-hidden="true"' in header


@given(st.integers(0, 0xFFFFFF))
def test_white_text_is_legible_on_every_colour_that_settings_accept(number: int) -> None:
    colour = f"#{number:06x}"
    try:
        Institution(colour=colour)
    except ValidationError:
        assert colours.contrast(colour, "#ffffff") < colours.LEGIBLE
    else:
        assert colours.contrast("#ffffff", colour) >= colours.LEGIBLE


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("colour", "#ffdd00", "contrast on #ffffff"),
        ("colour_dark", "#0b0c0c", "contrast on #12161c"),
        ("logo", "README.md", "a logo is an .svg or a .png file"),
    ],
)
def test_what_cannot_be_read_or_shown_is_refused_by_name(field: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        Institution.model_validate({field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


def test_a_heavy_logo_is_refused(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(bytes(20_001))
    with pytest.raises(ValidationError, match="20,000 bytes at most"):
        Institution(logo=logo)
