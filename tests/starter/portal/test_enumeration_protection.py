"""With uniform disclosure nothing tells whether a contact is on file, until a code proves it."""

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from domain.contracts.submissions import Policy
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import Step, WaitReason
from ledger.posts import AN_HOUR, IN_ALL
from postgres import Pool
from settings import Settings
from settings.pages import Portal
from starter.portal.time_limit import TimeLimit
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_pages import INSURANCE
from web.times import ANSWERED_SECONDS, LOOKED_UP

BOTH = {"mobile": "6912345678", "email": "maria@mail.example"}
WAITS = at(Step.PIN, WaitReason.WAITING_PIN)
assert WAITS.pin
FOUND = {
    "waits": WAITS,
    "late": at(Step.PIN, WaitReason.SMS_DOWN),
    "ledger": at(Step.PIN, WaitReason.LEDGER_DOWN),
    "locked": at(Step.PIN, WaitReason.PIN_LOCKED),
    "undeliverable": at(Step.NEEDS_SUPPORT, WaitReason.UNDELIVERABLE),
    "held": at(Step.NEEDS_SUPPORT, WaitReason.HELD),
    "refused": at(Step.NEEDS_SUPPORT, WaitReason.CONFIGURATION),
    "cancelled": at(Step.CANCELLED),
    "of many": at(Step.NOT_FOUND, WaitReason.SHARED_BY_MANY),
    "asked": WAITS.model_copy(update={"pin": WAITS.pin.model_copy(update={"on_request": True})}),
}
PAGES = (
    *("/contact", "/pin", "/identify", "/insurance", "/review", "/password", "/progress"),
    *("/progress.json", "/done", "/ended", "/continued", "/problem"),
)
# Windows so long that none of them ends between the two browsers.
POLICY = Policy(pin_tries=3, pin_lock=timedelta(days=400), resend_after=timedelta(days=400))
TOKENS = (
    re.compile(r'name="(?:csrf|form)" value="[^"]+"'),
    re.compile(r"A-[0-9A-Z]{4}-[0-9A-Z]{4}"),
    re.compile(r"A-[0-9A-Z]{4}"),
    # Times and durations, as one browser asked after the other.
    re.compile(r"\d\d:\d\d(:\d\d)?"),
    re.compile(r'data-[a-z-]+="\d+"'),
)


@dataclass
class Pair:
    """Two browsers that do the same: one contact is on file, the other is not."""

    engine: MemoryEngine
    on_file: Browser
    unknown: Browser
    pool: Pool

    async def begin(self, found: Progress, **typed: str) -> None:
        for browser, first in ((self.on_file, found), (self.unknown, at(Step.NOT_FOUND))):
            self.engine.first = first
            await browser.begin()
            response = await browser.post("/contact", **typed)
            assert response.headers["location"] in ("/pin", "/progress?received")
        await self.wait()

    async def wait(self) -> None:
        """Be there when another message may be asked for."""
        await self.pool.execute("DELETE FROM budget WHERE bucket LIKE 'resend:%'")

    async def get(self, path: str) -> httpx.Response:
        return alike(await self.on_file.get(path), await self.unknown.get(path))

    async def post(
        self, path: str, verdict: Verdict = Verdict.WRONG, **fields: str
    ) -> httpx.Response:
        self.engine.next = [(verdict, None)]
        known = await self.on_file.post(path, **fields)
        self.engine.next = []
        return alike(known, await self.unknown.post(path, **fields))


def alike(known: httpx.Response, unknown: httpx.Response) -> httpx.Response:
    assert plain(known) == plain(unknown)
    return unknown


def plain(response: httpx.Response) -> tuple[int, Mapping[str, str], str]:
    """Return all that a browser is told, without what is drawn for each."""
    headers = {**response.headers} | {"set-cookie": str("set-cookie" in response.headers)}
    text = response.text
    for token in TOKENS:
        text = token.sub("", text)
    return response.status_code, headers, text


@pytest.fixture
def uniform(make_app: Callable[[Settings], FastAPI], settings: Settings) -> FastAPI:
    portal = settings.portal.model_copy(update={"disclosure": "uniform"})
    # Of all limits by address that of a second datum alone is reached.
    many = {
        f"{name}_per_{level}": 10**6
        for name in ("posts", "misses", "help")
        for level in ("address", "block")
    }
    few = {"networks": {}, "starts_per_contact": 10**6, "second_per_address": 3}
    limits = settings.limits.model_copy(update=many | few)
    changes = {"portal": portal, "policy": POLICY, "limits": limits}
    return make_app(settings.model_copy(update=changes))


