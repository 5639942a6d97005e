"""Which cookie may do what: each token a browser ever had, against each thing it can ask for.

A token that was replaced gets what a browser without a session gets, with one exception: the very
submission it was replaced for is answered as it was the first time, with the same new token.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger import sessions as ledger
from postgres import Pool
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at

IDENTIFY = at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
REVIEW = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
PASSWORD = at(Step.PASSWORD, WaitReason.WAITING_PASSWORD)

RISES: Sequence[tuple[str, dict[str, str], Progress | None]] = (
    ("/contact", {"mobile": "6912345678", "email": ""}, None),
    ("/contact", {"mobile": "", "email": "maria@example.com"}, None),
    ("/pin", {"pin": "123456"}, IDENTIFY),
    ("/identify", {"question": "birth_date", "answer": "01/02/2003"}, REVIEW),
    ("/review", {"decision": "agree"}, PASSWORD),
)
"""Each moment at which a session is worth more, in the order in which one student meets them."""

OVER, SENT, FIRST, NO = "/who?again", "/who?again=sent", "/contact", "401"
ASKED: Mapping[tuple[str, str], str] = {
    **{
        ("GET", page): OVER
        for page in (
            "/contact",
            "/pin",
            "/identify",
            "/insurance",
            "/insurance/other",
            "/review",
            "/review/wrong",
            "/password",
            "/progress",
            "/done",
            "/ended",
            "/continued",
        )
    },
    ("GET", "/progress.json"): NO,
    ("GET", "/problem"): "200",
    ("GET", "/who"): "200",
    ("GET", "/"): "200",
    **{
        ("POST", page): SENT
        for page in (
            "/pin",
            "/pin/resend",
            "/identify",
            "/insurance",
            "/insurance/other",
            "/review",
            "/review/insurance",
            "/password",
        )
    },
    ("POST", "/contact"): "/pin",  # An activation of its own, as for any browser that comes late.
    ("POST", "/who"): FIRST,
}
"""What a browser without a session is answered."""

OTHER = {
    "mobile": "6987654321",
    "pin": "654321",
    "channel": "sms",
    "question": "birth_date",
    "answer": "02/02/2002",
    "number": "01010500013",
    "scheme": "CY",
    "decision": "agree",
    "password": "vrasto-kerasi-plateia-9",
    "who": "student",
}
"""What a thief could send: every field of every form."""


@dataclass
class Story:
    """A student's browser on its way: each token it had, and what it sent at each rise."""

    browser: Browser
    engine: MemoryEngine
    tokens: list[str] = field(default_factory=list)
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        await self.browser.begin()
        self.tokens.append(self.browser.http.cookies["session"])

    async def rise(self, path: str, fields: dict[str, str], onward: Progress | None) -> None:
        await self.browser.get(path)
        body = self.browser.hidden | fields
        if path == "/review":
            body["shown_hash"] = "0" * 64
        if onward:
            self.engine.next = [(Verdict.ACCEPTED, onward)]
        answer = await self.browser.http.post(path, data=body)
        self.tokens.append(self.browser.http.cookies["session"])
        self.sent.append((path, body))
        self.answers.append(answer.headers["location"])

    @property
    def reference(self) -> str:
        return self.engine.started[-1].reference


@pytest.fixture
async def story(browser: Browser, engine: MemoryEngine) -> Story:
    told = Story(browser, engine)
    await told.begin()
    return told


def thief(app: FastAPI, token: str) -> httpx.AsyncClient:
    """Return a browser that sends this cookie, whatever it is answered."""
    http = Browser(app).http
    http.headers["Cookie"] = f"session={token}"
    return http


def outcome(response: httpx.Response) -> str:
    return str(response.headers.get("location", response.status_code))


def handed(response: httpx.Response) -> str | None:
    return response.cookies.get("session")


