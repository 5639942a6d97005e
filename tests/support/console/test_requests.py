"""Requests for help in the browser: listed, read, answered once, closed with a reason."""

import re
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Language
from ledger import audit, staff_sessions, support_requests
from ledger.support_requests import HelpRequest
from postgres import Pool
from settings import Settings
from support.verbs.reply_texts import BUILT_IN, replies
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn

REFERENCE = "A-7K3F-92QD"
TEXT = "Δεν ήρθε ο κωδικός.\n<b>Ευχαριστώ</b>"


@pytest.fixture
async def asked(stack: TestStack, pool: Pool) -> HelpRequest:
    number = token_hex(16)
    mailbox = f"{number}@mail.example"
    request = HelpRequest(
        number, REFERENCE, "pin", Language.EL, "Μαρία", mailbox, TEXT, "+302710372128"
    )
    await support_requests.put(pool, stack.keys, request)
    return request


async def test_a_request_is_listed_without_what_was_written_and_opened_with_it(
    signed_in: SignedIn, asked: HelpRequest, pool: Pool, stack: TestStack
) -> None:
    browser = await signed_in("helpdesk")
    listed = (await browser.get("/requests")).text
    assert f'href="/requests/{asked.id}"' in listed
    assert "Μαρία" not in listed
    page = (await browser.get(f"/requests/{asked.id}")).text
    assert "Δεν ήρθε ο κωδικός.<br>&lt;b&gt;Ευχαριστώ" in page
    assert "+302710372128" in page
    assert f'href="/case/{REFERENCE}"' in page
    row = (await audit.page(pool, stack.keys, action="requests", limit=1))[0]
    assert (row.reference, row.reason) == (REFERENCE, f"read {asked.id}")


async def test_a_double_click_answers_once_and_who_comes_second_is_told(
    signed_in: SignedIn, asked: HelpRequest, stack: TestStack, pool: Pool
) -> None:
    first, second = await signed_in("helpdesk"), await signed_in("supervisor")
    path = f"/requests/{asked.id}"
    for browser in (first, second):
        await browser.get(path)
    for _ in range(2):
        answered = await first.post(f"{path}/answer", text="Στείλαμε νέο κωδικό.")
        assert (answered.status_code, answered.headers["location"]) == (303, path)
    late = await second.post(f"{path}/answer", text="Κι εγώ το ίδιο.")
    assert late.status_code == 409
    assert "έχει ήδη διεκπεραιωθεί" in late.text
    assert "Στείλαμε νέο κωδικό." in late.text
    standing = await support_requests.standing(pool, stack.keys, asked.id)
    assert standing
    assert (standing.answer, standing.settled_by) == ("Στείλαμε νέο κωδικό.", "helpdesk")
    page = (await first.get(path)).text
    assert "Η απάντηση στέλνεται" in page
    assert "/answer" not in page


async def test_nothing_is_sent_empty_and_what_was_typed_is_kept(
    signed_in: SignedIn, asked: HelpRequest
) -> None:
    browser = await signed_in("helpdesk")
    path = f"/requests/{asked.id}"
    await browser.get(path)
    for act, field in (("answer", "text"), ("close", "reason")):
        page = await browser.post(f"{path}/{act}", **{field: " \n"})
        assert page.status_code == 422
        assert f'href="#{field}"' in page.text
    page = await browser.post(f"{path}/answer", text="ω" * 2001)
    assert page.status_code == 422
    assert "ω" * 2001 in page.text
    forged = await browser.http.post(f"{path}/answer")
    assert forged.status_code == 403
    assert f'href="{path}">Πίσω στο αίτημα' in forged.text


async def test_a_ready_answer_is_in_the_students_language_and_names_nobody(
    signed_in: SignedIn, asked: HelpRequest, settings: Settings
) -> None:
    browser = await signed_in("helpdesk")
    for name in (*BUILT_IN, "unknown"):
        page = (await browser.get(f"/requests/{asked.id}?reply={name}&lang=en")).text
        written = page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
        assert bool(written) is (name in BUILT_IN)
        assert not re.search(r"%\(|Μαρία|[a-z]{4} [a-z]", written), name
        if name == "password":
            assert settings.institution.password_reset_url in written


