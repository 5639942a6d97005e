"""The console in a real Chromium: every page, in both languages, narrow, wide, scriptless."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Looker, OpenPage
from tests.browser.journey import Journey, Student
from tests.stack import WholeStack
from web.view import STATIC

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
LONG = pytest.mark.long
PAGES = (
    *("queue", "mine", "list?group=student&names=1", "search", "registrar", "caller", "requests"),
    *("funnel", "campaigns", "campaigns/preview", "operations", "handbook"),
    *("not-activated", "not-activated?department=401"),
)


async def stands_at_its_pin(page: Page, stack: WholeStack, student: Student) -> str:
    """Begin an activation as a student does, and return its reference."""

    async def seen(name: str) -> None:
        del name

    await student.enrol(stack.env["REGISTRAR_DSN"])
    journey = Journey(page, stack.env, student, seen, mistakes=False)
    await journey._begin()
    await journey._reach("/pin")
    return await page.locator(".app-reference .app-code").inner_text()


async def sign_in(page: Page, stack: WholeStack, password: str) -> None:
    await page.locator("#name").fill(stack.env["SUPPORT_USER"])
    await page.locator("#password").fill(password)
    await page.locator("main button").click()


@pytest.mark.parametrize(
    ("language", "options"),
    [
        ("el", {"viewport": WIDE}),
        pytest.param("en", {"viewport": NARROW, "color_scheme": "dark"}, marks=LONG),
        pytest.param("el", {"viewport": NARROW, "java_script_enabled": False}, marks=LONG),
    ],
)
async def test_staff_sign_in_and_read_every_page(
    whole_stack: WholeStack,
    open_page: OpenPage,
    language: str,
    options: dict[str, Any],
) -> None:
    reference = await stands_at_its_pin(await open_page(locale="el-GR"), whole_stack, Student())
    url = whole_stack.env["SUPPORT_URL"]
    page = await open_page(locale=language, **options)
    looker = Looker(page)
    scripts = options.get("java_script_enabled", True)
    await page.goto(f"{url}/case/{reference}")
    await looker.look(scripts=scripts)
    await sign_in(page, whole_stack, "not the password")
    assert await page.get_by_role("alert").count() == 1
    await looker.look(scripts=scripts)
    await sign_in(page, whole_stack, whole_stack.env["SUPPORT_PASSWORD"])
    await page.wait_for_url(f"**/case/{reference}")
    assert await page.locator("html").get_attribute("lang") == language
    await looker.look(scripts=scripts)
    for path in (
        f"case/{reference}/cancel",
        f"case/{reference}/caller",
        f"case/{reference}/assign",
        f"case/{reference}/note",
        *PAGES,
    ):
        answer = await page.goto(f"{url}/{path}")
        assert answer is not None
        assert answer.status == 200, path
        await looker.look(scripts=scripts)
    assert looker.noticed == []
    # Another site's link: "localhost" is one to a browser, and a strict cookie stays at home.
    await page.goto(f"{url.replace('127.0.0.1', 'localhost')}/handbook")
    if scripts:
        await page.evaluate("address => { location = address }", f"{url}/case/{reference}/cancel")
        await page.wait_for_url(f"**/case/{reference}/cancel")
        await page.locator("#reason").wait_for()


async def test_a_wide_table_scrolls_in_its_box_and_widens_no_page(open_page: OpenPage) -> None:
    """Also where a cell holds text for screen readers alone, which stands outside the flow."""
    page = await open_page(viewport=NARROW)
    styles = "".join(file.read_text("utf-8") for file in sorted(STATIC.glob("*.css")))
    cell = '<td class="govuk-table__cell">{}<span class="govuk-visually-hidden">more</span></td>'
    cells = "".join(map(cell.format, ["Καταπληκτικότερα"] * 6))
    await page.set_content(
        f"<!doctype html><style>{styles}</style><div class='app-scroll'><table class='govuk-table'>"
        f"<tr>{cells}</tr></table></div>"
    )
    assert await page.locator(".app-scroll").evaluate("box => box.scrollWidth > box.clientWidth")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]
