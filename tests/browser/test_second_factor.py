"""The pages of the second factor in a real Chromium: set-up, code, recovery codes."""

from typing import Any

import pytest
from markupsafe import Markup
from playwright.async_api import Route

from domain.contracts.vocabulary import Language
from settings.institution import Institution
from support.console.second_factor import CODE, picture
from support.verbs.second_factor import address, grouped
from tests.browser.conftest import Looker, OpenPage
from tests.stack import WholeStack
from translations import translator
from web.view import Views

SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
URI = address(SECRET, "a.long.name.of.an.operator", Institution().name_el)
SET_UP = {"secret": grouped(SECRET), "picture": picture(URI), "uri": URI}
WRONG = {"code": ["The verification code is wrong, or was used before"]}
PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("second_factor", SET_UP),
    ("second_factor", SET_UP | {"errors": WRONG}),
    ("second_factor", {}),
    ("second_factor", {"errors": WRONG}),
    ("recovery_codes", {"codes": [grouped(SECRET[:16])] * 10, "left": 10, "onward": "/"}),
    ("recovery_codes", {"codes": [], "left": 9, "onward": "/"}),
)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("language", "options"),
    [
        (Language.EL, {"color_scheme": "dark"}),
        (Language.EN, {"java_script_enabled": False}),
    ],
)
async def test_its_pages_are_accessible_and_fit(
    whole_stack: WholeStack, open_page: OpenPage, language: Language, options: dict[str, Any]
) -> None:
    """The pages as the templates make them, with the styles of the console that runs."""
    page = await open_page(locale=language.value, **options)
    looker = Looker(page)
    scripts = options.get("java_script_enabled", True)
    views = Views(Institution(), "console")
    shared: dict[str, Any] = {
        "path": CODE,
        "hidden": lambda: Markup('<input type="hidden" name="csrf" value="x">'),
        "staff": None,
        "menu": [],
        "say": translator(language).gettext,
        "told": None,
        "errors": {},
    }
    html = ""

    async def fulfil(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html; charset=utf-8")

    await page.route(f"**{CODE}", fulfil)
    for template, context in PAGES:
        html = views.page(template, language, **shared | context)
        await page.goto(f"{whole_stack.env['SUPPORT_URL']}{CODE}")
        await looker.look(scripts=scripts)
    assert looker.noticed == []
