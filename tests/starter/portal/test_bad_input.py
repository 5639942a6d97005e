"""What no form of ours sends: every field answers in words, and nothing goes any further.

Nothing is handed to the engine, and nothing that was typed is in a log.
"""

import logging
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI

from domain.contracts.submissions import ConsentSubmission
from domain.contracts.views import IdentifyView, Progress
from domain.contracts.vocabulary import Detail, Question, Step, WaitReason
from domain.text import note
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_branches import DISPUTED, IDENTIFY
from tests.starter.portal.test_pages import INSURANCE, PASSWORD, REVIEW, errors, put
from web.forms import MAX_BODY

Pairs = list[tuple[str, str]]
POSTED = (
    *("/who", "/contact", "/pin", "/pin/resend", "/identify", "/insurance", "/insurance/other"),
    *("/review", "/review/insurance", "/password"),
)

PIN = at(Step.PIN, WaitReason.WAITING_PIN)
CONTACT = at(Step.NOT_FOUND)
LONG = "7" * 4000
CHINESE = "\u4e2d\u6587"
# Digits of other scripts are read as digits, and these are too few for anything.
FULL_WIDTH = "\uff11\uff12\uff13"
ARABIC = "\u0667\u0668\u0669"
# Characters nobody sees are taken away, and nothing is left.
INVISIBLE = "\u200b\u2060"
MARK = "Zorbas8817"
"""In every value: what was typed must not be found in a log."""


def asked(question: Question) -> Progress:
    view = IdentifyView(question=question, tries_left=3)
    return at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY, identify=view)


FORMS: dict[str, tuple[Progress, str, Pairs]] = {
    "mobile": (CONTACT, "/contact", []),
    "email": (CONTACT, "/contact", []),
    "pin": (PIN, "/pin", []),
    "answer": (IDENTIFY, "/identify", []),
    "number": (INSURANCE, "/insurance", []),
    "scheme": (INSURANCE, "/insurance/other", [("number", "AB123456")]),
    "choice": (REVIEW, "/review", [("decision", "agree"), ("shown_hash", "0" * 64)]),
    "wrong": (REVIEW, "/review", [("decision", "dispute")]),
    "password": (PASSWORD, "/password", []),
    "suggestion": (PASSWORD, "/password", []),
}
"""Each field of the contract: where it stands, its page, and what else its form carries."""

BAD = (
    "",
    "   ",
    LONG,
    "αβγ",
    CHINESE,
    FULL_WIDTH,
    ARABIC,
    INVISIBLE,
    f"<b>{MARK}</b>",
    f"' OR 1=1 --{MARK}",
    f"\0{MARK}",
    f"{MARK}\r\nBcc: x@y.example",
)
# Whoever likes markup or SQL as a password may have it.
BAD_PASSWORDS = tuple(value for value in BAD if "<" not in value and "'" not in value)


async def send(browser: Browser, path: str, fields: Pairs) -> httpx.Response:
    """Post the fields as they are, repeated ones included, in a form the page has shown."""
    await browser.get(path)
    given = [(name, value) for name, value in browser.hidden.items() if name != "shown_hash"]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return await browser.http.post(path, content=urlencode([*given, *fields]), headers=kind)


def quiet(log: pytest.LogCaptureFixture, printed: pytest.CaptureFixture[str]) -> bool:
    """Tell whether neither the log nor the screen, where structlog writes, shows a value."""
    said = [record.getMessage() for record in log.records] + list(printed.readouterr())
    return not any(MARK in text or LONG[:20] in text for text in said)


