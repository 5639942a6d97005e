"""The page after a redirect is drawn from the answer that led there, and asks nobody."""

import asyncio
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from domain.contracts.views import Answer, Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger import sessions
from ledger.sessions import token_hash
from postgres import Pool
from security.keyfiles import KeyUnavailable
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, change
from tests.starter.portal.engine import MemoryEngine, at
from web import times

NAME = "Παπαδοπούλου"


def numbered(version: int, step: Step, reason: WaitReason | None = None, **more: Any) -> Progress:
    return at(step, reason, run="run", version=version, **more)


PIN = numbered(1, Step.PIN, WaitReason.WAITING_PIN)
REVIEW = numbered(2, Step.REVIEW, WaitReason.WAITING_CONSENT)
PASSWORD = numbered(3, Step.PASSWORD, WaitReason.WAITING_PASSWORD)


@pytest.fixture
def engine() -> MemoryEngine:
    made = MemoryEngine()
    made.first = PIN
    return made


@pytest.fixture
async def proved(student: Browser, engine: MemoryEngine) -> Browser:
    """Return a browser whose code was right, and that has not read the next page yet."""
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    await student.get("/pin")
    engine.queries = 0
    assert (await student.post("/pin", pin="123456")).headers["location"] == "/review"
    return student


async def test_a_page_after_a_redirect_asks_nobody_and_a_second_one_asks(
    proved: Browser, engine: MemoryEngine
) -> None:
    assert NAME in (await proved.get("/review")).text
    assert engine.queries == 0
    assert NAME in (await proved.get("/review")).text
    assert engine.queries == 1


async def test_what_waits_is_in_the_row_but_not_in_clear(
    proved: Browser, engine: MemoryEngine, pool: Pool
) -> None:
    token = token_hash(proved.http.cookies["session"])
    row = await pool.fetchrow("SELECT * FROM session WHERE token_hash = $1", token)
    assert row is not None
    assert row["progress"] is not None
    for word in (NAME, "mpapadopoulou", "01010500013", Step.REVIEW):
        assert word.encode() not in row["progress"]
        assert word not in str({**row} | {"progress": None})
    assert engine.queries == 0


@pytest.mark.parametrize(
    "broken",
    [
        "progress_at = now() - interval '11 s'",
        "progress = substring(progress FROM 2)",
        "progress = ''",
        "reference = 'A-2222-2222'",
    ],
)
async def test_what_is_old_or_of_something_else_is_not_used(
    proved: Browser, engine: MemoryEngine, pool: Pool, broken: str
) -> None:
    engine.put("A-2222-2222", engine.activations[engine.started[0].reference])
    await change(pool, proved, broken)
    assert (await proved.get("/review")).status_code == 200
    assert engine.queries == 1


async def test_a_browser_whose_activation_was_taken_over_gets_no_page_of_it(
    proved: Browser, pool: Pool
) -> None:
    await change(pool, proved, "superseded = true")
    assert (await proved.get("/review")).headers["location"] == "/continued"


async def test_a_copy_of_the_cookie_of_before_gets_no_page_of_it(
    app: FastAPI, student: Browser, engine: MemoryEngine
) -> None:
    copied = student.http.cookies["session"]
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    await student.get("/pin")
    await student.post("/pin", pin="123456")
    thief = Browser(app)
    thief.http.cookies.set("session", copied)
    assert (await thief.get("/review")).headers["location"] == "/who?again"
    assert NAME in (await student.get("/review")).text


async def test_an_answer_that_another_submission_proved_draws_no_page(
    proved: Browser, pool: Pool
) -> None:
    await change(pool, proved, "proofs = '{}'")
    assert (await proved.get("/review")).headers["location"] == "/who?again"


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.LOCKED, Verdict.EXPIRED])
async def test_an_answer_that_brought_its_own_page_draws_no_other(
    student: Browser, engine: MemoryEngine, verdict: Verdict
) -> None:
    """Staff may have acted since: there is no redirect that it could serve."""
    await student.get("/pin")
    engine.next = [(verdict, PIN.model_copy(update={"version": 2}))]
    assert (await student.post("/pin", pin="123456")).status_code == 422
    engine.queries = 0
    assert (await student.get("/pin")).status_code == 200
    assert engine.queries == 1


async def test_a_message_that_was_asked_for_brings_its_page(
    student: Browser, engine: MemoryEngine
) -> None:
    await student.get("/pin")
    engine.next = [(Verdict.ACCEPTED, PIN.model_copy(update={"version": 2}))]
    engine.queries = 0
    assert (await student.post("/pin/resend", channel="sms")).headers["location"] == "/pin?sent"
    assert (await student.get("/pin?sent")).status_code == 200
    assert engine.queries == 0


async def test_what_is_sent_makes_the_answer_of_before_old(
    proved: Browser, engine: MemoryEngine
) -> None:
    form = proved.hidden | {"decision": "agree", "shown_hash": "0" * 64}
    engine.worker = False
    response = await proved.post("/review", **form)
    assert response.headers["location"] == "/progress?received"
    assert (await proved.get("/progress?received")).status_code == 200