@pytest.fixture
def pair(
    uniform: FastAPI, engine: MemoryEngine, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pair]:
    """Note how long each answer would be held back, the same for both, and hold none back."""
    held: Counter[tuple[str, float]] = Counter()

    async def note(time: TimeLimit, seconds: float) -> None:
        held[time._request.url.path, seconds] += 1

    monkeypatch.setattr(TimeLimit, "not_before", note)
    yield Pair(engine, Browser(uniform), Browser(uniform), pool)
    assert ("/contact", ANSWERED_SECONDS) in held
    assert [what for what, times in held.items() if times % 2] == []


async def test_each_answer_is_held_back_as_long_as_the_look_up_may_take(
    uniform: FastAPI, engine: MemoryEngine
) -> None:
    engine.first = at(Step.NOT_FOUND)
    browser = Browser(uniform)
    before = time.monotonic()
    await browser.give_contact()
    answered = time.monotonic()
    await browser.post("/pin", pin="123456")

    assert answered - before > LOOKED_UP.total_seconds()
    assert time.monotonic() - answered > 1


def test_explicit_is_the_default() -> None:
    assert Portal().disclosure == "explicit"


@pytest.mark.parametrize("found", FOUND)
async def test_every_page_is_the_same_whatever_was_found(pair: Pair, found: str) -> None:
    await pair.begin(FOUND[found], **BOTH)
    await asyncio.gather(*(pair.get(path) for path in PAGES))
    page = (await pair.get("/pin")).text
    assert "Αν η Γραμματεία έχει αυτά τα στοιχεία, ο εξαψήφιος κωδικός (pin) στέλνεται" in page
    assert "στείλαμε" not in page
    assert "+30 •••••••78" in page
    assert "m•••@m•••.example" in page
    english = (await pair.get("/pin?lang=en")).text
    assert "If the secretariat has these details on file, we send the six-digit code" in english


async def test_a_look_for_news_gets_the_same_page(pair: Pair) -> None:
    await pair.begin(WAITS, **BOTH)
    browsers = pair.on_file, pair.unknown
    found = [await each.http.get("/pin", headers={"If-None-Match": "none"}) for each in browsers]
    assert "etag" not in alike(*found).headers


async def test_only_the_channel_that_was_typed_is_offered(pair: Pair) -> None:
    await pair.begin(WAITS, email="maria@mail.example")
    page = (await pair.get("/pin")).text
    assert re.findall(r'name="channel" value="(\w+)"', page) == ["email"]
    assert "+30" not in page


async def test_every_refused_code_is_the_same_and_too_many_lock_both(pair: Pair) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/pin")
    assert (await pair.post("/pin", pin="12")).status_code == 422
    for number, verdict in enumerate((Verdict.WRONG, Verdict.EXPIRED, Verdict.LOCKED)):
        response = await pair.post("/pin", verdict, pin=f"00000{number}")
        assert response.status_code == 422
        assert "Ο εξαψήφιος κωδικός (pin) δεν είναι σωστός ή έχει λήξει" in response.text
    taken = len(pair.engine.submitted)
    locked = await pair.post("/pin", pin="000009")
    assert locked.status_code == 422
    assert "Πάρα πολλές λανθασμένες προσπάθειες" in locked.text
    assert 'name="pin"' not in locked.text
    assert len(pair.engine.submitted) == taken == 3


@pytest.mark.parametrize("found", ["waits", "undeliverable"])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/pin", {"pin": "123456"}),
        ("/pin/resend", {"channel": "sms"}),
        ("/pin/resend", {"channel": "email"}),
        ("/identify", {"answer": "2001-01-01", "question": "birth_date"}),
        ("/insurance", {"number": "01010500013"}),
        ("/review", {"decision": "withdraw"}),
        ("/password", {"password": "correct horse battery staple"}),
    ],
)
async def test_what_is_out_of_order_is_answered_alike(
    pair: Pair, found: str, path: str, fields: dict[str, str]
) -> None:
    await pair.begin(FOUND[found], mobile="6912345678")
    await pair.get("/pin")
    await pair.post(path, Verdict.OUT_OF_STEP, **fields)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.TOO_SOON])
async def test_another_message_is_promised_in_the_same_words(pair: Pair, verdict: Verdict) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/pin")
    sent = await pair.post("/pin/resend", verdict, channel="sms")
    assert sent.headers["location"] == "/pin?sent"
    assert "στέλνουμε νέο μήνυμα" in (await pair.get("/pin?sent")).text
    soon = await pair.post("/pin/resend", verdict, channel="sms")
    assert soon.status_code == 422
    assert "Μπορείτε να ζητήσετε νέο μήνυμα μετά τις" in soon.text


async def test_a_double_click_is_one_wish_for_a_message(pair: Pair) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/pin")
    for _ in range(2):
        sent = await pair.post("/pin/resend", Verdict.ACCEPTED, channel="sms")
        assert sent.headers["location"] == "/pin?sent"


