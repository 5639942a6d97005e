"""The pages only some students meet: the question, other countries, wrong details, suggestions."""

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from domain.contracts.submissions import (
    DisputeSubmission,
    IdentitySubmission,
    InsuranceSubmission,
    PasswordSubmission,
    WithdrawSubmission,
)
from domain.contracts.views import IdentifyView, Verdict
from domain.contracts.vocabulary import Detail, Question, Step, WaitReason
from ledger import passwords
from postgres import Pool
from security import sealing
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import ASKED, MemoryEngine, at
from tests.starter.portal.test_pages import INSURANCE, PASSWORD, PROVISIONING, REVIEW, errors, put
from web import countries

IDENTIFY = at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
DISPUTED = at(Step.REVIEW, WaitReason.DATA_DISPUTED)


# --- the question --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "told", "answers"),
    [
        (
            Question.BIRTH_DATE,
            ["Ποια είναι η ημερομηνία γέννησής σας;", 'autocomplete="bday"'],
            ("３１/12/2007", "2007-12-31"),
        ),
        (
            Question.INSURANCE_LAST_FOUR,
            ["Ποια είναι τα τέσσερα τελευταία ψηφία του Α.Μ.Κ.Α. σας;", "ψηφία ή γράμματά του"],
            ("00 13", "0013"),
        ),
        (
            Question.INSURANCE_LAST_FOUR,
            ["αριθμό ασφάλισης άλλης χώρας", 'autocapitalize="characters"'],
            ("56 2s", "562S"),
        ),
        (
            Question.STUDENT_NUMBER,
            ["Ποιος είναι ο αριθμός μητρώου σας;", 'autocapitalize="characters"'],
            ("2026-123", "2026123"),
        ),
    ],
)
async def test_each_question_is_asked_in_words_and_without_a_name(
    student: Browser,
    engine: MemoryEngine,
    question: Question,
    told: list[str],
    answers: tuple[str, str],
) -> None:
    view = IdentifyView(question=question, tries_left=3)
    put(engine, at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY, identify=view))
    page = (await student.get("/identify")).text
    assert [text for text in told if text not in page] == []
    assert "Παπαδοπούλου" not in page
    assert "Βήμα 3<" in page
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    assert (await student.post("/identify", answer=answers[0])).headers["location"] == "/review"
    name, submission = engine.submitted[0]
    assert isinstance(submission, IdentitySubmission)
    assert (name, submission.answer) == ("identify", answers[1])


async def test_who_alone_has_the_contact_is_not_told_that_others_have_it(
    student: Browser, engine: MemoryEngine
) -> None:
    view = IdentifyView(question=Question.BIRTH_DATE, tries_left=3, shared=False)
    put(engine, at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY, identify=view))
    page = (await student.get("/identify")).text
    assert "περισσότεροι" not in page
    assert "παλαιότερα σε άλλο πρόσωπο" in page


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.LOCKED])
async def test_a_wrong_answer_tells_the_tries_left_and_the_last_leads_to_support(
    student: Browser, engine: MemoryEngine, verdict: Verdict
) -> None:
    put(engine, IDENTIFY)
    await student.get("/identify")
    one_left = at(
        Step.IDENTIFY,
        WaitReason.WAITING_IDENTITY,
        identify=ASKED.model_copy(update={"tries_left": 1}),
    )
    engine.next = [(Verdict.WRONG, one_left)]
    wrong = await student.post("/identify", answer="1.1.2007")
    assert errors(wrong) == ["Δεν είναι αυτό που έχει η Γραμματεία. Απομένει 1 προσπάθεια"]
    opens_at = datetime.now(UTC) + timedelta(hours=5)
    spent = at(Step.NEEDS_SUPPORT, WaitReason.WAITING_IDENTITY, next_try_at=opens_at)
    engine.next = [(verdict, spent)]
    last = await student.post("/identify", answer="2.1.2007")
    assert last.headers["location"] == "/progress"
    page = (await student.get("/progress")).text
    assert "απαντήσεις που δόθηκαν για αυτό το κινητό ή email δεν ταιριάζουν" in page
    assert "Μπορείτε να απαντήσετε ξανά και χωρίς την υποστήριξη από τις" in page


