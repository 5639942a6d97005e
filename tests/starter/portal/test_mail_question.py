"""A slip in an e-mail is asked about before anybody is looked up; only the student changes it."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from settings import Settings
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine

SLIP, MEANT = "maria@gmial.com", "maria@gmail.com"
# An address breaks at its @ alone.
ASKED = "Μήπως εννοείτε maria@<wbr>gmail.com;"


@pytest.fixture(params=["explicit", "uniform"])
async def asked(
    request: pytest.FixtureRequest,
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
) -> Browser:
    """Return a browser that is asked about its e-mail, and has looked nobody up."""
    portal = settings.portal.model_copy(update={"disclosure": request.param})
    browser = Browser(make_app(settings.model_copy(update={"portal": portal})))
    await browser.begin()
    page = await browser.post("/contact", mobile="6912345678", email="Maria@gmial.com")
    assert page.status_code == 422
    assert ASKED in page.text
    assert 'value="Maria@gmial.com"' in page.text
    assert engine.started == []
    return browser


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize(
    ("fields", "used"),
    [
        ({"email": SLIP, "asked": SLIP, "meant": "yes"}, MEANT),
        ({"email": "Maria@gmial.com", "asked": SLIP}, SLIP),
        ({"email": MEANT, "asked": SLIP}, MEANT),
    ],
)
async def test_the_answer_is_used_as_given(
    asked: Browser, engine: MemoryEngine, fields: dict[str, str], used: str
) -> None:
    taken = await asked.post("/contact", **{"mobile": "6912345678", "meant": ""} | fields)
    assert taken.headers["location"] == "/pin"
    assert [(start.mobile, start.email) for start in engine.started] == [("+306912345678", used)]


async def test_another_slip_is_asked_about_again(asked: Browser, engine: MemoryEngine) -> None:
    fields = {"mobile": "", "email": "maria@yaho.gr", "asked": SLIP, "meant": "yes"}
    page = await asked.post("/contact", **fields)
    assert page.status_code == 422
    assert "Μήπως εννοείτε maria@<wbr>yahoo.gr;" in page.text
    assert engine.started == []


async def test_support_is_given_the_right_address(student: Browser, settings: Settings) -> None:
    own = f"maria@{settings.institution.mail_domains[0][:-1]}"
    fields = {"name": "Μαρία", "reply_to": own, "text": "Βοήθεια"}
    await student.get("/problem")
    page = await student.post("/problem", **fields)
    assert page.status_code == 422
    assert f"Μήπως εννοείτε maria@<wbr>{settings.institution.mail_domains[0]};" in page.text
    assert page.text.count('value="Βοήθεια"') == 2
    sent = await student.post("/problem", **fields, asked=own, meant="yes")
    assert sent.headers["location"] == "/problem?sent"


async def test_what_was_typed_is_shown_as_text(student: Browser) -> None:
    await student.begin()
    page = await student.post("/contact", mobile="", email="a&b@gmial.com")
    assert "Ναι, a&amp;b@<wbr>gmail.com" in page.text
    assert "a&b@" not in page.text
