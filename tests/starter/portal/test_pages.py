"""The student's path page by page: where each answer leads, and what bad input gets."""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from domain import consent
from domain.contracts.channels import Channel
from domain.contracts.submissions import (
    ConsentSubmission,
    InsuranceSubmission,
    PasswordSubmission,
    PinSubmission,
    ResendRequest,
)
from domain.contracts.views import InsuranceView, Progress, Verdict
from domain.contracts.vocabulary import Choice, Language, Step, WaitReason
from domain.passwords import judge
from domain.rules import InputRule
from ledger import passwords
from postgres import Pool
from security import sealing
from settings import Settings
from starter import pages
from starter.client.activations import ActivationEnded
from starter.client.connect import TemporalUnavailable
from starter.wording import Wording
from tests.channels import more_channels, third_channel
from tests.people import MARIA
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import SHOWN, MemoryEngine, at
from web import view
from workflows.steps import ENDS

INSURANCE = at(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
REVIEW = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
PASSWORD = at(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
PROVISIONING = at(Step.PROVISIONING)
BAD = {"password": "aaaaaaaaaaaaaaaa"}
GOOD = "vrasto-kerasi-plateia-9"


clock = partial(view.clock, language=Language.EL, zone=ZoneInfo("Europe/Athens"))


def put(engine: MemoryEngine, progress: Progress) -> None:
    engine.put(engine.started[0].reference, progress)


def errors(response: httpx.Response) -> list[str]:
    """Return the texts of the error summary, each of which must lead to something on the page."""
    assert response.status_code == 422
    found = re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', response.text)
    for field, _ in found:
        assert f'id="{field}"' in response.text
    assert "<title>Σφάλμα: " in response.text
    return [text for _, text in found]


async def test_the_whole_path_leads_from_page_to_page(
    browser: Browser, engine: MemoryEngine
) -> None:
    assert (await browser.give_contact()).headers["location"] == "/pin"
    for path, fields, after, leads in (
        ("/pin", {"pin": "１２３ 456"}, INSURANCE, "/insurance"),
        ("/insurance", {"number": "010105 00013"}, REVIEW, "/review"),
        ("/review", {"decision": "agree", "choice": "recovery_email"}, PASSWORD, "/password"),
        ("/password", {"password": GOOD}, at(Step.ACTIVE), "/done"),
    ):
        assert (await browser.get(path)).status_code == 200
        engine.next = [(Verdict.ACCEPTED, after)]
        response = await browser.post(path, **fields)
        assert (response.status_code, response.headers["location"]) == (303, leads)
    for _ in range(2):
        done = await browser.get("/done")
        assert 'id="username" class="app-code app-username app-username--medium"' in done.text
        assert "mpapadopoulou@" in done.text
        assert GOOD not in done.text
    pin, insurance, consent, password = (submission for _, submission in engine.submitted)
    assert isinstance(pin, PinSubmission)
    assert pin.pin == "123456"
    assert isinstance(insurance, InsuranceSubmission)
    assert (insurance.scheme, insurance.number) == ("GR", "01010500013")
    assert isinstance(consent, ConsentSubmission)
    assert (consent.shown_hash, consent.choices) == (SHOWN.shown_hash, (Choice.RECOVERY_EMAIL,))
    assert isinstance(password, PasswordSubmission)
    assert [name for name, _ in engine.submitted] == [
        "submit_pin",
        "submit_insurance",
        "give_consent",
        "submit_password",
    ]


async def test_a_double_click_on_the_contact_form_starts_one_activation(
    browser: Browser, engine: MemoryEngine
) -> None:
    await browser.begin()
    hidden = dict(browser.hidden)
    for _ in range(2):
        browser.hidden = dict(hidden)
        response = await browser.post("/contact", mobile="6912345678", email="")
        assert response.headers["location"] == "/pin"
    assert len(engine.started) == 1
    assert engine.started[0].mobile == "+306912345678"
    assert re.fullmatch(r"A-[0-9A-Z]{4}-[0-9A-Z]{4}", engine.started[0].reference)


_OWN = (
    "Αυτή είναι διεύθυνση του ιδρύματος, που διαβάζεται μόνο όταν ο λογαριασμός είναι ενεργός."
    " Γράψτε το κινητό σας ή άλλο email που έχει η Γραμματεία. Αν δεν έχει κανένα από τα δύο,"
    " ζητήστε της να καταχωρίσει ένα"
)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, ["Γράψτε το κινητό ή το email σας"]),
        ({"mobile": " ", "email": " "}, ["Γράψτε το κινητό ή το email σας"]),
        (
            {"mobile": "2710372128"},
            ["Ο αριθμός είναι σταθερού τηλεφώνου. Γράψτε αριθμό κινητού"],
        ),
        (
            {"mobile": "99123456"},
            ["Για αριθμό εξωτερικού ξεκινήστε με +, για παράδειγμα +357 99 123456"],
        ),
        (
            {"email": "μαρία@gmail.com"},
            [("Το email έχει ελληνικά γράμματα. Αλλάξτε τη γλώσσα του πληκτρολογίου σε αγγλικά")],
        ),
        ({"email": "st1@university.example"}, [_OWN]),
        ({"mobile": "6912345678", "email": "ST1@mail.University.Example"}, [_OWN]),
        (
            {"mobile": "69", "email": "maria"},
            [
                "Γράψτε ολόκληρο αριθμό κινητού, για παράδειγμα 691 234 5678",
                "Γράψτε ολόκληρη διεύθυνση email, για παράδειγμα onoma@example.com",
            ],
        ),
    ],
)
async def test_a_contact_that_cannot_be_one_gets_its_own_words(
    browser: Browser, engine: MemoryEngine, typed: dict[str, str], said: list[str]
) -> None:
    await browser.begin()
    response = await browser.post("/contact", **typed)
    assert errors(response) == said
    for value in typed.values():
        assert f'value="{value}"' in response.text or not value.strip()
    assert engine.started == []


