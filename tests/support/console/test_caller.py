"""Who is this caller, in the browser: yes or no on the same page, and nothing typed on it."""

import re

from tests.activities.test_registrar import insert
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn


async def test_yes_and_no_show_nothing_of_what_was_typed_or_is_on_file(
    stack: TestStack, signed_in: SignedIn
) -> None:
    await insert(stack, "CALLER1", fatherfirstnameel="Χαράλαμπος", extemail="cal1@mail.example")
    browser = await signed_in("helpdesk")
    assert (await browser.get("/caller?lang=en")).status_code == 200
    said = {"birth_date": "1/1/2005", "student_number": "caller1"}
    yes = await browser.post("/caller", **said)
    assert "Yes: all of it" in yes.text
    assert "2 questions are left about this student" in yes.text
    no = await browser.post("/caller", email="cal1@mail.example", father_name="Χαρίδημος", **said)
    assert "No: not all of it" in no.text
    assert "1 question is left about this student" in no.text
    for page in (yes, no):
        assert not re.search("1/1/2005|caller1|Χαρ|cal1@|Δοκιμή|Άννα", page.text, re.IGNORECASE)
        assert "location" not in page.headers
    for _ in range(2):
        spent = await browser.post("/caller", **said | {"birth_date": "5/1/2005"})
        said["student_number"] = "CALLER-1"
    assert "Nothing was compared" in spent.text
    assert "ask the next question from" in spent.text


async def test_a_field_that_cannot_be_read_is_told_there_and_kept(signed_in: SignedIn) -> None:
    browser = await signed_in("helpdesk")
    await browser.get("/caller?lang=el")
    page = await browser.post("/caller", birth_date="31/2/2005", student_number="77")
    assert page.status_code == 422
    assert 'href="#birth_date"' in page.text
    assert 'value="31/2/2005"' in page.text
    assert "Αυτό δεν είναι ημερομηνία γέννησης" in page.text


async def test_a_case_that_is_none_has_no_question(signed_in: SignedIn) -> None:
    browser = await signed_in("helpdesk")
    assert (await browser.get("/case/A-7K3F-92QD/caller")).status_code == 200
    said = {"birth_date": "1/1/2005", "student_number": "77"}
    assert (await browser.post("/case/A-7K3F-92QD/caller", **said)).status_code == 404
