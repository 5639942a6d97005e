"""The registrar check in the browser: the answer on the same page, and nothing in an address."""

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from ledger import audit
from postgres import Pool
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, SignedIn


async def test_the_answer_says_what_is_seen_and_what_to_say(
    signed_in: SignedIn, pool: Pool, stack: TestStack
) -> None:
    browser = await signed_in("helpdesk")
    assert (await browser.get("/registrar")).status_code == 200
    page = await browser.post("/registrar", number="202690001", mobile="6940000010")
    assert page.status_code == 200
    assert "location" not in page.headers
    assert "+30 •••••••01" in page.text
    assert "6940000001" not in page.text
    assert "eleni.papadopoulou" not in page.text
    assert "αντιμετατεθεί" in page.text
    assert "μοιάζει με αυτό που έχει η Γραμματεία" in page.text
    assert "What you typed is almost what the secretariat has" in page.text
    assert 'value="6940000010"' in page.text
    assert "τις τελευταίες 7 ημέρες: καμία" in page.text
    row = (await audit.page(pool, stack.keys, action="registrar", limit=1))[0]
    assert (row.reference, row.reason) == (None, "number")


async def test_one_of_several_is_chosen_by_a_button(signed_in: SignedIn) -> None:
    browser = await signed_in("helpdesk")
    await browser.get("/registrar")
    page = await browser.post("/registrar", number="", name="", mobile="6940000008", email="")
    assert "Επιλέξτε έναν" in page.text
    numbers = re.findall(r'name="number" value="(SIS/[0-9]+)"', page.text)
    assert len(numbers) == 2
    page = await browser.post("/registrar", number=numbers[0], mobile="6940000008", email="")
    assert "θα σας γίνει μία ερώτηση ακόμη" in page.text


async def test_an_insurance_number_is_shown_on_no_page_again(
    signed_in: SignedIn, stack: TestStack
) -> None:
    browser = await signed_in("helpdesk")
    await browser.get("/registrar")
    number = str(stack.samples["complete"].rows[0]["ssn"])
    page = await browser.post("/registrar", insurance=number)
    assert "SIS/202690001" in page.text
    assert number not in page.text


@pytest.mark.parametrize("typed", [{}, {"name": "πα"}, {"number": "1", "name": "Παππάς"}])
async def test_a_question_that_cannot_be_asked_is_told_at_the_form(
    signed_in: SignedIn, typed: dict[str, str]
) -> None:
    browser = await signed_in("helpdesk")
    await browser.get("/registrar")
    page = await browser.post("/registrar", **typed)
    assert page.status_code == 422
    assert 'href="#number"' in page.text
    for value in typed.values():
        assert f'value="{value}"' in page.text


async def test_a_registrar_that_is_away_is_told_and_what_was_typed_is_kept(
    make_app: Callable[[Settings], FastAPI], settings: Settings, signed_in: SignedIn
) -> None:
    known = await signed_in("helpdesk")
    section = settings.registrar.model_copy(update={"view": "no_such_view"})
    browser = Browser(make_app(settings.model_copy(update={"registrar": section})), HOST)
    browser.http.cookies.update(known.http.cookies)
    await browser.get("/registrar")
    page = await browser.post("/registrar", name="Παπαδοπούλου", email="eleni@mail.example")
    assert page.status_code == 503
    assert "δεν απαντά αυτή τη στιγμή" in page.text
    assert 'value="Παπαδοπούλου"' in page.text
    assert 'value="eleni@mail.example"' in page.text


async def test_who_only_looks_at_cases_has_no_check(signed_in: SignedIn) -> None:
    browser = await signed_in("viewer")
    assert (await browser.get("/registrar")).status_code == 403


async def test_a_wish_for_no_invitations_is_noted_and_taken_back_by_a_button(
    signed_in: SignedIn,
) -> None:
    browser = await signed_in("helpdesk")
    await browser.get("/registrar")
    for act, told, sentence, button in (
        ("uninvite", "uninvited", "δεν στέλνεται πρόσκληση", "Θέλει ξανά προσκλήσεις"),
        ("invite", "invited", "μπορούν να σταλούν ξανά", "Δεν θέλει προσκλήσεις"),
    ):
        page = await browser.post("/registrar", number="202690001")
        assert f'action="/registrar/{act}"' in page.text
        page = await browser.post(f"/registrar/{act}", number="SIS/202690001")
        assert (page.status_code, page.headers["location"]) == (303, f"/registrar?told={told}")
        page = await browser.get(page.headers["location"])
        assert sentence in page.text
        page = await browser.post("/registrar", number="202690001")
        assert button in page.text
        assert ("Δεν θέλει προσκλήσεις, από" in page.text) is (act == "uninvite")
    page = await browser.post("/registrar/uninvite", number="1")
    assert page.status_code == 422
    assert "Κανένας φοιτητής" in page.text