async def test_nobody_found_is_told_on_the_contact_page_as_long_as_it_stands(
    browser: Browser, engine: MemoryEngine
) -> None:
    engine.first = at(Step.NOT_FOUND)
    told = await browser.give_contact()
    assert errors(told) == ["Δεν βρέθηκε χρήστης με τα στοιχεία αυτά"]
    assert 'value="6912345678"' in told.text
    page = (await browser.get("/contact")).text
    assert "Δεν βρέθηκε χρήστης με τα στοιχεία αυτά" in page
    assert "24 ώρες" in page
    engine.first = at(Step.PIN, WaitReason.WAITING_PIN)
    response = await browser.post("/contact", mobile="6987654321", email="")
    assert response.headers["location"] == "/pin"


async def test_a_registrar_that_is_down_is_not_nobody_found(
    browser: Browser, engine: MemoryEngine
) -> None:
    engine.first = at(Step.LOOKUP, WaitReason.REGISTRAR_DOWN)
    assert (await browser.give_contact()).headers["location"] == "/progress"
    page = (await browser.get("/progress")).text
    assert "Το μητρώο της Γραμματείας δεν απαντά" in page
    assert "Δεν βρέθηκε" not in page


async def test_many_look_ups_from_one_network_have_to_wait(
    browser: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    bucket = f"misses:{stack.keys.index('address', '127.0.0.1/32')}"
    await pool.execute(
        "INSERT INTO budget (bucket, window_start, ends_at, used)"
        " VALUES ($1, now(), now() + interval '10 minutes', 2000000)",
        bucket,
    )
    response = await browser.give_contact()
    await pool.execute("DELETE FROM budget WHERE bucket = $1", bucket)
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert "Πάρα πολλές προσπάθειες από το δίκτυό σας" in response.text
    assert re.search(r"Δοκιμάστε ξανά μετά τις (.*, )?\d\d:\d\d", response.text)
    assert engine.started == []


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567"])
async def test_what_is_no_pin_costs_no_try(
    student: Browser, engine: MemoryEngine, typed: str
) -> None:
    await student.get("/pin")
    assert errors(await student.post("/pin", pin=typed)) == [
        ("Γράψτε τα έξι ψηφία του κωδικού (pin)")
    ]
    assert engine.submitted == []


async def test_wrong_expired_and_locked_are_three_answers(
    student: Browser, engine: MemoryEngine
) -> None:
    view = at(Step.PIN).pin
    assert view
    one_left = view.model_copy(update={"tries_left": 1})
    locked = view.model_copy(update={"locked_until": datetime.now(UTC) + timedelta(hours=1)})
    said = []
    for verdict, pin in (
        (Verdict.WRONG, one_left),
        (Verdict.EXPIRED, view),
        (Verdict.LOCKED, locked),
    ):
        engine.next = [(verdict, at(Step.PIN, WaitReason.WAITING_PIN, pin=pin))]
        put(engine, at(Step.PIN, WaitReason.WAITING_PIN))
        await student.get("/pin")
        response = await student.post("/pin", pin="123456")
        assert response.status_code == 422
        said += re.findall(r'<a href="#pin">([^<]+)</a>', response.text)
        assert "123456" not in response.text
    assert said[:2] == [
        "Ο εξαψήφιος κωδικός (pin) δεν είναι σωστός. Απομένει 1 προσπάθεια",
        "Ο εξαψήφιος κωδικός (pin) έληξε. Ζητήστε νέο",
    ]
    assert said[2].startswith("Πάρα πολλές λανθασμένες προσπάθειες. Δοκιμάστε ξανά στις ")


async def test_the_pin_page_tells_where_the_code_went_and_its_mark(
    student: Browser, engine: MemoryEngine
) -> None:
    page = (await student.get("/pin")).text
    reference = engine.started[0].reference
    assert "+30 •••••••78" in page
    assert f'nowrap">{reference[:6]}</span>' in page
    assert 'inputmode="numeric"' in page
    assert 'autocomplete="one-time-code"' in page
    assert 'href="/contact"' in page


async def test_a_new_message_by_either_channel(student: Browser, engine: MemoryEngine) -> None:
    await student.get("/pin")
    response = await student.post("/pin/resend", channel="email")
    assert response.headers["location"] == "/pin?sent"
    name, request = engine.submitted[0]
    assert name == "resend_pin"
    assert isinstance(request, ResendRequest)
    assert request.channel is Channel.EMAIL
    assert (
        "Χρησιμοποιήστε τον εξαψήφιο κωδικό (pin) του πιο πρόσφατου"
        in (await student.get("/pin?sent")).text
    )
    engine.next = [(Verdict.TOO_SOON, None)]
    refused = await student.post("/pin/resend", channel="sms")
    assert errors(refused)[0].startswith("Μπορείτε να ζητήσετε νέο μήνυμα μετά τις ")
    assert (await student.post("/pin/resend", channel="fax")).headers["location"] == "/pin"


async def test_an_activation_is_started_with_every_channel(
    browser: Browser, engine: MemoryEngine
) -> None:
    with more_channels():
        third = third_channel().FOLDER
        await browser.give_contact()
        assert engine.started[0].channels == (Channel.SMS, Channel.EMAIL, third)


async def test_a_new_message_by_a_channel_that_has_no_words_of_its_own(
    student: Browser, engine: MemoryEngine
) -> None:
    with more_channels():
        third = third_channel().FOLDER
        reference = engine.started[0].reference
        pin = at(Step.PIN).pin
        assert pin is not None
        shown = pin.model_copy(update={"channel": third, "other_channels": (Channel.SMS,)})
        engine.activations[reference] = at(Step.PIN, reference=reference, pin=shown)
        page = (await student.get("/pin")).text
        assert "Στείλαμε εξαψήφιο κωδικό (pin) με Folder στο κινητό σας" in page
        assert "Αποστολή με SMS στο κινητό μου" in page
        response = await student.post("/pin/resend", channel="folder")
        assert response.headers["location"] == "/pin?sent"
        _, request = engine.submitted[0]
        assert isinstance(request, ResendRequest)
        assert request.channel is third


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Ο Α.Μ.Κ.Α. έχει 11 ψηφία"),
        ("0101050001", "Ο Α.Μ.Κ.Α. έχει 11 ψηφία"),
        ("01010500014", "Ο Α.Μ.Κ.Α. δεν είναι σωστός. Ελέγξτε τα ψηφία"),
    ],
)
async def test_a_wrong_amka_is_told_and_not_shown_again(
    student: Browser, engine: MemoryEngine, typed: str, said: str
) -> None:
    put(engine, INSURANCE)
    await student.get("/insurance")
    response = await student.post("/insurance", number=typed)
    assert errors(response) == [said]
    assert not typed or typed not in response.text
    assert engine.submitted == []


