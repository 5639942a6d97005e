"""The pages only some students meet, in a real Chromium on real parts: twins from abroad.

Two share one mobile, so that each is asked a question; the registrar lacks their insurance number,
and the details are first called wrong and then right after all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.album import Album
from tests.browser.conftest import OpenPage
from tests.browser.journey import Journey, Seen, Student
from tests.browser.test_journey import logs_in
from tests.stack import WholeStack

PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Sibling(Student):
    """A student whose mobile a brother or a sister has declared too."""

    other: Student = field(default_factory=Student)

    @property
    def mobile(self) -> str:
        return self.other.mobile


class LongWay(Journey):
    """Meets the question, the foreign number, the dispute and the suggestions."""

    def __init__(
        self, page: Page, env: Mapping[str, str], student: Student, seen: Seen, *, mistakes: bool
    ) -> None:
        super().__init__(page, env, student, seen, mistakes=mistakes)
        self.chosen = ""

    async def _complete(self) -> None:
        await self._reach("/identify")
        await self._seen("identify")
        await self._next(answer=f"{self._student.born + timedelta(days=400):%d/%m/%Y}")
        await self._told("identify-wrong", "Δεν είναι αυτό που έχει η Γραμματεία")
        await self._next(answer=f"{self._student.born:%d.%m.%Y}")
        await self._reach("/insurance")
        await self._page.get_by_role("link", name="Θέλω να χρησιμοποιήσω αριθμό ασφάλισης").click()
        await self._reach("/insurance/other")
        await self._seen("insurance-other")
        await self._next()
        await self._told("insurance-other-empty", "Επιλέξτε χώρα")
        await self._page.locator("#scheme").select_option("CY")
        await self._next(number=f"{self._student.serial + 1:06d}")
        await self._reach("/review")
        await self._seen("review-insured")
        await self._press("Δίνω άλλον αριθμό ασφάλισης")
        await self._reach("/insurance")
        await self._follow("Θέλω να χρησιμοποιήσω αριθμό ασφάλισης")
        await self._reach("/insurance/other")
        await self._page.locator("#scheme").select_option("CY")
        await self._next(number=f"{self._student.serial:06d}")

    async def _agree(self) -> None:
        await self._reach("/review")
        masked = f"•••••••{self._student.serial % 100:02d} (CY)"
        await self._page.get_by_text(masked).wait_for()
        await self._page.get_by_role("link", name="Τα στοιχεία είναι λανθασμένα").click()
        await self._seen("dispute")
        await self._press("Ζητώ διόρθωση")
        await self._told("dispute-empty", "Επιλέξτε ποια από τα στοιχεία είναι λανθασμένα")
        await self._page.get_by_label("Τμήμα").check()
        await self._page.locator("#note").fill("Γράφτηκα στη Νοσηλευτική.")
        await self._press("Ζητώ διόρθωση")
        await self._page.get_by_role("heading", name="Τα στοιχεία σας διορθώνονται").wait_for()
        await self._seen("disputed")
        await self._press("Συνέχεια με τα στοιχεία όπως είναι")
        await self._page.locator("#username").wait_for()
        await self._press("Συμφωνώ")

    async def _choose_password(self) -> None:
        await self._reach("/password")
        await self._seen("password-suggestions")
        field = self._page.locator("#password")
        await field.fill(" abc")
        assert await self._page.locator(".app-met").count() == 1
        await self._press("Χρήση προτεινόμενου κωδικού πρόσβασης")
        first = await field.input_value()
        await self._press("Άλλος προτεινόμενος κωδικός πρόσβασης")
        self.chosen = await field.input_value()
        assert self.chosen != first
        assert await field.get_attribute("type") == "text"
        assert await self._page.locator(".app-met").count() == 3
        await self._page.get_by_text("Πληρούνται: 3 από 3").wait_for(state="attached")
        await self._seen("password-suggested")
        await self._next()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
async def test_a_sibling_from_abroad_takes_the_long_way(
    whole_stack: WholeStack, open_page: OpenPage, pictures: Path, scheme: str
) -> None:
    student = Sibling()
    for each in (student, student.other):
        await each.enrol(whole_stack.env["REGISTRAR_DSN"])
    page = await open_page(viewport=PHONE, locale="el-GR", color_scheme=scheme)
    album = Album(page, pictures)
    journey = LongWay(page, whole_stack.env, student, album.seen, mistakes=False)
    await journey.walk()
    assert album.noticed == []
    assert album.visited[-1] == "done"
    assert await page.locator("#username").inner_text() == student.login
    assert logs_in(whole_stack, student, journey.chosen)
