"""A flood of answers is refused in words before Temporal is touched, whatever is sent."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger.posts import IN_ALL
from ledger.sessions import token_hash
from postgres import Pool
from settings import Settings
from starter.client.activations import TooManySubmissions
from tests.starter.portal.conftest import Browser, proved
from tests.starter.portal.engine import SHOWN, MemoryEngine, at

PIN = at(Step.PIN, WaitReason.WAITING_PIN)
IDENTIFY = at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
INSURANCE = at(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
REVIEW = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
DISPUTED = at(Step.REVIEW, WaitReason.DATA_DISPUTED)
PASSWORD = at(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
ANSWERS: tuple[tuple[Progress, str, dict[str, str]], ...] = (
    (PIN, "/pin", {"pin": "123456"}),
    (PIN, "/pin/resend", {"channel": "sms"}),
    (IDENTIFY, "/identify", {"question": "birth_date", "answer": "01/02/2003"}),
    (INSURANCE, "/insurance", {"number": "01010500013"}),
    (INSURANCE, "/insurance/other", {"scheme": "CY", "number": "1234568"}),
    (REVIEW, "/review", {"decision": "agree", "shown_hash": SHOWN.shown_hash}),
    (REVIEW, "/review", {"decision": "dispute", "wrong": "name"}),
    (REVIEW, "/review/insurance", {}),
    (DISPUTED, "/review", {"decision": "withdraw"}),
    (PASSWORD, "/password", {"password": "vrasto-kerasi-plateia-9"}),
)


async def _stands(browser: Browser, engine: MemoryEngine, pool: Pool, place: Progress) -> str:
    await browser.give_contact()
    (reference,) = engine.activations
    engine.put(reference, place)
    await proved(pool, browser)
    await browser.get("/pin" if place.step is Step.PIN else f"/{place.step}")
    return reference


async def answered(pool: Pool, reference: str, times: int) -> None:
    """Let so many answers have been sent, none of them lately."""
    await pool.execute(
        "INSERT INTO post (reference, submission_id, at)"
        " SELECT $1, n::text, now() - interval '2 hours' FROM generate_series(1, $2) n",
        reference,
        times,
    )


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[1])
async def test_no_answer_beyond_the_limit_reaches_temporal(
    browser: Browser,
    engine: MemoryEngine,
    pool: Pool,
    answer: tuple[Progress, str, dict[str, str]],
) -> None:
    place, path, fields = answer
    reference = await _stands(browser, engine, pool, place)
    await answered(pool, reference, IN_ALL - 1)
    form = browser.hidden
    taken = await browser.post(path, **fields)
    assert taken.status_code in (200, 303, 422)
    engine.put(reference, place.model_copy(update={"proved_by": None}))
    await browser.get("/pin" if place.step is Step.PIN else f"/{place.step}")
    refused = await browser.post(path, **fields)
    assert refused.status_code == 429
    assert "δεν δέχεται άλλες" in refused.text
    assert len(engine.submitted) == 1
    if path != "/pin/resend":  # Where nothing is typed, the same again is another wish in time.
        browser.hidden = form
        assert (await browser.post(path, **fields)).status_code == taken.status_code
        assert engine.submitted[0][1].submission_id == engine.submitted[1][1].submission_id


async def test_a_flood_of_guesses_is_put_off_and_the_form_comes_back(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await _stands(browser, engine, pool, PIN)
    engine.next = [(Verdict.WRONG, PIN)] * 40
    answers = [await browser.post("/pin", pin=f"{guess:06d}") for guess in range(40)]
    assert {answer.status_code for answer in answers[30:]} == {429}
    assert len(engine.submitted) == 30
    last = answers[-1]
    assert 0 < int(last.headers["retry-after"]) <= 3600
    assert 'form method="post" action="/pin"' in last.text
    assert "000039" not in last.text


async def test_what_the_run_itself_refuses_is_not_called_received(
    browser: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    await _stands(browser, engine, pool, PIN)

    async def full(*_: object, **__: object) -> None:
        raise TooManySubmissions

    engine.submit = full  # type: ignore[method-assign] # this one is full
    refused = await browser.post("/pin", pin="123456")
    assert refused.status_code == 429
    assert "Στάλθηκαν πάρα πολλές απαντήσεις" in refused.text


async def test_a_limit_met_by_a_session_that_began_anew_brings_the_form_back(
    make_app: Callable[[Settings], FastAPI], settings: Settings, pool: Pool
) -> None:
    limits = settings.limits.model_copy(update={"misses_per_address": 0})
    browser = Browser(make_app(settings.model_copy(update={"limits": limits})))
    await browser.begin()
    await pool.execute(
        "DELETE FROM session WHERE token_hash = $1", token_hash(browser.http.cookies["session"])
    )
    refused = await browser.post("/contact", mobile="6912345678", email="")
    assert refused.status_code == 429
    assert 'value="6912345678"' in refused.text
