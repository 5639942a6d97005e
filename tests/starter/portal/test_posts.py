"""Who floods the portal with forms keeps nobody out who has given a contact."""

import pytest

from settings import Settings
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine
from tests.starter.portal.test_misses import MISS, MakeApp, site, with_limits

__all__ = ["site"]

FLOOD = 8


@pytest.fixture
def few(settings: Settings) -> Settings:
    return with_limits(settings, posts_per_address=6, posts_per_session=6)


async def test_forged_forms_keep_nobody_at_the_address_out(
    make_app: MakeApp, few: Settings, site: str
) -> None:
    app, address = make_app(few), f"{site}::1"
    stranger, student = Browser(app, HOST, address), Browser(app, HOST, address)
    for path in ("/who", "/contact"):
        statuses = [(await stranger.http.post(path)).status_code for _ in range(FLOOD)]
        assert set(statuses) <= {403, 429}
        assert statuses[-1] == 429
    assert (await student.give_contact()).status_code == 303


async def test_whoever_gave_a_contact_is_counted_apart_from_the_address(
    make_app: MakeApp, few: Settings, site: str
) -> None:
    app, address = make_app(few), f"{site}::1"
    student, stranger = Browser(app, HOST, address), Browser(app, HOST, address)
    await student.give_contact()
    await student.get("/pin")
    await stranger.get("/who")
    assert [(await stranger.post("/who")).status_code for _ in range(FLOOD)][-1] == 429
    tried = [(await student.post("/pin", pin="000000")).status_code for _ in range(FLOOD)]
    assert (tried[0] == 429, tried[-1]) == (False, 429)


async def test_a_contact_that_is_not_on_file_is_counted_no_differently(
    make_app: MakeApp, few: Settings, site: str, engine: MemoryEngine
) -> None:
    """Else the limit would tell who is on file."""
    app, address = make_app(few), f"{site}::1"
    engine.first = MISS
    nobody, stranger = Browser(app, HOST, address), Browser(app, HOST, address)
    await nobody.give_contact("6900000000")
    await nobody.get("/contact")
    await stranger.get("/who")
    assert [(await stranger.post("/who")).status_code for _ in range(FLOOD)][-1] == 429
    assert (await nobody.post("/pin", pin="000000")).status_code != 429
