"""A request for help: kept, sent on its way, limited; and what bad input gets."""

import re
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason
from ledger import support_requests
from postgres import Pool
from settings import Settings
from starter.client.connect import TemporalUnavailable
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, change, proved
from tests.starter.portal.engine import SHOWN, MemoryEngine, at

ASKED = {
    "name": "Μαρία\u200b  Παπαδοπούλου",
    "reply_to": " Maria@Mail.Example ",
    "text": "Δεν ήρθε ο κωδικός.\r\n\r\nΕυχαριστώ\x00\x07\n",
}


def errors(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 422
    return re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', response.text)


async def test_who_never_began_can_ask_for_help(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    await browser.get("/problem")
    response = await browser.post("/problem", **ASKED)
    assert (response.status_code, response.headers["location"]) == (303, "/problem?sent")
    assert "Το αίτημά σας έφτασε" in (await browser.get("/problem?sent")).text
    (request_id,) = engine.asked_for_help
    kept = await support_requests.unmailed(pool, stack.keys, request_id)
    assert kept
    assert (kept.reference, kept.step) == (None, None)
    assert kept.name == "Μαρία Παπαδοπούλου"
    assert kept.reply_to == "maria@mail.example"
    assert kept.text == "Δεν ήρθε ο κωδικός.\n\nΕυχαριστώ"


async def test_the_request_carries_this_browsers_activation_and_where_it_stands(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    await browser.give_contact()
    reference = engine.started[0].reference
    assert reference in (await browser.get("/problem")).text
    assert (await browser.post("/problem", **ASKED)).status_code == 303
    assert reference in (await browser.get("/problem?sent")).text
    kept = await support_requests.unmailed(pool, stack.keys, engine.asked_for_help[0])
    assert kept
    assert (kept.reference, kept.step) == (reference, "pin WAITING_PIN")


async def test_the_request_carries_the_reference_in_the_address(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    engine.put("A-0000-0001", at(Step.NEEDS_SUPPORT, WaitReason.USERNAME_CONFLICT))
    await browser.get("/problem/a-oooo-ool1")
    response = await browser.post("/problem/a-0000-0001", **ASKED)
    assert response.headers["location"] == "/problem/a-0000-0001?sent"
    kept = await support_requests.unmailed(pool, stack.keys, engine.asked_for_help[0])
    assert kept
    assert kept.reference == "A-0000-0001"
    assert kept.step == "needs_support USERNAME_CONFLICT"
    assert (await browser.post("/problem/hello", **ASKED)).status_code == 404


async def test_a_double_click_is_one_request(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await browser.get("/problem")
    for _ in range(2):
        assert (await browser.post("/problem", **ASKED)).status_code == 303
    assert len(set(engine.asked_for_help)) == 1
    assert (
        await pool.fetchval(
            "SELECT count(*) FROM support_request WHERE id = $1", engine.asked_for_help[0]
        )
        == 1
    )


async def test_a_telephone_is_read_where_one_is_given(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    await browser.get("/problem")
    wrong = await browser.post("/problem", **ASKED, phone="2710 37")
    assert errors(wrong) == [
        ("phone", "Γράψτε ολόκληρο τον αριθμό τηλεφώνου, για παράδειγμα 691 234 5678 ή 2710 123456")
    ]
    assert 'value="2710 37"' in wrong.text
    foreign = await browser.post("/problem", **ASKED, phone="99123456")
    assert errors(foreign)[0][0] == "phone"
    await browser.post("/problem", **ASKED, phone="2710 372 128")
    kept = await support_requests.unmailed(pool, stack.keys, engine.asked_for_help[0])
    assert kept
    assert kept.phone == "+302710372128"
    stored = await pool.fetchval("SELECT phone FROM support_request WHERE id = $1", kept.id)
    assert b"2710" not in stored


@pytest.mark.parametrize("proof", [False, True])
@pytest.mark.parametrize("lang", ["el", "en"])
async def test_a_session_fills_in_what_it_typed_and_once_proved_its_name(
    app: FastAPI, browser: Browser, engine: MemoryEngine, pool: Pool, lang: str, *, proof: bool
) -> None:
    await browser.give_contact(email="maria@mail.example")
    reference = engine.started[0].reference
    name = SHOWN.name_el if lang == "el" else SHOWN.name_latin
    filled = [f'value="{each}"' for each in ("maria@mail.example", "+306912345678", name)]
    # The registrar's name is there, and is not told to who has not proved the contact.
    engine.put(reference, at(Step.REVIEW, WaitReason.WAITING_CONSENT))
    if proof:
        await proved(pool, browser)
    for path in (f"/problem?lang={lang}", f"/problem/{reference}"):
        page = (await browser.get(path)).text
        assert [value in page for value in filled] == [True, True, proof]
    # Nothing is filled in for another reference, in another browser, and after a take-over.
    pages = [
        await browser.get("/problem/A-0000-0001"),
        await Browser(app).get(f"/problem/{reference}"),
    ]
    await change(pool, browser, "superseded = true")
    pages.append(await browser.get("/problem"))
    assert not any(value in page.text for page in pages for value in filled)


FAILURES = (TemporalUnavailable(), TimeoutError(), ValueError("a bug"), KeyError("a bug"))


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("proof", [False, True])
async def test_whatever_fails_the_page_opens_with_what_is_known_and_the_request_is_kept(
    browser: Browser,
    engine: MemoryEngine,
    pool: Pool,
    stack: TestStack,
    failure: Exception,
    *,
    proof: bool,
) -> None:
    await browser.give_contact(email="maria@mail.example")
    reference = engine.started[0].reference
    if proof:
        await proved(pool, browser)
    engine.away = failure
    for path in ("/problem", f"/problem/{reference}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert reference in page.text
        assert 'value="maria@mail.example"' in page.text
    sent = await browser.post("/problem", **ASKED)
    assert (sent.status_code, sent.headers["location"]) == (303, "/problem?sent")
    assert (await browser.get("/problem?sent")).status_code == 200
    request_id = await pool.fetchval(
        "SELECT id FROM support_request WHERE reference = $1", reference
    )
    kept = await support_requests.unmailed(pool, stack.keys, request_id)
    assert kept
    assert (kept.step, kept.text) == (None, "Δεν ήρθε ο κωδικός.\n\nΕυχαριστώ")


async def test_contacts_that_cannot_be_read_leave_the_page_open(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await browser.give_contact(email="maria@mail.example")
    await pool.execute(
        "UPDATE session SET typed = '\\x00' WHERE reference = $1", engine.started[0].reference
    )
    page = await browser.get("/problem")
    assert page.status_code == 200
    assert engine.started[0].reference in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, ("name", "Γράψτε το όνομά σας")),
        ({"name": " \u200b "}, ("name", "Γράψτε το όνομά σας")),
        ({"name": "μ" * 101}, ("name", "Το όνομα μπορεί να έχει έως 100 χαρακτήρες")),
        ({"reply_to": ""}, ("reply_to", "Γράψτε το email όπου θα σας απαντήσει η υποστήριξη")),
        (
            {"reply_to": "maria@mail.example\r\nBcc: all@mail.example"},
            ("reply_to", ("Γράψτε ολόκληρη διεύθυνση email, για παράδειγμα onoma@example.com")),
        ),
        (
            {"reply_to": "a@mail.example, b@mail.example"},
            ("reply_to", ("Γράψτε ολόκληρη διεύθυνση email, για παράδειγμα onoma@example.com")),
        ),
        ({"text": "\x00\n"}, ("text", "Περιγράψτε το πρόβλημα")),
        ({"text": "x" * 2001}, ("text", "Το κείμενο μπορεί να έχει έως 2000 χαρακτήρες")),
    ],
)
async def test_what_cannot_be_answered_is_told_at_its_field_and_kept_on_the_page(
    browser: Browser, engine: MemoryEngine, typed: dict[str, str], said: tuple[str, str]
) -> None:
    await browser.get("/problem")
    response = await browser.post("/problem", **ASKED | typed)
    assert errors(response) == [said]
    assert f'id="{said[0]}"' in response.text
    assert ("Ευχαριστώ" in response.text) is ("text" not in typed)
    assert engine.asked_for_help == []


async def test_a_request_without_our_form_is_refused(
    browser: Browser, engine: MemoryEngine
) -> None:
    await browser.get("/problem")
    browser.hidden.pop("csrf")
    assert (await browser.post("/problem", **ASKED)).status_code == 403
    assert engine.asked_for_help == []


async def test_one_browser_may_ask_five_times_an_hour(
    browser: Browser, engine: MemoryEngine
) -> None:
    for number in range(7):
        await browser.get("/problem")
        response = await browser.post("/problem", **ASKED | {"text": f"help {number}"})
        if response.status_code != 303:
            break
    assert response.status_code == 429
    assert number == 5
    assert len(engine.asked_for_help) == 5


async def test_one_address_may_not_ask_without_end(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    limits = settings.limits.model_copy(update={"help_per_address": 0})
    browser = Browser(make_app(settings.model_copy(update={"limits": limits})))
    await browser.get("/problem")
    assert (await browser.post("/problem", **ASKED)).status_code == 429
    assert engine.asked_for_help == []


async def test_what_could_not_be_handed_on_is_kept_for_the_outbox(
    browser: Browser,
    engine: MemoryEngine,
    pool: Pool,
) -> None:
    await browser.give_contact()
    reference = engine.started[0].reference
    await browser.get("/problem")
    engine.away = TemporalUnavailable()
    response = await browser.post("/problem", **ASKED)
    assert (response.status_code, response.headers["location"]) == (303, "/problem?sent")
    assert engine.asked_for_help == []
    row = await pool.fetchrow(
        "UPDATE support_request SET created_at = now() - interval '61 seconds'"
        " WHERE reference = $1 RETURNING id, step",
        reference,
    )
    assert row
    assert row["step"] is None

    assert row["id"] in await support_requests.left_behind(pool)


async def test_the_institutions_own_service_desk_is_named_where_something_fails(
    make_app: Callable[[Settings], FastAPI], settings: Settings, engine: MemoryEngine
) -> None:
    for url in ("https://desk.uni.example/new", ""):
        place = settings.institution.model_copy(update={"service_desk_url": url})
        student = Browser(make_app(settings.model_copy(update={"institution": place})))
        await student.give_contact()
        pages = [await student.get("/problem")]
        engine.away = ValueError("a bug")
        pages += [await student.get(path) for path in ("/pin", "/nowhere", "/help")]
        engine.away = None
        assert [page.status_code for page in pages] == [200, 500, 404, 200]
        for page in pages:
            assert (f'href="{url}"' in page.text) == bool(url)
            assert ("υπηρεσία τεχνικής υποστήριξης" in page.text) == bool(url)
        assert 'action="/problem"' in pages[0].text
        assert "Αναφέρετε εκεί τον αριθμό αναφοράς" in pages[1].text or not url