async def test_a_form_sent_long_ago_leads_to_where_the_activation_stands(
    proved: Browser, engine: MemoryEngine
) -> None:
    """Its answer is the one of then, and older than the newest one that is known."""
    await proved.get("/review")
    shown = engine.activations[engine.started[0].reference].review
    assert shown is not None
    engine.next = [(Verdict.ACCEPTED, PASSWORD)]
    agreed = {"decision": "agree", "shown_hash": shown.shown_hash}
    assert (await proved.post("/review", **agreed)).headers["location"] == "/password"
    stands = engine.activations[engine.started[0].reference]

    answer = Answer(
        verdict=Verdict.ACCEPTED,
        progress=REVIEW.model_copy(
            update={"reference": stands.reference, "proved_by": stands.proved_by}
        ),
    )

    async def repeat(*_: object, **__: object) -> Answer:
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "submit", repeat)
        again = await proved.post("/review", **agreed)
    assert again.headers["location"] == "/password"


async def answered_again(
    browser: Browser, engine: MemoryEngine, answer: Answer, path: str, **fields: str
) -> str:
    """Send a form that the engine has answered before, and return where its old answer leads."""
    own = engine.activations[engine.started[0].reference]
    of_then = {"reference": own.reference, "proved_by": own.proved_by}
    old = answer.model_copy(update={"progress": answer.progress.model_copy(update=of_then)})

    async def repeat(*_: object, **__: object) -> Answer:
        return old

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "submit", repeat)
        return str((await browser.post(path, **fields)).headers["location"])


async def test_an_answer_out_of_step_that_comes_again_leads_to_where_it_stands(
    proved: Browser, engine: MemoryEngine
) -> None:
    """The form was out of step when it was sent first, and the student has gone on since."""
    await proved.get("/review")
    out = Answer(verdict=Verdict.OUT_OF_STEP, progress=PASSWORD)
    agreed = proved.hidden | {"decision": "agree", "shown_hash": "0" * 64}
    assert await answered_again(proved, engine, out, "/review", **agreed) == "/password"
    assert (await proved.get("/password")).status_code == 200
    own = engine.activations[engine.started[0].reference]
    waits = numbered(4, Step.PROVISIONING, WaitReason.DIRECTORY_DOWN, proved_by=own.proved_by)
    engine.put(own.reference, waits)
    assert await answered_again(proved, engine, out, "/review", **agreed) == "/progress"
    assert (await proved.get("/progress")).status_code == 200


async def test_an_answer_that_comes_again_tells_what_staff_did_meanwhile(
    proved: Browser, engine: MemoryEngine
) -> None:
    """This browser had no newer answer: what staff send is answered to them."""
    await proved.get("/review")
    own = engine.activations[engine.started[0].reference]
    held = numbered(3, Step.NEEDS_SUPPORT, WaitReason.HELD, proved_by=own.proved_by)
    engine.put(own.reference, held)
    right = Answer(verdict=Verdict.ACCEPTED, progress=REVIEW)
    assert await answered_again(proved, engine, right, "/pin", pin="123456") == "/progress"
    assert (await proved.get("/progress")).status_code == 200


async def test_an_answer_out_of_step_leads_where_it_says_without_asking(
    proved: Browser, engine: MemoryEngine
) -> None:
    await proved.get("/review")
    engine.next = [(Verdict.OUT_OF_STEP, PASSWORD)]
    engine.queries = 0
    agreed = {"decision": "agree", "shown_hash": "0" * 64}
    assert (await proved.post("/review", **agreed)).headers["location"] == "/password"
    assert (await proved.get("/password")).status_code == 200
    assert engine.queries == 0


@pytest.mark.parametrize("how", ["away", "slow"])
async def test_an_answer_that_cannot_be_kept_counts_all_the_same(
    proved: Browser, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def keep(*_: object, **__: object) -> bool:
        if how == "away":
            raise asyncpg.CannotConnectNowError
        await asyncio.Event().wait()
        return True

    engine.put(engine.started[0].reference, at(Step.INSURANCE))
    await proved.get("/insurance")
    engine.next = [(Verdict.ACCEPTED, REVIEW)]
    engine.queries = 0
    monkeypatch.setattr(sessions, "keep", keep)
    monkeypatch.setattr(times, "KEEP_SECONDS", 0.01)
    given = await proved.post("/insurance", number="01010512349")
    assert given.headers["location"] == "/review"
    assert (await proved.get("/review")).status_code == 200
    assert engine.queries == 1


async def test_without_its_key_a_page_asks(
    proved: Browser, engine: MemoryEngine, stack: TestStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> str:
        raise KeyUnavailable("no key")

    monkeypatch.setattr(type(stack.keys), "decrypt", missing)
    assert (await proved.get("/review")).status_code == 200
    assert engine.queries == 1