@pytest.mark.parametrize("rises", range(1, len(RISES) + 1))
async def test_a_replaced_token_gets_what_a_browser_without_a_session_gets(
    app: FastAPI, story: Story, rises: int
) -> None:
    for rise in RISES[:rises]:
        await story.rise(*rise)
    reference, current = story.reference, story.tokens[-1]
    assert len(set(story.tokens)) == rises + 1
    submitted = len(story.engine.submitted)
    csrf = story.sent[-1][1]["csrf"]  # A thief may have read it on a page.

    strangers = {"random": "x.y"} | {f"token {n}": token for n, token in enumerate(story.tokens)}
    del strangers[f"token {rises}"]
    for name, token in strangers.items():
        for (method, path), expected in ASKED.items():
            http = thief(app, token)
            body = {"csrf": csrf, "form": "mine"} | OTHER if method == "POST" else None
            answer = await http.request(method, path, data=body)
            if name == "random" and method == "POST":
                assert answer.status_code == 403
                continue
            assert outcome(answer) == expected, (name, method, path)
            assert reference not in answer.text
            assert handed(answer) not in story.tokens
    assert len(story.engine.submitted) == submitted

    http = thief(app, current)
    assert (await http.get("/progress.json")).json()["reference"] == reference


@pytest.mark.parametrize("rises", range(1, len(RISES) + 1))
async def test_the_very_submission_again_is_answered_alike(
    app: FastAPI, story: Story, rises: int, pool: Pool
) -> None:
    for rise in RISES[:rises]:
        await story.rise(*rise)
    path, body = story.sent[-1]
    for token, given in ((story.tokens[-2], story.tokens[-1]), (story.tokens[-1], None)):
        for _ in range(2):
            again = await thief(app, token).post(path, data=body)
            assert outcome(again) == story.answers[-1]
            assert handed(again) == given
    if rises > 1:
        earlier = await thief(app, story.tokens[-3]).post(path, data=body)
        assert handed(earlier) not in story.tokens
        assert outcome(earlier) in (SENT, story.answers[-1])
        mine = await thief(app, story.tokens[-1]).get("/progress.json")
        assert mine.json()["reference"] == story.reference

    await pool.execute(
        "UPDATE session SET rotated_at = now() - interval '121 s' WHERE token_hash = $1",
        ledger.token_hash(story.tokens[-1]),
    )
    late = await thief(app, story.tokens[-2]).post(path, data=body)
    assert handed(late) not in story.tokens


@pytest.mark.parametrize("rise", RISES, ids=lambda rise: rise[0])
async def test_two_clicks_at_once_are_one_and_both_lead_on(
    app: FastAPI, story: Story, rise: tuple[str, dict[str, str], Progress | None]
) -> None:
    for earlier in RISES[: RISES.index(rise)]:
        await story.rise(*earlier)
    path, fields, onward = rise
    await story.browser.get(path)
    body = story.browser.hidden | fields | {"shown_hash": "0" * 64}
    if onward:
        story.engine.next = [(Verdict.ACCEPTED, onward), (Verdict.ACCEPTED, onward)]
    clicks = [thief(app, story.tokens[-1]).post(path, data=body) for _ in range(2)]
    both = await asyncio.gather(*clicks)
    assert len({outcome(each) for each in both}) == 1
    (token,) = {handed(each) for each in both}
    assert token
    seen = await thief(app, token).get("/progress.json")
    assert seen.json()["reference"] == story.reference


async def test_a_request_that_met_its_session_before_the_proof_gets_nothing_after_it(
    app: FastAPI, story: Story, engine: MemoryEngine
) -> None:
    await story.rise(*RISES[0])
    old, proved = story.tokens[-1], asyncio.Event()
    asked = asyncio.Barrier(3)
    answers = engine.progress

    async def slow(reference: str) -> Progress | None:
        await asked.wait()
        await proved.wait()
        return await answers(reference)

    engine.progress = slow  # type: ignore[method-assign] # for as long as the thief asks
    under_way = [
        asyncio.create_task(thief(app, old).get(page)) for page in ("/review", "/progress.json")
    ]
    await asked.wait()
    engine.progress = answers  # type: ignore[method-assign] # as above
    await story.rise("/pin", {"pin": "123456"}, REVIEW)
    proved.set()
    page, told = await asyncio.gather(*under_way)
    assert (outcome(page), outcome(told)) == (OVER, NO)
    assert "mpapadopoulou" not in page.text


