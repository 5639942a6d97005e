"""Four students who come by another way, in a real Chromium on real parts.

One reads English on the narrowest phone without JavaScript, one changes the device on the way, one
has an account already, and one is not found and asks for help.
"""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from playwright.async_api import expect

import translations
from tests.browser.album import Album
from tests.browser.conftest import NARROWEST, OpenPage
from tests.browser.journey import Journey, MailOnly, Student, message
from tests.browser.test_journey import PHONE, logs_in, walk
from tests.stack import WholeStack

LAPTOP = {"width": 1280, "height": 800}
SUPPORT = "support@university.example"
with Path(translations.__file__).with_name("el.po").open("rb") as source:
    GREEK = {str(message.string): str(message.id) for message in read_po(source) if message.id}


class InEnglish(Journey):
    """Presses, ticks and reads what the catalogue has for the Greek."""

    async def _press(self, name: str) -> None:
        await super()._press(english(name))

    async def _follow(self, name: str) -> None:
        await super()._follow(english(name))

    async def _tick(self, name: str) -> None:
        await super()._tick(english(name))


def english(greek: str) -> str:
    """Return the text, up to what is filled in, whose Greek begins so; the shortest of several."""
    found = [GREEK[text].partition("%(")[0].strip() for text in GREEK if text.startswith(greek)]
    return min(found, key=len)


@pytest.mark.long
async def test_a_student_reads_english_on_the_narrowest_phone_without_scripts(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = MailOnly()
    page = await open_page(
        viewport=PHONE | {"width": NARROWEST}, locale="en-GB", java_script_enabled=False
    )
    album = Album(page, pictures, scripts=False)
    visited = await walk(album, whole_stack, student, mistakes=False, way=InEnglish)
    assert visited[-1] == "done"
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is active")
    assert await page.locator("html").get_attribute("lang") == "en"
    assert logs_in(whole_stack, student)


async def test_a_student_begins_on_a_phone_and_continues_on_a_laptop(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = Student()
    await student.enrol(whole_stack.env["REGISTRAR_DSN"])
    phone, laptop = [
        Album(await open_page(viewport=viewport, locale="el-GR"), pictures / name)
        for viewport, name in ((PHONE, "phone"), (LAPTOP, "laptop"))
    ]
    begun, continued = [
        Journey(album.page, whole_stack.env, student, album.seen, mistakes=False)
        for album in (phone, laptop)
    ]
    await begun._begin()
    await begun._prove()
    await begun._complete()
    await begun._reach("/review")

    # What was done on the phone is not asked again.
    await continued._begin()
    await continued._prove()
    await continued._reach("/review")
    await begun._press("Συμφωνώ")
    await begun._reach("/continued")
    await phone.seen("continued")
    await continued._agree()
    await continued._choose_password()
    await continued._reach("/done")
    await laptop.seen("done")
    await phone.page.reload()
    await phone.seen("after-done")
    assert phone.noticed + laptop.noticed == []
    assert logs_in(whole_stack, student)


@pytest.mark.long
async def test_a_student_who_has_an_account_is_told_its_name(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    student = Student()
    first = Album(await open_page(viewport=PHONE, locale="el-GR"), pictures / "first")
    await walk(first, whole_stack, student, mistakes=False)
    album = Album(await open_page(viewport=PHONE, locale="el-GR"), pictures)
    again = Journey(album.page, whole_stack.env, student, album.seen, mistakes=False)
    await again._begin()
    await again._prove()
    await again._reach("/ended")
    await album.seen("already-active")
    await expect(album.page.get_by_role("heading", level=1)).to_have_text("Έχετε ήδη λογαριασμό")
    await expect(album.page.locator("#username")).to_have_text(student.login)
    assert album.noticed == []


async def test_a_student_who_is_not_found_asks_for_help(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path
) -> None:
    nobody = Student()
    page = await open_page(viewport=PHONE, locale="el-GR")
    album = Album(page, pictures)
    journey = Journey(page, whole_stack.env, nobody, album.seen, mistakes=False)
    await journey._begin()
    await journey._told("not-found", "Δεν βρέθηκε χρήστης με τα στοιχεία αυτά")
    await page.locator("main").get_by_role("link", name="Ζητήστε βοήθεια").click()
    await page.get_by_role("heading", name="Ζητήστε βοήθεια").wait_for()
    await album.seen("problem")
    await journey._press("Αποστολή στην υποστήριξη")
    await journey._told("problem-empty", "Γράψτε")
    await page.get_by_label("Το όνομά σας").fill("Κασσιανή Βατάτζη")
    await page.get_by_label("Το email σας").fill("kassiani@gmial.com")
    await page.get_by_label("Ποιο πρόβλημα αντιμετωπίζετε;").fill("Δεν με βρίσκει.")
    await journey._press("Αποστολή στην υποστήριξη")
    await album.seen("problem-slip")
    await journey._press("Ναι, kassiani@gmail.com")
    await page.get_by_role("heading", name="Το αίτημά σας έφτασε").wait_for()
    await album.seen("problem-sent")
    assert album.noticed == []
    request = await message(whole_stack.env["INBOX_URL"], SUPPORT, r"\bkassiani@gmail\.com")
    assert await page.locator(".govuk-panel__body").inner_text() in request