@pytest.mark.few(5)
@pytest.mark.parametrize("field", FORMS)
async def test_a_value_that_cannot_be_is_told_at_its_field(
    student: Browser,
    engine: MemoryEngine,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    field: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    step, path, others = FORMS[field]
    put(engine, step)
    for value in BAD_PASSWORDS if field == "password" else BAD:
        response = await send(student, path, [*others, (field, value)])
        assert errors(response), value
        at_field = "mobile" if field == "email" and not note(value) else field
        assert f'href="#{at_field}"' in response.text, value
        assert quiet(caplog, capsys), value
    assert not engine.submitted
    assert len(engine.started) == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("mobile", ("6912345678", "6987654321")),
        ("email", ("a@b.example", "c@d.example")),
        ("pin", ("123456", "654321")),
        ("answer", ("31 12 2007", "30 12 2007")),
        ("number", ("01010500013", "01010500013")),
        ("scheme", ("CY", "IT")),
        ("wrong", ("name", "fax")),
        ("password", ("vrasto-kerasi-plateia-9", "vrasto-kerasi-plateia-8")),
        ("suggestion", ("1", "2")),
    ],
)
async def test_a_field_given_twice_or_as_a_list_is_not_taken(
    student: Browser, engine: MemoryEngine, field: str, values: tuple[str, str]
) -> None:
    step, path, others = FORMS[field]
    put(engine, step)
    for names in ((field, field), (f"{field}[]", f"{field}[]"), (f"{field}[0]", f"{field}[1]")):
        response = await send(student, path, [*others, *zip(names, values, strict=True)])
        assert errors(response), names
    assert not engine.submitted
    assert len(engine.started) == 1


async def test_a_suggestion_that_was_never_offered(student: Browser, engine: MemoryEngine) -> None:
    put(engine, PASSWORD)
    choose = "Επιλέξτε έναν από τους παρακάτω προτεινόμενους κωδικούς πρόσβασης"
    for number in ("0", "4", "-1", "01", "1 ", "1.0", FULL_WIDTH[0], "x"):
        response = await send(student, "/password", [("suggestion", number)])
        assert errors(response) == [f"{choose}. Οι παλαιότεροι δεν ισχύουν πια"]
    none = await send(student, "/password", [("suggestion", "1"), ("suggestion", "own")])
    assert errors(none) == [choose]
    assert not engine.submitted


@pytest.mark.parametrize(
    ("fields", "fields_told"),
    [
        ([], ["scheme", "number"]),
        ([("scheme", "CY")], ["number"]),
        ([("number", "AB123456")], ["scheme"]),
        ([("scheme", "EHIC"), ("number", "123")], ["number"]),
        ([("scheme", "ZZ"), ("number", "AB123456")], ["scheme"]),
        ([("scheme", "cy"), ("number", "AB123456")], ["scheme"]),
        ([("scheme", "EU"), ("number", "AB123456")], ["scheme"]),
        ([("scheme", "CY"), ("number", "Z" * 31)], ["number"]),
    ],
)
async def test_a_country_needs_a_number_and_a_number_a_country(
    student: Browser, engine: MemoryEngine, fields: Pairs, fields_told: list[str]
) -> None:
    put(engine, INSURANCE)
    response = await send(student, "/insurance/other", fields)
    assert len(errors(response)) == len(fields_told)
    assert all(f'href="#{field}"' in response.text for field in fields_told)
    assert not engine.submitted


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (Question.BIRTH_DATE, "31 02 2007"),
        (Question.BIRTH_DATE, "31 13 07"),
        (Question.BIRTH_DATE, "0 0 0000"),
        (Question.INSURANCE_LAST_FOUR, "01010500013"),
        (Question.INSURANCE_LAST_FOUR, "ab-d"),
        (Question.STUDENT_NUMBER, "-;"),
        (Question.STUDENT_NUMBER, "7" * 41),
    ],
)
async def test_each_question_names_what_its_answer_looks_like_and_costs_no_try(
    student: Browser, engine: MemoryEngine, question: Question, value: str
) -> None:
    put(engine, asked(question))
    response = await send(student, "/identify", [("answer", value)])
    assert len(errors(response)) == 1
    assert 'href="#answer"' in response.text
    assert not engine.submitted