@pytest.mark.parametrize("right", [True, False])
async def test_a_proof_nobody_has_judged_yet_is_worth_what_it_turns_out_to_be(
    app: FastAPI, story: Story, engine: MemoryEngine, right: bool
) -> None:
    await story.rise(*RISES[0])
    engine.worker = False
    await story.rise("/pin", {"pin": "123456"}, None)
    assert story.answers[-1] == "/progress?received"
    old, new = story.tokens[-2:]
    assert outcome(await thief(app, old).get("/progress")) == OVER
    assert outcome(await thief(app, new).get("/progress")) == "200"

    engine.worker = True
    proof = engine.submitted[-1][1].submission_id if right else "another session's"
    engine.put(story.reference, REVIEW.model_copy(update={"proved_by": proof}))
    assert outcome(await thief(app, old).get("/review")) == OVER
    assert outcome(await thief(app, new).get("/review")) == ("200" if right else OVER)


@pytest.mark.parametrize("step", [REVIEW, PASSWORD, at(Step.INSURANCE)])
async def test_who_has_proved_nothing_is_not_heard_while_no_worker_answers(
    app: FastAPI, story: Story, engine: MemoryEngine, pool: Pool, step: Progress
) -> None:
    await story.rise(*RISES[0])
    engine.put(story.reference, step)
    engine.worker = False
    for path in ("/review", "/password", "/insurance", "/identify"):
        body = {"csrf": story.sent[-1][1]["csrf"], "form": "f", "shown_hash": "0" * 64} | OTHER
        assert outcome(await thief(app, story.tokens[-1]).post(path, data=body)) == SENT
    assert engine.submitted == []
    query = "SELECT count(*) FROM sealed_password WHERE reference = $1"
    assert not await pool.fetchval(query, story.reference)


async def test_the_older_browser_is_told_that_it_goes_on_elsewhere_and_its_old_tokens_nothing(
    app: FastAPI, story: Story, engine: MemoryEngine
) -> None:
    for rise in RISES[:3]:
        await story.rise(*rise)
    holder = story.reference
    engine.put(holder, REVIEW.model_copy(update={"proved_by": "the older one's"}))
    phone = Story(Browser(app), engine)
    await phone.begin()
    await phone.rise(*RISES[0])
    await phone.rise("/pin", {"pin": "123456"}, at(Step.JOINED, joined_to=holder))
    assert outcome(await phone.browser.get("/progress")) == "/review"

    for token in story.tokens[:-1]:
        assert outcome(await thief(app, token).get("/continued")) == OVER
    for token in phone.tokens[:-1]:
        assert outcome(await thief(app, token).get("/review")) == OVER
    for path in ("/review", "/progress", "/pin", "/done"):
        assert outcome(await thief(app, story.tokens[-1]).get(path)) == "/continued"
    assert outcome(await thief(app, story.tokens[-1]).get("/progress.json")) == NO
    assert "mpapadopoulou" in (await thief(app, phone.tokens[-1]).get("/review")).text


async def test_after_the_end_only_the_last_token_sees_it(
    app: FastAPI, story: Story, engine: MemoryEngine
) -> None:
    for rise in RISES:
        await story.rise(*rise)
    proof = engine.activations[story.reference].proved_by
    engine.put(story.reference, at(Step.ACTIVE, proved_by=proof))
    for token in story.tokens[:-1]:
        assert outcome(await thief(app, token).get("/done")) == OVER
    assert "mpapadopoulou" in (await thief(app, story.tokens[-1]).get("/done")).text


async def test_an_old_token_ends_no_session_but_its_own(app: FastAPI, story: Story) -> None:
    for rise in RISES[:3]:
        await story.rise(*rise)
    for token in story.tokens[:-1]:
        body = {"csrf": story.sent[-1][1]["csrf"], "form": "f", "who": "student"}
        await thief(app, token).post("/who", data=body)
    mine = await thief(app, story.tokens[-1]).get("/progress.json")
    assert mine.json()["reference"] == story.reference