async def test_a_double_click_is_one_try(pair: Pair) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    for digit in range(POLICY.pin_tries):
        await pair.get("/pin")
        shown = [dict(browser.hidden) for browser in (pair.on_file, pair.unknown)]
        for _ in range(2):
            pair.on_file.hidden, pair.unknown.hidden = shown
            wrong = await pair.post("/pin", pin=f"12345{digit}")
            assert "Ο εξαψήφιος κωδικός (pin) δεν είναι σωστός ή έχει λήξει" in wrong.text
    await pair.get("/pin")
    assert 'name="pin"' not in (await pair.post("/pin", pin="654321")).text


@pytest.mark.parametrize(
    ("path", "fields"), [("/pin", {"pin": "123456"}), ("/pin/resend", {"channel": "sms"})]
)
async def test_without_a_worker_both_are_received(
    pair: Pair, path: str, fields: dict[str, str]
) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/pin")
    pair.engine.worker = False
    await asyncio.gather(*(pair.get(page) for page in PAGES))
    await pair.get("/pin")
    sent = await pair.post(path, Verdict.ACCEPTED, **fields)
    assert sent.headers["location"] == "/progress?received"
    await pair.get("/progress?received")
    await pair.get("/progress.json")


async def test_the_same_contact_again_starts_nothing_for_either(pair: Pair) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/contact")
    started = len(pair.engine.started)
    again = await pair.post("/contact", mobile="+30 691 234 5678", email="")
    assert again.headers["location"] == "/pin"
    assert len(pair.engine.started) == started


async def test_whoever_types_two_contacts_is_asked_whatever_is_on_file(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    uniform: FastAPI,
    engine: MemoryEngine,
) -> None:
    """Else a question after the code, or none, tells whether the second one is on file."""
    for app, asked in ((uniform, [False, False, True]), (make_app(settings), [False] * 3)):
        for left_out in ("mobile", "email", None):
            browser = Browser(app)
            await browser.begin()
            typed = {name: "" if name == left_out else value for name, value in BOTH.items()}
            await browser.post("/contact", **typed)
        assert [start.always_ask for start in engine.started[-3:]] == asked


async def test_the_right_code_leads_on(uniform: FastAPI, engine: MemoryEngine) -> None:
    browser = Browser(uniform)
    await browser.give_contact()
    await browser.get("/pin")
    before = browser.http.cookies["session"]
    engine.next = [(Verdict.ACCEPTED, INSURANCE)]
    response = await browser.post("/pin", pin="123456")
    assert response.headers["location"] == "/insurance"
    assert browser.http.cookies["session"] != before
    assert (await browser.get("/insurance")).status_code == 200


async def test_what_was_typed_is_kept_in_a_box(
    uniform: FastAPI, app: FastAPI, pool: Pool, engine: MemoryEngine
) -> None:
    for portal in (uniform, app):
        await Browser(portal).give_contact()
        typed = await pool.fetchval(
            "SELECT typed FROM session WHERE reference = $1", engine.started[-1].reference
        )
        assert typed
        assert b"+30" not in typed


async def test_a_second_datum_is_asked_for_counted_and_answered_alike(pair: Pair) -> None:
    contacts = [f"69{secrets.randbelow(10**6):06}78" for _ in range(2)]
    for verdict in (Verdict.ACCEPTED, Verdict.WRONG, Verdict.TOO_SOON, None):
        both = (pair.on_file, WAITS), (pair.unknown, at(Step.NOT_FOUND))
        for (browser, pair.engine.first), contact in zip(both, contacts, strict=True):
            await browser.give_contact(contact)
        await pair.wait()
        page = (await pair.get("/pin")).text
        assert page.count('name="answer"') == 1
        assert (await pair.post("/pin/resend", channel="sms", answer=";")).status_code == 422
        told = await pair.post(
            "/pin/resend", verdict or Verdict.ACCEPTED, channel="sms", answer="1/1/2005"
        )
        if verdict:
            assert told.headers["location"] == "/pin?sent"
        else:
            assert "όσες φορές επιτρέπεται" in told.text


@pytest.mark.parametrize(
    ("path", "fields"), [("/pin", {"pin": "123456"}), ("/pin/resend", {"channel": "sms"})]
)
@pytest.mark.parametrize("lately", [False, True])
async def test_too_many_answers_are_refused_alike(
    pair: Pair, pool: Pool, path: str, fields: dict[str, str], lately: bool
) -> None:
    await pair.begin(WAITS, mobile="6912345678")
    await pair.get("/pin")
    sent_at = datetime.now(UTC) - timedelta(minutes=10 if lately else 90)
    for reference in pair.engine.activations:
        await pool.execute(
            "INSERT INTO post SELECT $1, n::text, $3 FROM generate_series(1, $2) n",
            reference,
            AN_HOUR if lately else IN_ALL,
            sent_at,
        )
    refused = await pair.post(path, Verdict.WRONG, **fields)
    assert refused.status_code == 429
    assert ("δεν δέχεται άλλες" in refused.text) is not lately
    assert pair.engine.submitted == []
