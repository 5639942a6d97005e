"""The eight calls at the desk in a real Chromium: each from the handbook's page, clicks counted.

What is typed and what is read costs no click; the keys that the handbook names are used where they
save one. Of each page that answers a call a picture is kept.
"""

from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page, Request, ViewportSize, expect

from demo.students import DEPARTMENTS
from tests.browser.conftest import Looker, OpenPage
from tests.browser.journey import Journey, Student
from tests.stack import WholeStack

MOST = 3
NARROW: ViewportSize = {"width": 320, "height": 640}
WIDE: ViewportSize = {"width": 1280, "height": 800}
REFERENCE = ".app-reference .app-code"


class Desk:
    """A member of staff on the phone, whose clicks are counted."""

    def __init__(self, page: Page, url: str, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        self.clicks: dict[str, int] = {}
        self._url = url
        self._call = ""

    async def sign_in(self, name: str, password: str) -> None:
        await self.page.goto(f"{self._url}/sign-in")
        await self.page.locator("#name").fill(name)
        await self.page.locator("#password").fill(password)
        await self.page.locator("main button").click()
        await self.page.wait_for_url("**/queue")

    async def take(self, call: str, said: str) -> None:
        """Take a call: open the handbook and read what to do."""
        self._call = call
        self.clicks[call] = 0
        await self.page.goto(f"{self._url}/handbook")
        await self.page.locator("p", has_text=said).scroll_into_view_if_needed()

    async def search(self, term: str) -> None:
        """Go to the search box by the key, type and press Enter."""
        await self.page.keyboard.press("Control+/")
        await self.page.keyboard.type(term)
        await self.page.keyboard.press("Enter")
        self.clicks[self._call] += 1
        await self.page.wait_for_url("**/case/*")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()
        self.clicks[self._call] += 1

    async def follow(self, name: str) -> None:
        await self.page.locator("main a", has_text=name).first.click()
        self.clicks[self._call] += 1

    def holds(self, looker: Looker, calls: int) -> None:
        """Check that so many calls were taken, each with few clicks, and nothing was wrong."""
        print(self.clicks)  # noqa: T201 - a figure for who runs this
        assert len(self.clicks) == calls
        assert max(self.clicks.values()) <= MOST
        assert looker.noticed == []

    async def reads(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()
        path = self._pictures / f"{self._call}.png"
        # The handbook is long: of it what the eyes see.
        await self.page.screenshot(path=path, full_page="/handbook" not in self.page.url)


async def begin(page: Page, stack: WholeStack, student: Student) -> tuple[Journey, str]:
    """Begin an activation as a student does; return how it goes on, and its reference."""

    async def seen(name: str) -> None:
        del name

    await student.enrol(stack.env["REGISTRAR_DSN"])
    journey = Journey(page, stack.env, student, seen, mistakes=False)
    await journey._begin()
    await journey._reach("/pin")
    return journey, await page.locator(REFERENCE).inner_text()


async def mistype(journey: Journey, times: int) -> None:
    wrong = f"{(int(await journey._pin()) + 1) % 1_000_000:06d}"
    for _ in range(times):
        await journey._next(pin=wrong)
        await journey._page.locator("main").wait_for()


async def an_hour_passes(stack: WholeStack) -> None:
    """Make the messages that staff sent an hour older: one an hour is theirs for each contact."""
    ledger = await asyncpg.connect(stack.env["LEDGER_DSN"])
    try:
        await ledger.execute(
            "UPDATE message SET reserved_at = reserved_at - interval '61 min' WHERE purse = 'staff'"
        )
    finally:
        await ledger.close()


@pytest.fixture
async def looker(open_page: OpenPage) -> Looker:
    return Looker(await open_page(locale="el", viewport=WIDE))


@pytest.fixture
async def desk(whole_stack: WholeStack, looker: Looker, pictures: Path) -> Desk:
    desk = Desk(looker.page, whole_stack.env["SUPPORT_URL"], pictures)
    secret = whole_stack.folder / "secrets" / "supervisor"
    await desk.sign_in("supervisor", secret.read_text().strip())
    return desk


@pytest.mark.long
async def test_calls_about_codes_take_three_clicks_at_most(
    whole_stack: WholeStack, open_page: OpenPage, desk: Desk, looker: Looker
) -> None:
    journey, reference = await begin(await open_page(locale="el-GR"), whole_stack, Student())
    await mistype(journey, 5)
    await desk.take("no-sms", "«Δεν έρχεται μήνυμα.»")
    await desk.search(reference)
    await desk.follow("Αποστολή εξαψήφιου κωδικού (pin)")
    await desk.press("Αποστολή εξαψήφιου κωδικού (pin): SMS")
    await desk.reads("Έγινε.")
    await looker.look()

    await mistype(journey, 5)
    await an_hour_passes(whole_stack)
    await desk.take("locked", "«Έγραψα λάθος τον εξαψήφιο κωδικό και κλειδώθηκε.»")
    await desk.search(reference)
    await looker.look()
    await desk.follow("Ξεκλείδωμα και αποστολή εξαψήφιου κωδικού (pin)")
    await desk.reads("Ο φοιτητής τηλεφώνησε")
    await looker.look()
    await desk.press("Ξεκλείδωμα και αποστολή εξαψήφιου κωδικού (pin): SMS")
    await desk.page.wait_for_url("**/case/*?told=done")
    desk.holds(looker, 2)


@pytest.mark.long
async def test_calls_about_details_take_three_clicks_at_most(
    whole_stack: WholeStack, open_page: OpenPage, desk: Desk, looker: Looker
) -> None:
    student, page = Student(), looker.page
    journey, reference = await begin(await open_page(locale="el-GR"), whole_stack, student)
    await journey._next(pin=await journey._pin())
    await journey._reach("/insurance")
    await desk.take("waiting", "«Περιμένει από χθες.»")
    await desk.search(reference)
    await desk.reads("Περιμένει τον αριθμό ασφάλισης")
    await looker.look()

    # The page follows what the student does under the eyes of staff, and the focus stays.
    await page.locator("#find").focus()
    await journey._next(number=student.amka)
    await journey._reach("/review")
    await page.get_by_text("Περιμένει να ελέγξει ο φοιτητής").wait_for(timeout=45_000)
    assert await page.locator("#refreshed").inner_text()
    assert await page.evaluate("document.activeElement.id") == "find"

    await desk.take("name", "«Το όνομά μου είναι λάθος.»")
    await desk.search(reference)
    await desk.follow("Νέα ανάγνωση του μητρώου")
    await desk.press("Νέα ανάγνωση του μητρώου")
    await desk.reads("Έγινε.")
    await desk.take("insurance", "«Έγραψα λάθος αριθμό ασφάλισης.»")
    await desk.search(student.mobile)
    await desk.follow("Ανάκληση του αριθμού ασφάλισης")
    await desk.press("Ανάκληση του αριθμού ασφάλισης")
    await page.wait_for_url("**/case/*?told=done")
    await desk.reads("Περιμένει τον αριθμό ασφάλισης")
    desk.holds(looker, 3)
    for path in ("mine", "list?group=student&names=1", f"case/{reference}/assign"):
        await page.goto(f"{whole_stack.env['SUPPORT_URL']}/{path}")
        await looker.look()
    assert looker.noticed == []


@pytest.mark.long
async def test_calls_without_a_case_take_three_clicks_at_most(
    whole_stack: WholeStack, desk: Desk, looker: Looker
) -> None:
    student = Student()
    await student.enrol(whole_stack.env["REGISTRAR_DSN"])
    await desk.take("not-found", "«Μου λέει ότι δεν βρέθηκα.»")
    await desk.follow("Έλεγχο μητρώου")
    await looker.page.locator("#number").fill(student.number)
    await looker.page.locator("#mobile").fill("6900000001")
    await desk.press("Έλεγχος")
    await desk.reads(DEPARTMENTS[0].el)
    await looker.look()
    for call, said, address in (
        ("username", "«Ξέχασα το όνομα χρήστη.»", whole_stack.env["PORTAL_URL"]),
        ("password", "«Ξέχασα τον κωδικό πρόσβασης.»", "https://"),
    ):
        await desk.take(call, said)
        await desk.reads(address)
    await looker.look()
    desk.holds(looker, 3)


async def keep(looker: Looker, path: Path) -> None:
    """Look at a page, and keep it narrow and wide."""
    await looker.look()
    for size in (NARROW, WIDE):
        await looker.page.set_viewport_size(size)
        kept = path.with_name(f"{path.name}-{size['width']}.png")
        await looker.page.screenshot(path=kept, full_page=True)


@pytest.mark.long
@pytest.mark.usefixtures("desk")
async def test_a_note_waits_to_be_read_and_a_page_waits_to_be_looked_at(
    whole_stack: WholeStack, open_page: OpenPage, looker: Looker, pictures: Path
) -> None:
    page, url = looker.page, whole_stack.env["SUPPORT_URL"]
    _, reference = await begin(await open_page(locale="el-GR"), whole_stack, Student())
    await page.goto(f"{url}/case/{reference}/assign")
    await page.locator("#text").fill("Θα ξαναπάρει αύριο")
    await page.locator("main form button").last.click()
    await keep(looker, pictures / "case")
    await page.goto(f"{url}/case/{reference}/note")
    await keep(looker, pictures / "note")

    refreshes: list[Request] = []

    def count(asked: Request) -> None:
        if "page-refresh" in asked.headers:
            refreshes.append(asked)

    page.on("request", count)
    await page.clock.install()
    await page.goto(f"{url}/queue")
    read = page.get_by_role("button", name="Σήμανση ως αναγνωσμένης")
    await keep(looker, pictures / "queue")
    pause = page.locator("#pause")
    await read.focus()
    async with page.expect_response(lambda answer: "page-refresh" in answer.request.headers):
        await page.clock.fast_forward("00:21")
    await expect(read).to_be_focused()
    await pause.press("Enter")
    await expect(page.locator("#refreshed")).to_contain_text("δεν ενημερώνεται")
    for _ in range(2):
        await expect(pause).to_have_text("Συνέχιση της αυτόματης ενημέρωσης της σελίδας")
        seen = len(refreshes)
        await page.clock.fast_forward("05:00")
        await page.evaluate("fetch('/healthz')")  # Whatever was asked before it has begun.
        assert len(refreshes) == seen
        await keep(looker, pictures / "queue-paused")
        await page.reload()
    await page.goto(f"{url}/mine")
    await expect(page.locator("#pause")).to_have_text("Παύση της αυτόματης ενημέρωσης της σελίδας")
    await keep(looker, pictures / "mine")
    await page.goto(f"{url}/queue")
    await pause.press("Enter")
    await expect(pause).to_be_focused()
    async with page.expect_request(lambda asked: "page-refresh" in asked.headers):
        await page.clock.fast_forward("00:31")
    await read.click()
    await expect(read).to_have_count(0)
    assert looker.noticed == []


@pytest.mark.long
@pytest.mark.usefixtures("desk")
async def test_a_request_for_help_has_notes_of_staff(
    whole_stack: WholeStack, open_page: OpenPage, looker: Looker, pictures: Path
) -> None:
    page, url = looker.page, whole_stack.env["SUPPORT_URL"]
    student = await open_page(locale="el-GR")
    await student.goto(f"{whole_stack.env['PORTAL_URL']}/problem")
    for name, text in (("name", "Μαρία"), ("reply_to", "maria@example.org"), ("text", "Βοήθεια")):
        await student.locator(f"#{name}").fill(text)
    await student.locator('form[action="/problem"] button').click()
    await student.wait_for_url(lambda address: address.endswith("/problem?sent"))
    await page.goto(f"{url}/requests")
    await page.locator("main li a").last.click()
    await page.locator("summary", has_text="Προσθήκη σημείωσης").click()
    await page.locator("#note").fill("Την ξέρω")
    await keep(looker, pictures / "request")
    await page.get_by_role("button", name="Προσθήκη σημείωσης").click()
    await expect(page.get_by_text("Την ξέρω")).to_be_visible()
    await keep(looker, pictures / "request-noted")
    assert looker.noticed == []