async def test_an_institutions_own_answers_are_beside_and_instead_of_ours(
    app: FastAPI, signed_in: SignedIn, asked: HelpRequest, tmp_path: Path
) -> None:
    for language, words in (("el", "Εστία"), ("en", "Halls")):
        (tmp_path / f"halls.{language}.txt").write_text(f"{words}\n\n{words}: {{{{ portal_url }}}}")
        (tmp_path / f"password.{language}.txt").write_text(f"{words}!\nReset & <change>.")
        (tmp_path / f"username.{language}.txt").touch()
    context = app.state.context
    own = context.settings.institution.model_copy(update={"replies_folder": tmp_path})
    changed = context.settings.model_copy(update={"institution": own})
    app.state.context = replace(context, replies=replies(changed))
    browser = await signed_in("helpdesk")
    path = f"/requests/{asked.id}"
    page = (await browser.get(f"{path}?reply=halls&lang=en")).text
    assert ">Halls</a>" in page
    assert "?reply=username" not in page
    assert page.count("?reply=") == len(BUILT_IN)
    # The answer is in the student's language, the title in that of staff.
    assert f"Εστία: {changed.portal.public_url}</textarea>" in page
    page = (await browser.get(f"{path}?reply=password&lang=el")).text
    assert ">Εστία!</a>" in page
    assert "Reset &amp; &lt;change&gt;.</textarea>" in page
    app.state.context = context


async def test_an_answer_that_took_longer_than_the_session_is_not_written_twice(
    signed_in: SignedIn, asked: HelpRequest, stack: TestStack, pool: Pool
) -> None:
    browser = await signed_in("helpdesk")
    path = f"/requests/{asked.id}"
    await browser.get(path)
    await staff_sessions.drop(pool, browser.http.cookies["desk"])
    page = await browser.post(f"{path}/answer", text="Στείλαμε <νέο> κωδικό.")
    assert page.status_code == 403
    assert "Η σύνδεσή σας είχε λήξει" in page.text
    assert "Στείλαμε &lt;νέο&gt; κωδικό.</textarea>" in page.text
    page = await browser.post(f"{path}/note", note="Τηλεφώνησε <χθες>.")
    assert "Τηλεφώνησε &lt;χθες&gt;.</textarea>" in page.text
    standing = await support_requests.standing(pool, stack.keys, asked.id)
    assert standing
    assert standing.is_open
    browser.hidden["csrf"] = "another's"
    forged = await browser.post(f"{path}/answer", text="Στείλαμε <νέο> κωδικό.")
    assert forged.headers["location"].startswith("/sign-in")
    await browser.get("/sign-in")
    password = stack._stack.place.secret("helpdesk")
    assert (await browser.post("/sign-in", name="helpdesk", password=password)).status_code == 303


async def test_a_request_is_closed_without_an_answer(
    signed_in: SignedIn, asked: HelpRequest
) -> None:
    browser = await signed_in("helpdesk")
    path = f"/requests/{asked.id}"
    await browser.get(path)
    chosen = {"preset": "Settled by telephone", "reason": "με τη μητέρα"}
    assert (await browser.post(f"{path}/close", **chosen)).status_code == 303
    assert "Τακτοποιήθηκε τηλεφωνικά - με τη μητέρα" in (await browser.get(path)).text
    assert asked.id not in (await browser.get("/requests")).text


async def test_an_unknown_request_is_not_found_and_a_viewer_has_none(
    signed_in: SignedIn, asked: HelpRequest
) -> None:
    browser = await signed_in("helpdesk")
    assert (await browser.get("/requests/none")).status_code == 404
    for act in ("answer", "close"):
        await browser.get(f"/requests/{asked.id}")
        answer = await browser.post(f"/requests/none/{act}", text="x", reason="x")
        assert answer.status_code == 404
    viewer = await signed_in("viewer")
    assert (await viewer.get(f"/requests/{asked.id}")).status_code == 403