async def test_the_review_shows_the_details_with_nothing_ticked(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    page = (await student.get("/review")).text
    for shown in ("Μαρία Παπαδοπούλου", "Maria Papadopoulou", "2026001", "mpapadopoulou"):
        assert shown in page
    assert page.count('type="checkbox"') == len(Choice)
    assert " checked" not in page
    assert "Βήμα 4 από 5" in page


async def test_the_review_marks_what_changed_since_it_was_shown_and_nothing_else(
    student: Browser, engine: MemoryEngine
) -> None:
    assert REVIEW.review
    first, *_ = MARIA.enrolments
    moved = {"department_el": "Νοσηλευτική", "department_en": "Nursing"}
    newest = MARIA.model_copy(
        update={
            "last_name_el": "Παππά",
            "email": None,
            "enrolments": (first.model_copy(update=moved),),
        }
    )
    shown = consent.review(newest, "mpappa", "1")
    put(engine, REVIEW.model_copy(update={"review": shown, "review_before": REVIEW.review}))
    page = (await student.get("/review")).text
    assert "Κάποια στοιχεία άλλαξαν από την τελευταία φορά" in page
    before = [text.strip() for text in re.findall(r"Πριν: ([^<\n]+)", page)]
    email, department = REVIEW.review.email, REVIEW.review.studies[0].department_el
    assert before == [email, REVIEW.review.name_el, department, REVIEW.review.username]
    # Contacts come first, and what is not on file now is said to be so.
    assert page.index("+30 •••••••78") < page.index("Δεν υπάρχει καταχωρισμένο")
    assert page.index("Δεν υπάρχει καταχωρισμένο") < page.index("Μαρία Παππά")
    # One enrolment fewer.
    fewer = REVIEW.review.model_copy(update={"studies": (), "shown_hash": "0" * 64})
    put(engine, REVIEW.model_copy(update={"review": fewer, "review_before": REVIEW.review}))
    assert f"Πριν: {department}, 2026001" in (await student.get("/review")).text
    put(engine, REVIEW)
    assert "Άλλαξε" not in (await student.get("/review")).text


ABSENT = "Δεν υπάρχει καταχωρισμένο"


async def test_studies_in_another_order_are_not_marked_and_an_added_one_alone_is(
    student: Browser, engine: MemoryEngine
) -> None:
    assert REVIEW.review
    (first,) = REVIEW.review.studies
    number = {"student_number": "2026002", "department_el": "Νοσηλευτική"}
    second, third = (
        first.model_copy(update=number),
        first.model_copy(update=number | {"student_number": "2026003"}),
    )
    before = REVIEW.review.model_copy(update={"studies": (first, second)})
    for studies, said in (((second, first), []), ((third, second, first), [ABSENT, ABSENT])):
        shown = REVIEW.review.model_copy(update={"studies": studies})
        put(engine, REVIEW.model_copy(update={"review": shown, "review_before": before}))
        page = (await student.get("/review")).text
        assert [text.strip() for text in re.findall(r"Πριν: ([^<\n]+)", page)] == said
        assert ("Κάποια στοιχεία άλλαξαν" in page) == bool(said)
        if said:
            added = page.partition("2026003")[2].partition("</dd>")[0]
            assert "Άλλαξε" in added


async def test_a_typed_insurance_number_is_masked_and_another_can_be_given(
    student: Browser, engine: MemoryEngine
) -> None:
    typed = InsuranceView(scheme="GR", masked="•••••••13", revision=1)
    shown = consent.review(MARIA, "mpapadopoulou", "1", typed)
    put(engine, REVIEW.model_copy(update={"review": shown}))
    page = (await student.get("/review")).text
    assert "•••••••13 (Α.Μ.Κ.Α.)" in page
    assert "Δίνω άλλον αριθμό ασφάλισης" in page
    engine.next = [(Verdict.ACCEPTED, INSURANCE)]
    response = await student.post("/review/insurance")
    assert response.headers["location"] == "/insurance"
    assert [name for name, _ in engine.submitted] == ["retype_insurance"]
    put(engine, REVIEW)
    assert "Δίνω άλλον αριθμό ασφάλισης" not in (await student.get("/review")).text


async def test_consent_to_details_that_changed_is_asked_again(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    await student.get("/review")
    engine.next = [(Verdict.STALE, REVIEW)]
    response = await student.post("/review", decision="agree", choice="directory_listing")
    assert errors(response) == [
        "Τα στοιχεία σας άλλαξαν στο μεταξύ. Διαβάστε τα ξανά πριν συμφωνήσετε"
    ]
    assert re.search(r'value="directory_listing"\s+checked', response.text)


async def test_without_the_button_nothing_is_agreed(student: Browser, engine: MemoryEngine) -> None:
    put(engine, REVIEW)
    await student.get("/review")
    assert (await student.post("/review")).headers["location"] == "/review"
    assert engine.submitted == []


async def test_a_password_is_told_every_broken_rule_and_never_shown(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, PASSWORD)
    await student.get("/password")
    response = await student.post("/password", password="mpapadopoulou")
    assert errors(response) == [
        "Ο κωδικός πρόσβασης περιέχει το όνομα, το όνομα χρήστη ή κάποιον αριθμό σας",
        "Ο κωδικός πρόσβασης μαντεύεται εύκολα. Προσθέστε μία ή δύο λέξεις ακόμη",
    ]
    field = re.search(r'<input class="govuk-input[^>]*name="password"[^>]*>', response.text)
    assert field
    assert "value=" not in field[0]
    assert engine.submitted == []


TOLD = {
    InputRule.PASSWORD_SHORT: "έχει από 12 έως 128 χαρακτήρες",
    InputRule.PASSWORD_LONG: "έχει από 12 έως 128 χαρακτήρες",
    InputRule.PASSWORD_GREEK: "χωρίς ελληνικά γράμματα",
    InputRule.PASSWORD_CHARACTERS: "αποτελείται από λατινικά γράμματα, ψηφία, σύμβολα ή κενά",
    InputRule.PASSWORD_BLANK: "μην αρχίζει ούτε να τελειώνει με κενό",
    InputRule.PASSWORD_COMMON: "είναι συνηθισμένος ούτε να μαντεύεται εύκολα",
    InputRule.PASSWORD_CONTEXT: "περιέχει το όνομά σας, το όνομα χρήστη ή κάποιον αριθμό σας",
    InputRule.PASSWORD_INSTITUTION: "περιέχει το όνομα του ιδρύματος",
    InputRule.PASSWORD_WEAK: "είναι συνηθισμένος ούτε να μαντεύεται εύκολα",
}
BREAKS: dict[InputRule, list[str]] = {
    InputRule.PASSWORD_SHORT: [" ", "Kx7!qvZ#2pL"],
    InputRule.PASSWORD_LONG: ["Vrachos-kymata-77x" * 8],
    InputRule.PASSWORD_GREEK: ["Vrachos-κύματα-77x"],
    InputRule.PASSWORD_CHARACTERS: ["Vrachos-kymatá-77x", "Vrachos\tkymata-77x"],
    InputRule.PASSWORD_BLANK: [
        " Vrachos-kymata-77x",
        "Vrachos-kymata-77x ",
        "Vrachos-kymata-77\u200b",
    ],
    InputRule.PASSWORD_COMMON: ["kalimera!!2026!!11"],
    InputRule.PASSWORD_CONTEXT: [
        *("vroxi-Maria-kila-8", "vroxi-mpapadopoulou", "vroxi-6912345678-kila"),
        *("vroxi-2026001-kila", "vroxi-01010500013-kila", "vroxi +30 691 234 5678"),
    ],
    InputRule.PASSWORD_INSTITUTION: ["vroxi-Peloponnese-kila-77"],
    InputRule.PASSWORD_WEAK: ["aaaaaaaaaaaaaaaa"],
}


@pytest.mark.parametrize("rule", [rule for rule in InputRule if rule.startswith("password")])
async def test_a_password_meets_the_rules_that_the_page_tells_and_no_other(
    settings: Settings,
    engine: MemoryEngine,
    make_app: Callable[[Settings], FastAPI],
    rule: InputRule,
) -> None:
    names = {"name_en": "University of the Peloponnese", "name_el": "Πανεπιστήμιο Πελοποννήσου"}
    named = settings.institution.model_copy(update=names)
    student = Browser(make_app(settings.model_copy(update={"institution": named})))
    await student.give_contact()
    put(engine, PASSWORD)
    page = (await student.get("/password")).text
    told = re.findall(r"<li(?: data-allows[^>]*)?>([^<]+)</li>", page)
    assert len(told) == len({*TOLD.values()}) - 1  # One line has two of them.
    assert any(TOLD[rule] in line for line in told)
    for password in BREAKS[rule]:
        response = await student.post("/password", password=password)
        assert Wording(Language.EL).rule(rule) in errors(response), password
        assert not password.strip() or password.strip() not in response.text
    assert engine.submitted == []


async def test_no_request_waits_for_the_judgement_of_anothers_password(
    student: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, PASSWORD)
    await student.get("/password")
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def held(password: str, *context: Sequence[str]) -> list[InputRule]:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        return judge(password, *context)

    monkeypatch.setattr("domain.passwords.judge", held)
    judged = asyncio.create_task(student.http.post("/password", data=student.hidden | BAD))
    await begun.wait()
    assert (await student.http.get("/password")).status_code == 200
    go_on.set()
    assert errors(await judged) == [Wording(Language.EL).rule(InputRule.PASSWORD_WEAK)]


async def test_a_good_password_is_sealed_and_only_its_id_travels(
    student: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    put(engine, PASSWORD)
    await student.get("/password")
    engine.next = [(Verdict.ACCEPTED, PROVISIONING)]
    response = await student.post("/password", password=GOOD)
    assert response.headers["location"] == "/progress"
    submission = engine.submitted[0][1]
    assert isinstance(submission, PasswordSubmission)
    assert GOOD not in submission.model_dump_json()
    reference = engine.started[0].reference
    sealed = await passwords.get(pool, reference=reference, sealed_id=submission.sealed_id)
    assert sealed
    assert sealing.unseal(stack.keys, reference, sealed) == GOOD.encode()


async def test_a_password_the_directory_refused_is_asked_again_with_the_reason(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, at(Step.PASSWORD, WaitReason.WAITING_PASSWORD, password_refusal="used_before"))
    page = (await student.get("/password")).text
    assert "Ο κωδικός πρόσβασης έχει χρησιμοποιηθεί παλαιότερα. Ορίστε άλλον" in page


@pytest.mark.parametrize("step", list(Step))
async def test_every_page_out_of_order_leads_to_the_true_one(
    student: Browser, engine: MemoryEngine, step: Step
) -> None:
    reasons = {
        Step.PIN: WaitReason.WAITING_PIN,
        Step.INSURANCE: WaitReason.WAITING_INSURANCE,
        Step.REVIEW: WaitReason.WAITING_CONSENT,
        Step.PASSWORD: WaitReason.WAITING_PASSWORD,
    }
    put(engine, at(step, reasons.get(step)))
    true = pages.PATHS[step]
    for path in sorted({*pages.PATHS.values()}):
        response = await student.get(path)
        open_still = path == "/contact" and true in ("/contact", "/pin")
        open_still = open_still or (path == "/contact" and step is Step.LOOKUP)
        if path == true or open_still:
            assert response.status_code == 200
        else:
            assert (response.status_code, response.headers["location"]) == (303, true)


@pytest.mark.parametrize("step", [Step.IDENTIFY, Step.REVIEW, Step.PASSWORD, Step.PROVISIONING])
async def test_a_contact_given_after_the_proof_starts_nothing(
    student: Browser, engine: MemoryEngine, step: Step
) -> None:
    await student.get("/contact")
    started = len(engine.started)
    put(engine, at(step))

    response = await student.post("/contact", mobile="6987654321", email="")

    assert (response.status_code, len(engine.started)) == (303, started)
    assert response.headers["location"] != "/pin"


@pytest.mark.parametrize("path", ["/contact", "/pin", "/review", "/password", "/progress", "/done"])
async def test_without_a_session_every_page_leads_to_the_start(app: FastAPI, path: str) -> None:
    assert (await Browser(app).get(path)).headers["location"] == "/who"


async def test_an_answer_out_of_step_leads_to_the_true_page(
    student: Browser, engine: MemoryEngine
) -> None:
    await student.get("/pin")
    engine.next = [(Verdict.OUT_OF_STEP, REVIEW)]
    assert (await student.post("/pin", pin="123456")).headers["location"] == "/review"


async def test_who_joined_goes_on_in_the_activation_that_was_there(
    student: Browser, engine: MemoryEngine
) -> None:
    engine.put("A-0000-0001", REVIEW)
    put(engine, at(Step.JOINED, joined_to="A-0000-0001"))
    assert (await student.get("/pin")).headers["location"] == "/review"
    assert "A-0000-0001" in (await student.get("/review")).text


async def test_forms_that_need_no_data_work_without_a_worker(
    student: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    for step, path, fields in (
        (at(Step.PIN, WaitReason.WAITING_PIN), "/pin", {"pin": "123456"}),
        (INSURANCE, "/insurance", {"number": "01010500013"}),
        (PASSWORD, "/password", {"password": GOOD}),
    ):
        engine.worker = True
        put(engine, step)
        engine.worker = False
        assert (await student.get(path)).status_code == 200
        response = await student.post(path, **fields)
        assert response.headers["location"] == "/progress?received"
        assert "Το λάβαμε" in (await student.get("/progress?received")).text
    assert await pool.fetchval(
        "SELECT count(*) FROM sealed_password WHERE reference = $1", engine.started[0].reference
    )


@pytest.mark.parametrize(
    ("on_file", "offered", "alone"),
    [
        ({}, ("maria@example.org", "+306912345678"), "Αν δεν επιλέξετε εδώ κινητό ή email"),
        ({"email": None}, ("+306912345678",), "Αν δεν επιλέξετε εδώ κινητό ή email"),
        ({"mobile": None}, ("maria@example.org",), "Αν δεν επιλέξετε εδώ κινητό ή email"),
        ({"email": None, "mobile": None}, (), "Η Γραμματεία δεν έχει ούτε κινητό ούτε email"),
    ],
)
async def test_the_review_offers_to_keep_what_is_on_file_and_shows_it_masked(
    student: Browser,
    engine: MemoryEngine,
    on_file: dict[str, None],
    offered: tuple[str, ...],
    alone: str,
) -> None:
    shown = consent.review(MARIA.model_copy(update=on_file), "mpapadopoulou", "1")
    put(engine, at(Step.REVIEW, WaitReason.WAITING_CONSENT, review=shown))
    page = (await student.get("/review")).text
    values = re.findall(r'type="checkbox" value="(\w+)"', page)
    assert values == [
        *(["recovery_email"] if "maria@example.org" in offered else []),
        *(["recovery_mobile"] if "+306912345678" in offered else []),
        "directory_listing",
    ]
    assert ("m•••@e•••.org" in page) is ("maria@example.org" in offered)
    assert ("+30 •••••••78" in page) is ("+306912345678" in offered)
    assert alone in page
    assert "maria@" not in page


async def test_a_page_that_needs_data_waits_for_a_worker(
    student: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await proved(pool, student)
    put(engine, REVIEW)
    engine.worker = False
    assert (await student.get("/review")).headers["location"] == "/progress"
    assert "Ετοιμάζουμε" in (await student.get("/progress")).text
    engine.worker = True
    assert (await student.get("/progress")).headers["location"] == "/review"


async def test_an_accepted_answer_the_ledger_cannot_record_yet_shows_the_waiting_page(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    await student.get("/review")
    engine.next = [(Verdict.ACCEPTED, at(Step.REVIEW, WaitReason.LEDGER_DOWN))]
    assert (await student.post("/review", decision="agree")).headers["location"] == "/progress"
    page = (await student.get("/progress")).text
    assert "Ένα μέρος του συστήματός μας δεν απαντά" in page


async def test_a_run_that_ended_meanwhile_leads_to_its_end(
    student: Browser, engine: MemoryEngine
) -> None:
    await student.get("/pin")
    engine.away = ActivationEnded("A-0000-0000", Step.EXPIRED)
    assert (await student.post("/pin", pin="123456")).headers["location"] == "/ended"
    engine.away = None
    put(engine, at(Step.EXPIRED))
    assert "Η ενεργοποίηση έληξε" in (await student.get("/ended")).text


async def test_a_run_ended_from_outside_leads_out_of_its_last_page(
    student: Browser, engine: MemoryEngine
) -> None:
    await student.get("/pin")
    engine.away = ActivationEnded("A-0000-0000", Step.PIN)
    response = await student.post("/pin", pin="123456")
    assert response.status_code == 200
    assert "A-0000-0000" in response.text
    assert 'href="/who"' in response.text


@pytest.mark.parametrize("step", sorted(set(Step) - ENDS))
async def test_a_run_ended_from_outside_has_no_page_but_that_of_its_end(
    student: Browser, engine: MemoryEngine, step: Step
) -> None:
    put(engine, at(step))
    engine.terminated = True
    for path in {*pages.PATHS.values()} - {"/ended", "/contact"}:
        assert (await student.get(path)).headers["location"] == "/ended"
    page = (await student.get("/ended")).text
    assert "Η ενεργοποίηση ακυρώθηκε" in page
    assert 'href="/who"' in page


async def test_without_temporal_the_page_says_so(student: Browser, engine: MemoryEngine) -> None:
    engine.away = TemporalUnavailable("away")
    response = await student.get("/pin")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "30"
    assert "Η υπηρεσία δεν απαντά αυτή τη στιγμή" in response.text


async def test_progress_in_short_for_scripts(student: Browser, engine: MemoryEngine) -> None:
    put(engine, at(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN))
    response = await student.get("/progress.json")
    assert response.json() == {
        "reference": engine.started[0].reference,
        "step": "provisioning",
        "wait_reason": "DIRECTORY_DOWN",
    }


async def test_the_waiting_page_says_since_when_and_when_it_is_tried_again(
    student: Browser, engine: MemoryEngine
) -> None:
    now = datetime.now(UTC)
    since, soon = now - timedelta(hours=1), now + timedelta(seconds=30)
    put(engine, at(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN, since=since))
    engine.next_try_at = soon
    page = (await student.get("/progress")).text
    assert f"από τις {clock(since)}" in page
    assert f"Δοκιμάζουμε ξανά αυτόματα στις {clock(soon, seconds=True)}" in page
    assert "Δεν χρειάζεται να κάνετε τίποτα" in page
    assert engine.started[0].reference in page
    engine.next_try_at = now
    assert "Δοκιμάζουμε ξανά" not in (await student.get("/progress")).text


async def test_a_number_that_the_registrar_cannot_check_yet_is_not_asked_again(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, at(Step.INSURANCE, WaitReason.REGISTRAR_DOWN))
    assert (await student.get("/insurance")).headers["location"] == "/progress"
    assert "Ο αριθμός ασφάλισής σας έχει κρατηθεί" in (await student.get("/progress")).text


@pytest.mark.parametrize("reason", [None, *WaitReason])
async def test_the_waiting_page_has_words_for_every_reason(
    student: Browser, engine: MemoryEngine, reason: WaitReason | None
) -> None:
    put(engine, at(Step.PROVISIONING, reason))
    page = (await student.get("/progress")).text
    assert f'data-waiting="provisioning {reason}"' in page
    assert engine.started[0].reference in page


async def test_an_activation_that_never_began_starts_again(
    student: Browser, engine: MemoryEngine
) -> None:
    engine.activations.clear()
    assert (await student.get("/pin")).headers["location"] == "/contact"
    assert (await student.get("/contact")).status_code == 200


async def test_a_contact_of_many_is_told_as_that(browser: Browser, engine: MemoryEngine) -> None:
    engine.first = at(Step.NOT_FOUND, WaitReason.SHARED_BY_MANY)
    response = await browser.give_contact()
    again = await browser.get("/contact")
    assert (response.status_code, again.status_code) == (422, 200)
    for page in (response, again):
        assert "για πολλούς φοιτητές" in page.text
        assert "Δεν βρέθηκε" not in page.text


@pytest.mark.parametrize(
    ("username", "noted", "address"),
    [
        ("maria@university.example", None, "maria@<wbr>university.example"),
        ("maria@other.example", None, None),
        ("maria", None, "maria@<wbr>university.example"),
        ("maria", "m.p@university.example", "m.p@<wbr>university.example"),
        ("maria", "", None),
    ],
)
async def test_the_last_page_tells_an_address_that_can_be_the_accounts(
    browser: Browser,
    engine: MemoryEngine,
    username: str,
    noted: str | None,
    address: str | None,
) -> None:
    engine.first = at(Step.ACTIVE, username=username, address=noted)
    await browser.give_contact()
    page = (await browser.get("/done")).text
    assert f">{username}<" in page.replace("<wbr>", "")
    assert page.count("Ιδρυματικό email") == int(address is not None)
    assert re.findall(r"([\w.]+@<wbr>[\w.]+)</p>", page) == ([address] if address else [])
