"""What became of a message, in a real Chromium: the student reads it, staff see the same page."""

from pathlib import Path

import pytest

import postgres
from tests.browser.conftest import Looker, OpenPage
from tests.browser.journey import Student
from tests.browser.test_desk import Desk, begin, desk, keep, looker
from tests.stack import WholeStack

__all__ = ["desk", "looker"]

NUMBERS = {
    404: "δεν μπόρεσε να παραδοθεί",
    408: "δεν ήταν δυνατή η επικοινωνία",
    174: "ότι το μήνυμα παραδόθηκε.",
}
"""What the page says of a message to the number that ends so: the demo's gateway tells it."""


@pytest.mark.long
async def test_student_and_desk_read_what_became_of_a_message(
    whole_stack: WholeStack, open_page: OpenPage, desk: Desk, looker: Looker, pictures: Path
) -> None:
    for serial, text in NUMBERS.items():
        page = await open_page(locale="el-GR")
        _, reference = await begin(page, whole_stack, Student(serial))
        await page.get_by_text(text).wait_for(timeout=30_000)
        student = Looker(page)
        await keep(student, pictures / f"pin-{serial}")
        assert student.noticed == []

        await desk.take(f"no message {serial}", "«Δεν έρχεται μήνυμα.»")
        await desk.search(reference)
        await desk.reads("Απόδειξη παράδοσης: εξαψήφιος κωδικός (pin) με SMS")
        await desk.follow("Προβολή της σελίδας")
        await looker.page.locator(".app-seen").get_by_text(text).wait_for()
        await keep(looker, pictures / f"seen-{serial}")
    desk.holds(looker, len(NUMBERS))


@pytest.mark.long
async def test_an_open_page_of_the_code_looks_for_news_without_using_its_session(
    whole_stack: WholeStack, open_page: OpenPage
) -> None:
    page = await open_page(locale="el-GR")
    _, reference = await begin(page, whole_stack, Student())
    async with await postgres.connect(whole_stack.env["LEDGER_DSN"]) as ledger:
        before = await ledger.fetchval(
            "UPDATE session SET seen_at = now() - interval '5 min' WHERE reference = $1"
            " RETURNING seen_at",
            reference,
        )
        async with page.expect_response(lambda answer: answer.url.endswith("/pin")):
            pass
        seen = "SELECT seen_at FROM session WHERE reference = $1"
        assert await ledger.fetchval(seen, reference) == before
