"""The whole path in a real Chromium, on real parts, with one mistake on every form."""

from pathlib import Path

import ldap3
import pytest

from tests.browser.album import Album
from tests.browser.conftest import Looker, OpenPage
from tests.browser.journey import PASSWORD, Journey, Student
from tests.stack import WholeStack

PHONE = {"width": 390, "height": 844}
PAGES = ("help", "terms", "privacy", "accessibility", "password-help", "problem", "no-such-page")


async def walk(
    album: Album,
    stack: WholeStack,
    student: Student,
    *,
    mistakes: bool,
    way: type[Journey] = Journey,
) -> list[str]:
    """Play the student and return the pages seen."""
    await student.enrol(stack.env["REGISTRAR_DSN"])
    await way(album.page, stack.env, student, album.seen, mistakes=mistakes).walk()
    assert album.noticed == []
    return album.visited


def logs_in(stack: WholeStack, student: Student, password: str = PASSWORD) -> bool:
    env = stack.env
    server = ldap3.Server(env["LDAP_URL"])
    name = f"uid={student.login},{env['LDAP_PEOPLE_DN']}"
    with ldap3.Connection(server, name, password) as connection:
        return bool(connection.bound)


async def test_a_student_on_a_phone_makes_every_mistake_and_gets_a_working_login(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = Student()
    page = await open_page(viewport=PHONE, locale="el-GR")
    visited = await walk(Album(page, pictures), whole_stack, student, mistakes=True)
    assert visited == [
        *("start", "who", "who-error"),
        *("contact", "contact-empty", "contact-landline"),
        *("contact-slip", "contact-not-found"),
        *("pin", "pin-letters", "pin-wrong"),
        *("insurance", "insurance-checksum", "insurance-other-empty"),
        *("review", "dispute-empty"),
        *("password", "password-empty", "password-weak"),
        "done",
    ]
    assert await page.locator("#username").inner_text() == student.login
    assert await page.evaluate("document.documentElement.lang") == "el"
    await page.reload()
    assert PASSWORD not in await page.content()
    assert logs_in(whole_stack, student)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_fixed_pages_stand_every_look(
    whole_stack: WholeStack, open_page: OpenPage, scheme: str
) -> None:
    page = await open_page(viewport=PHONE, locale="en-GB", color_scheme=scheme)
    looker = Looker(page)
    for name in PAGES:
        await page.goto(f"{whole_stack.env['PORTAL_URL']}/{name}")
        await looker.look()
    # Chromium reports the page that is not there, and nothing else.
    assert [text for text in looker.noticed if "status of 404" not in text] == []