async def test_the_question_waits_for_a_worker(
    student: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await proved(pool, student)
    put(engine, IDENTIFY)
    engine.worker = False
    assert (await student.get("/identify")).headers["location"] == "/progress"


async def test_the_steps_count_those_this_student_meets(
    student: Browser, engine: MemoryEngine
) -> None:
    for insured, asked, told in (
        (False, None, "Βήμα 4 από 5"),
        (True, None, "Βήμα 3 από 4"),
        (False, ASKED, "Βήμα 5 από 6"),
        (True, ASKED, "Βήμα 4 από 5"),
    ):
        more = {"needs_insurance": not insured, "identify": asked}
        put(engine, at(Step.REVIEW, WaitReason.WAITING_CONSENT, **more))
        assert told in (await student.get("/review")).text


# --- numbers of other countries ------------------------------------------------------------------


async def test_the_list_has_the_card_and_cyprus_first_and_the_rest_in_greek_order(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, INSURANCE)
    assert (
        '<a class="govuk-link" href="/insurance/other">Θέλω να χρησιμοποιήσω αριθμό ασφάλισης '
        "άλλης χώρας (ή Ευρωπαϊκή κάρτα Ασφάλισης)</a>"
    ) in (await student.get("/insurance")).text
    page = (await student.get("/insurance/other")).text
    options = re.findall(r'<option value="(\w*)"[^>]*>([^<]+)</option>', page)
    assert options[:4] == [
        ("", "Επιλέξτε"),
        ("EHIC", "Ευρωπαϊκή κάρτα Ασφάλισης"),
        ("CY", "Κύπρος"),
        ("SH", "Αγία Ελένη"),
    ]
    names = [name for _, name in options]
    assert names.index("Άγιος Μαρίνος") < names.index("Αίγυπτος") < names.index("Αιθιοπία")
    assert len(options) == len({value for value, _ in options}) == len(countries.CODES) + 2


@pytest.mark.parametrize(
    ("scheme", "typed", "read"),
    [
        ("CY", "ＡΒ 123456", ("AB123456", ())),
        ("EHIC", "8038 0000 9000 9051 0553", ("80380000900090510553", ())),
        ("EHIC", "1234567809", ("1234567809", ("ehic.unusual",))),
        ("IT", "RSSMRA85T10A562T", ("RSSMRA85T10A562T", ("foreign.checksum",))),
    ],
)
async def test_a_number_of_another_country_travels_with_its_warnings(
    student: Browser,
    engine: MemoryEngine,
    scheme: str,
    typed: str,
    read: tuple[str, tuple[str, ...]],
) -> None:
    put(engine, INSURANCE)
    await student.get("/insurance/other")
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    response = await student.post("/insurance/other", scheme=scheme, number=typed)
    assert response.headers["location"] == "/review"
    name, submission = engine.submitted[0]
    assert isinstance(submission, InsuranceSubmission)
    assert name == "submit_insurance"
    assert submission.scheme == scheme
    assert (submission.number, submission.warnings) == read


async def test_greece_leads_back_to_the_amka(student: Browser, engine: MemoryEngine) -> None:
    put(engine, INSURANCE)
    await student.get("/insurance/other")
    response = await student.post("/insurance/other", scheme="GR", number="")
    assert response.headers["location"] == "/insurance"
    assert engine.submitted == []


async def test_a_country_stays_chosen_and_its_number_is_not_shown_again(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, INSURANCE)
    await student.get("/insurance/other")
    response = await student.post("/insurance/other", scheme="CY", number="ab?")
    assert errors(response) == ["Ο αριθμός έχει 6 έως 30 λατινικά γράμματα και ψηφία"]
    assert re.search(r'<option value="CY"\s+selected', response.text)
    assert "ab?" not in response.text


async def test_a_number_of_another_person_goes_to_support_without_a_word_about_them(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, INSURANCE)
    await student.get("/insurance/other")
    engine.next = [
        (Verdict.ACCEPTED, at(Step.NEEDS_SUPPORT, WaitReason.INSURANCE_CONFLICT)),
    ]
    response = await student.post("/insurance/other", scheme="CY", number="00123457")
    assert response.headers["location"] == "/progress"
    page = (await student.get("/progress")).text
    assert "Η υποστήριξη πρέπει να ελέγξει τον αριθμό ασφάλισής σας" in page
    assert "123456" not in page


# --- wrong details -------------------------------------------------------------------------------


async def test_what_is_wrong_is_told_and_can_be_taken_back(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    assert 'href="/review/wrong"' in (await student.get("/review")).text
    page = (await student.get("/review/wrong")).text
    assert page.count('name="wrong"') == len(Detail)
    assert " checked" not in page
    engine.next = [(Verdict.ACCEPTED, DISPUTED)]
    response = await student.http.post(
        "/review",
        data=student.hidden
        | {"decision": "dispute", "wrong": ["department", "name"], "note": " Με\r\nγκ\x07 "},
    )
    assert response.headers["location"] == "/review"
    name, dispute = engine.submitted[0]
    assert isinstance(dispute, DisputeSubmission)
    assert (name, dispute.wrong) == ("dispute", (Detail.NAME, Detail.DEPARTMENT))
    assert dispute.note == "Με\nγκ"
    waiting = (await student.get("/review")).text
    assert "Τα στοιχεία σας διορθώνονται" in waiting
    assert "Μπορείτε να κλείσετε τη σελίδα" in waiting
    assert engine.started[0].reference in waiting
    assert (await student.get("/review/wrong")).headers["location"] == "/review"
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    assert (await student.post("/review", decision="withdraw")).headers["location"] == "/review"
    name, withdrawn = engine.submitted[1]
    assert isinstance(withdrawn, WithdrawSubmission)
    assert name == "withdraw"
    assert "Έλεγχος στοιχείων" in (await student.get("/review")).text


async def test_a_dispute_about_nothing_is_asked_again_with_its_note(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    await student.get("/review/wrong")
    response = await student.post("/review", decision="dispute", note="Λάθος & <b>")
    assert errors(response) == ["Επιλέξτε ποια από τα στοιχεία είναι λανθασμένα"]
    assert "Λάθος &amp; &lt;b&gt;</textarea>" in response.text
    assert engine.submitted == []


# --- suggested passwords -------------------------------------------------------------------------


def suggested(page: str) -> list[str]:
    found = re.findall(r'for="suggestion[-\d]*">\s*([^<]+?)\s*</label>', page)
    return [html.unescape(text) for text in found]


async def test_a_suggestion_is_taken_by_its_number(
    student: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    put(engine, PASSWORD)
    offered = suggested((await student.get("/password")).text)
    assert len(set(offered)) == 3
    hidden = dict(student.hidden)
    other = suggested((await student.get("/password")).text)
    assert not set(offered) & set(other)
    # The page that was opened first still stands for what it showed.
    student.hidden = hidden
    engine.next = [(Verdict.ACCEPTED, PROVISIONING)]
    response = await student.post("/password", suggestion="2")
    assert response.headers["location"] == "/progress"
    submission = engine.submitted[0][1]
    assert isinstance(submission, PasswordSubmission)
    reference = engine.started[0].reference
    sealed = await passwords.get(pool, reference=reference, sealed_id=submission.sealed_id)
    assert sealed
    assert sealing.unseal(stack.keys, reference, sealed) == offered[1].encode()
    student.hidden = hidden
    again = await student.post("/password", suggestion="2")
    assert again.headers["location"] == "/progress"
    assert len(engine.submitted) == 1


async def test_a_mistake_changes_no_suggestion(student: Browser, engine: MemoryEngine) -> None:
    put(engine, PASSWORD)
    offered = suggested((await student.get("/password")).text)
    for wrong in ({"password": "short"}, {"suggestion": "9"}):
        assert suggested((await student.post("/password", **wrong)).text) == offered
    assert not set(offered) & set(suggested((await student.get("/password")).text))


async def test_what_another_browser_was_offered_is_nobody_elses(
    student: Browser, engine: MemoryEngine, app: FastAPI
) -> None:
    put(engine, PASSWORD)
    await student.get("/password")
    shown = student.hidden["form"]
    engine.first = PASSWORD
    stranger = Browser(app)
    await stranger.begin()
    await stranger.post("/contact", mobile="6987654321", email="")
    await stranger.get("/password")
    response = await stranger.post("/password", form=shown, suggestion="1")
    assert errors(response) == [
        (
            "Επιλέξτε έναν από τους παρακάτω προτεινόμενους κωδικούς πρόσβασης. Οι"
            " παλαιότεροι δεν ισχύουν πια"
        )
    ]


# --- ends and waits ------------------------------------------------------------------------------


async def test_a_look_up_that_waits_lets_the_contact_be_changed(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, at(Step.LOOKUP, WaitReason.REGISTRAR_DOWN))
    page = (await student.get("/progress")).text
    assert "Το μητρώο της Γραμματείας δεν απαντά" in page
    assert '<a class="govuk-link" href="/contact">' in page
    assert (await student.get("/contact")).status_code == 200


async def test_every_end_has_words_of_its_own(student: Browser, engine: MemoryEngine) -> None:
    for step, told in (
        (Step.EXPIRED, "Πέρασε ο χρόνος για το επόμενο βήμα"),
        (Step.CANCELLED, "Την ακύρωσε η υποστήριξη"),
        (Step.ALREADY_ACTIVE, "Ο λογαριασμός σας είναι ήδη ενεργός"),
    ):
        put(engine, at(step))
        page = (await student.get("/ended")).text
        assert told in page
        assert engine.started[0].reference in page


async def test_who_is_active_already_reads_the_username_and_where_to_reset(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, at(Step.ALREADY_ACTIVE))
    page = (await student.get("/ended")).text
    assert "mpapadopoulou" in page
    assert 'href="https://password.university.example"' in page


async def test_without_an_address_to_reset_support_is_named(
    make_app: object, settings: Settings, engine: MemoryEngine
) -> None:
    assert callable(make_app)
    institution = settings.institution.model_copy(update={"password_reset_url": ""})
    browser = Browser(make_app(settings.model_copy(update={"institution": institution})))
    await browser.give_contact()
    for step, path in ((Step.ALREADY_ACTIVE, "/ended"), (Step.ACTIVE, "/done")):
        put(engine, at(step))
        assert "mailto:support@university.example?subject=" in (await browser.get(path)).text


async def test_a_lock_says_until_when_and_leaves_no_form_to_try(
    student: Browser, engine: MemoryEngine
) -> None:
    until = datetime.now(UTC) + timedelta(minutes=59)
    view = at(Step.PIN).pin
    assert view
    locked = view.model_copy(update={"locked_until": until})
    put(engine, at(Step.PIN, WaitReason.PIN_LOCKED, pin=locked))
    page = (await student.get("/pin")).text
    assert '<h1 class="govuk-heading-xl">Πάρα πολλές λανθασμένες προσπάθειες</h1>' in page
    whole = until + timedelta(minutes=1) - timedelta.resolution
    assert whole.astimezone(ZoneInfo("Europe/Athens")).strftime("%H:%M") in page
    assert 'name="pin"' not in page
    engine.next = [(Verdict.LOCKED, at(Step.PIN, WaitReason.PIN_LOCKED, pin=locked))]
    assert errors(await student.post("/pin", pin="123456"))
