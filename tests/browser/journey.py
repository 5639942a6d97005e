"""A student at a browser, from the first page to the last; whoever plays it sees every page."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

import asyncpg
import httpx
from playwright.async_api import Page, expect

from demo.names import Spelled
from demo.students import COLUMNS, DEPARTMENTS, amka, make_row

PASSWORD = "vrasto-kerasi-plateia-9"
PATIENCE_SECONDS = 30

Seen = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Student:
    """A student nobody else plays: a row of the registrar without an AMKA.

    Who needs no particular number gets the next one, so that no two tests play the same student.
    """

    serial: int = field(default_factory=count(501).__next__)

    @property
    def mobile(self) -> str:
        return f"69899{self.serial:05d}"

    @property
    def number(self) -> str:
        return f"2099{self.serial:05d}"

    @property
    def contact(self) -> Mapping[str, str]:
        """Return what is on file and typed: by the names of the form."""
        return {"mobile": self.mobile}

    @property
    def address(self) -> str:
        """Return where the messages go, as the inbox writes it."""
        return f"+30{self.mobile}"

    @property
    def born(self) -> date:
        """Another day for each: without an AMKA, name and birth date say who a person is."""
        return date(2008, 1, 1) + timedelta(days=self.serial)

    @property
    def login(self) -> str:
        return f"kvatatzi{self.serial}"

    @property
    def amka(self) -> str:
        return amka(self.born, self.serial % 1000, gender="F")

    async def enrol(self, registrar_dsn: str) -> None:
        row = make_row(
            self.number,
            Spelled("Κασσιανή", "Kassiani"),
            Spelled("Βατάτζη", "Vatatzi"),
            self.born,
            DEPARTMENTS[0],
            gender="F",
            mobilephone=self.contact.get("mobile"),
            extemail=self.contact.get("email"),
            loginname=self.login,
        )
        records = await asyncpg.connect(registrar_dsn)
        try:
            await records.copy_records_to_table(
                "v_vd_sis", records=[tuple(row[name] for name in COLUMNS)], columns=COLUMNS
            )
        finally:
            await records.close()


class MailOnly(Student):
    """A student whose mobile the secretariat does not have."""

    @property
    def contact(self) -> Mapping[str, str]:
        return {"email": self.address}

    @property
    def address(self) -> str:
        return f"{self.login}@mail.example"


class Journey:
    """Plays a student; with `mistakes`, one mistake on every form first."""

    def __init__(
        self, page: Page, env: Mapping[str, str], student: Student, seen: Seen, *, mistakes: bool
    ) -> None:
        self._page = page
        self._portal = env["PORTAL_URL"]
        self._inbox = env["INBOX_URL"]
        self._student = student
        self._seen = seen
        self._mistakes = mistakes

    async def walk(self) -> None:
        await self._begin()
        await self._prove()
        await self._complete()
        await self._agree()
        await self._choose_password()
        await self._reach("/done")
        await self._seen("done")

    async def _begin(self) -> None:
        await self._page.goto(self._portal)
        await self._seen("start")
        await self._press("Ενεργοποίηση λογαριασμού τώρα!")
        await self._reach("/who")
        await self._seen("who")
        if self._mistakes:
            await self._press("Έναρξη ενεργοποίησης")
            await self._told("who-error", "Επιλέξτε την ιδιότητά σας")
        await self._tick("Είμαι φοιτητής")
        await self._press("Έναρξη ενεργοποίησης")
        await self._reach("/contact")
        await self._seen("contact")
        if self._mistakes:
            await self._next()
            await self._told("contact-empty", "Γράψτε το κινητό ή το email σας")
            await self._next(mobile="2710372128")
            await self._told("contact-landline", "Ο αριθμός είναι σταθερού τηλεφώνου")
            await self._next(mobile="6900000000", email="kassiani.vatatzi@gmial.com")
            await expect(
                self._page.get_by_role("region", name="Ελέγξτε το email σας")
            ).to_be_focused()
            await self._seen("contact-slip")
            await self._next(email="")
            await self._told("contact-not-found", "Δεν βρέθηκε χρήστης με τα στοιχεία αυτά")
        await self._next(**self._student.contact)

    async def _prove(self) -> None:
        await self._reach("/pin")
        await self._seen("pin")
        pin = await self._pin()
        if self._mistakes:
            await self._next(pin="O12345")
            await self._told("pin-letters", "Γράψτε τα έξι ψηφία του κωδικού (pin)")
            assert await self._page.locator("[data-opens]").first.is_hidden()
            await self._next(pin=f"{(int(pin) + 1) % 1_000_000:06d}")
            await self._told("pin-wrong", "Ο εξαψήφιος κωδικός (pin) δεν είναι σωστός")
        await self._next(pin=pin)

    async def _complete(self) -> None:
        await self._reach("/insurance")
        await self._seen("insurance")
        if self._mistakes:
            await self._next(number="01010500014")
            await self._told("insurance-checksum", "Ο Α.Μ.Κ.Α. δεν είναι σωστός")
            await self._follow("Θέλω να χρησιμοποιήσω αριθμό ασφάλισης άλλης χώρας")
            await self._reach("/insurance/other")
            await self._next()
            await self._told("insurance-other-empty", "Επιλέξτε χώρα")
            await self._follow("Έχω τελικά Α.Μ.Κ.Α.")
            await self._reach("/insurance")
        await self._next(number=self._student.amka)

    async def _agree(self) -> None:
        await self._reach("/review")
        await self._seen("review")
        assert await self._page.locator("#username").inner_text() == self._student.login
        if self._mistakes:
            await self._follow("Τα στοιχεία είναι λανθασμένα")
            await self._press("Ζητώ διόρθωση")
            await self._told("dispute-empty", "Επιλέξτε ποια από τα στοιχεία είναι λανθασμένα")
            await self._follow("Πίσω")
            await self._reach("/review")
        kind = "κινητό" if "mobile" in self._student.contact else "email"
        await self._tick(f"Κρατήστε το {kind} μου")
        await self._press("Συμφωνώ")

    async def _choose_password(self) -> None:
        await self._reach("/password")
        await self._seen("password")
        if self._mistakes:
            await self._next()
            await self._told("password-empty", "Γράψτε κωδικό πρόσβασης ή επιλέξτε προτεινόμενο")
            await self._next(password="12345678")
            await self._told("password-weak", "Ο κωδικός πρόσβασης είναι πολύ συνηθισμένος")
            await self._look_at_password()
        await self._next(password=PASSWORD)

    async def _look_at_password(self) -> None:
        field = self._page.locator("#password")
        for name, kind in (("Εμφάνιση του κωδικού", "text"), ("Απόκρυψη του κωδικού", "password")):
            await self._press(name)
            assert await field.get_attribute("type") == kind

    # --- hands and eyes ------------------------------------------------------------------------

    async def _press(self, name: str) -> None:
        await self._page.get_by_role("button", name=name).click()

    async def _follow(self, name: str) -> None:
        await self._page.get_by_role("link", name=name).click()

    async def _tick(self, name: str) -> None:
        await self._page.get_by_label(name).check()

    async def _fill(self, field: str, value: str) -> None:
        await self._page.locator(f"#{field}").fill(value)

    async def _next(self, **typed: str) -> None:
        for name, value in typed.items():
            await self._fill(name, value)
        await self._press("Επόμενο")

    async def _told(self, name: str, words: str) -> None:
        await expect(self._page.get_by_role("alert")).to_contain_text(words)
        await self._seen(name)

    async def _reach(self, path: str) -> None:
        await self._page.wait_for_url(f"**{path}", timeout=PATIENCE_SECONDS * 1000)

    async def _pin(self) -> str:
        """Read the code from the inbox; the message carries the mark the page shows."""
        mark = await self._page.locator("main .app-code").first.inner_text()
        text = await message(self._inbox, self._student.address, re.escape(mark))
        return str(re.findall(r"(?<!\d)\d{6}(?!\d)", text)[-1])


async def message(inbox: str, to: str, wanted: str) -> str:
    """Wait for a message to this address in which the expression is found, and return its text."""
    for _ in range(PATIENCE_SECONDS * 4):
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{inbox}/messages.json", params={"to": to})
        for each in answer.json():
            if re.search(wanted, each["text"]):
                return str(each["text"])
        await asyncio.sleep(0.25)
    raise AssertionError(f"no message to {to} has {wanted}")