async def test_a_note_has_its_limit_and_its_own_message(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    fields = [("decision", "dispute"), ("wrong", Detail.NAME), ("note", "α" * 1001)]
    response = await send(student, "/review", fields)
    assert errors(response) == ["Η σημείωση μπορεί να έχει έως 1000 χαρακτήρες"]
    assert 'value="name" checked' in response.text.replace("\n", " ").replace("  ", " ")
    assert not engine.submitted


async def test_details_that_were_never_shown_cannot_be_agreed_to(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    for shown in ("", "0", "Z" * 64, "0" * 63, "0" * 4000):
        response = await send(student, "/review", [("decision", "agree"), ("shown_hash", shown)])
        assert 'href="#agree"' in response.text
        assert errors(response)
    assert not engine.submitted


async def test_a_choice_under_another_name_is_no_choice(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, REVIEW)
    _, path, others = FORMS["choice"]
    await send(student, path, [*others, ("choice[]", "directory_listing")])
    (submission,) = (submission for _, submission in engine.submitted)
    assert isinstance(submission, ConsentSubmission)
    assert submission.choices == ()


@pytest.mark.parametrize("standing", [REVIEW, DISPUTED])
async def test_a_decision_that_does_not_exist_decides_nothing(
    student: Browser, engine: MemoryEngine, standing: Progress
) -> None:
    put(engine, standing)
    for decision in ("", "AGREE", "delete", "agree\0"):
        response = await send(student, "/review", [("decision", decision)])
        assert response.headers["location"] == "/review"
    assert not engine.submitted


async def test_a_role_that_does_not_exist(browser: Browser) -> None:
    for who in ("", "staff", "STUDENT", "student\0", LONG):
        response = await send(browser, "/who", [("who", who)])
        assert errors(response) == ["Επιλέξτε την ιδιότητά σας"]


@pytest.mark.parametrize("path", POSTED)
async def test_a_body_over_the_limit_is_not_read(
    student: Browser, engine: MemoryEngine, path: str
) -> None:
    response = await student.post(path, pin="7" * MAX_BODY, password=MARK)
    assert response.status_code == 413
    assert "Το κείμενο είναι πολύ μεγάλο" in response.text
    assert not engine.submitted


@pytest.mark.parametrize("path", POSTED)
async def test_a_form_of_somebody_else_changes_nothing(
    student: Browser, engine: MemoryEngine, app: FastAPI, path: str
) -> None:
    await student.get("/pin")
    stranger = Browser(app)
    await stranger.get("/who")
    own, foreign = student.hidden["csrf"], stranger.hidden["csrf"]
    for token in ("f" * 64, foreign, own[:-1], own.upper(), "", None):
        student.hidden["csrf"] = token or ""
        if token is None:
            del student.hidden["csrf"]
        fields = {"pin": "123456", "decision": "agree", "who": "student"}
        response = await student.http.post(path, data=student.hidden | fields)
        assert response.status_code == 403, token
        assert "Η φόρμα δεν ισχύει πια" in response.text
    assert not engine.submitted
    assert len(engine.started) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/insurance/nowhere", 404),
        ("GET", "/review/nowhere", 404),
        ("GET", "/PIN", 404),
        ("GET", "/pin/", 404),
        ("GET", "/%00", 404),
        ("GET", "/problem/%3Cscript%3E", 404),
        ("PUT", "/pin", 405),
        ("DELETE", "/review", 405),
        ("PATCH", "/password", 405),
        ("POST", "/", 405),
        ("POST", "/done", 405),
        ("POST", "/progress", 405),
        ("GET", "/pin/resend", 405),
        ("GET", "/review/insurance", 405),
        ("POST", "/healthz", 405),
    ],
)
async def test_no_such_page_and_no_such_method_are_designed_pages(
    student: Browser, engine: MemoryEngine, method: str, path: str, status: int
) -> None:
    response = await student.http.request(method, path)
    assert response.status_code == status
    assert '<html lang="el"' in response.text
    assert 'href="/problem' in response.text
    assert "script>" not in response.text.replace("</script>", "").replace("defer>", "")
    assert not engine.submitted


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
async def test_only_plain_forms_are_read(student: Browser, engine: MemoryEngine, kind: str) -> None:
    await student.get("/pin")
    body = urlencode(student.hidden | {"pin": "123456"})
    response = await student.http.post("/pin", content=body, headers={"Content-Type": kind})
    assert response.status_code == 403
    assert not engine.submitted
