"""Every page within three seconds, in words, whatever is away, and nothing lost afterwards.

The ledger and Temporal are real, behind links that refuse or swallow everything; no worker runs.
"""

import asyncio
import html
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from fastapi import FastAPI
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

import postgres
from domain import references
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import WORKFLOW, Language, Step, TaskQueue, WaitReason
from postgres import Pool
from security.codec import data_converter
from settings import Settings
from starter.client.activations import Activations
from starter.client.health import temporal_answers
from starter.portal.app import assemble, create
from starter.portal.portal_request import SECRET
from tests.faults.proxy import BlackHole, Fault, Link, Proxy, Refuse
from tests.server import client
from tests.stack import TestStack
from tests.starter.portal.conftest import HIDDEN, Browser, proved
from tests.starter.portal.engine import SHOWN
from web.times import LEDGER_SECONDS
from workflows.search_attributes import REASON, STEP

__all__ = ["client"]

WITHIN = 3.0
SLACK = 1.0
GOOD = "vrasto-kerasi-plateia-9"
ALWAYS_THERE = (
    *("/", "/who", "/help", "/terms", "/privacy", "/accessibility", "/password-help"),
    *("/problem", "/problem/A-7K3F-92QD", "/healthz", "/.well-known/security.txt"),
)
OF_A_STUDENT = (
    *("/contact", "/pin", "/identify", "/insurance", "/insurance/other", "/review"),
    *("/review/wrong", "/password", "/progress", "/progress.json", "/done", "/ended"),
)
SENT: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/contact", {"mobile": "6912345678", "email": "maria@mail.example"}),
    ("/pin", {"pin": "123456"}),
    ("/pin/resend", {"channel": "sms"}),
    ("/identify", {"question": "birth_date", "answer": "31/12/2007"}),
    ("/insurance", {"number": "01010500013"}),
    ("/insurance/other", {"scheme": "CY", "number": "AB734512"}),
    ("/review", {"shown_hash": SHOWN.shown_hash, "choice": "recovery_email", "decision": "agree"}),
    ("/review", {"wrong": "name", "note": 'Ένα "ρ"\r\n<όχι δύο>', "decision": "dispute"}),
    ("/review", {"decision": "withdraw"}),
    ("/review/insurance", {}),
    ("/password", {"password": GOOD}),
)
HELP = {"name": "Μαρία", "reply_to": "maria@mail.example", "text": "Δεν ήρθε\r\nο κωδικός"}
STANDS_AT = {
    "/contact": (Step.LOOKUP, None),
    "/pin": (Step.PIN, WaitReason.WAITING_PIN),
    "/pin/resend": (Step.PIN, WaitReason.WAITING_PIN),
    "/identify": (Step.IDENTIFY, WaitReason.WAITING_IDENTITY),
    "/insurance": (Step.INSURANCE, WaitReason.WAITING_INSURANCE),
    "/insurance/other": (Step.INSURANCE, WaitReason.WAITING_INSURANCE),
    "/review": (Step.REVIEW, WaitReason.WAITING_CONSENT),
    "/review/insurance": (Step.REVIEW, WaitReason.WAITING_CONSENT),
    "/password": (Step.PASSWORD, WaitReason.WAITING_PASSWORD),
}
SAFE = {
    Language.EL: "Όσα έχετε ήδη ολοκληρώσει δεν χάθηκαν",
    Language.EN: "What you completed is safe",
}
KEPT = {
    Language.EL: "Έχει κρατηθεί σε αυτή τη σελίδα",
    Language.EN: "It is kept on this page",
}
RECEIVED = {Language.EL: "Το λάβαμε", Language.EN: "We have received it"}
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
WAYS = [
    pytest.param(Refuse, Language.EL, id="refused-el"),
    pytest.param(Refuse, Language.EN, id="refused-en"),
    pytest.param(BlackHole, Language.EL, id="hung-el"),
    pytest.param(BlackHole, Language.EN, id="hung-en", marks=pytest.mark.long),
]


@dataclass(frozen=True)
class Portal:
    """The portal, the links to what it needs, and a way past them."""

    app: FastAPI
    pool: Pool
    client: Client
    ledger: Link
    temporal: Link

    async def student(self, language: Language) -> Browser:
        browser = Browser(self.app, **{"Accept-Language": language})
        await browser.begin()
        return browser

    async def stands(self, browser: Browser, path: str) -> str:
        """Let this browser's activation stand where this page is; no worker ever tells more."""
        step, reason = STANDS_AT[path]
        reference = references.from_digest(secrets.token_bytes(5))
        standing = [SearchAttributePair(STEP, step.value)]
        if reason:
            standing.append(SearchAttributePair(REASON, reason.value))
        await self.client.start_workflow(
            WORKFLOW,
            ActivationStart(reference=reference, mobile="+306912345678"),
            id=reference,
            task_queue=TaskQueue.MAIN,
            search_attributes=TypedSearchAttributes(standing),
        )
        await proved(self.pool, browser, reference)
        return reference


@pytest.fixture
async def portal(stack: TestStack, client: Client, settings: Settings) -> AsyncIterator[Portal]:
    dsn = urlsplit(stack.ledger_dsn)
    assert dsn.port
    with Proxy() as proxy:
        to_ledger = proxy.link(dsn.port)
        to_temporal = proxy.link(int(client.service_client.config.target_host.rpartition(":")[2]))
        netloc = dsn.netloc.replace(str(dsn.port), str(to_ledger.port))
        pool = await postgres.connect(
            urlunsplit(dsn._replace(netloc=netloc)), seconds=LEDGER_SECONDS
        )
        through = await Client.connect(
            f"127.0.0.1:{to_temporal.port}",
            namespace=client.namespace,
            data_converter=data_converter(stack.keys),
            lazy=True,
        )
        health = partial(temporal_answers, through)
        parts = assemble(settings, stack.keys, pool, Activations(through), health)
        yield Portal(create(parts), pool, client, to_ledger, to_temporal)
        to_ledger.heal()
        await pool.close()


async def in_time(asked: Awaitable[httpx.Response]) -> httpx.Response:
    before = time.monotonic()
    response = await asked
    assert time.monotonic() - before < WITHIN + SLACK, response.request.url.path
    return response


async def all_at_once(
    browser: Browser, form: Mapping[str, str], *more: tuple[str, Mapping[str, str]]
) -> tuple[dict[str, httpx.Response], list[tuple[str, dict[str, str], httpx.Response]]]:
    """Open every page and send every form of this student at the same time."""
    opened = {
        path: asyncio.create_task(in_time(browser.http.get(path)))
        for path in (*ALWAYS_THERE, *OF_A_STUDENT, "/continued", "/readyz")
    }
    sent = [
        (
            path,
            {**form, **fields},
            asyncio.create_task(in_time(browser.http.post(path, data={**form, **fields}))),
        )
        for path, fields in (*SENT, *more)
    ]
    return (
        {path: await task for path, task in opened.items()},
        [(path, fields, await task) for path, fields, task in sent],
    )


def first_form(response: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the page's first form, which brings back what was sent."""
    form = response.text.partition("</form>")[0]
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form)}


def handed_back(response: httpx.Response, fields: Mapping[str, str], language: Language) -> None:
    """Check that the page says what is kept and carries the form, all but its secrets."""
    assert response.status_code == 503
    assert SAFE[language] in response.text
    assert KEPT[language] in response.text
    shown = first_form(response)
    hidden = {name: value for name, value in fields.items() if name not in SECRET}
    assert {name: value.splitlines() for name, value in shown.items()} == {
        name: value.splitlines() for name, value in hidden.items()
    }
    for name in SECRET & {*fields}:
        assert f'name="{name}"' in response.text
        assert fields[name] not in response.text


async def send_again(browser: Browser, response: httpx.Response, typed: Mapping[str, str]) -> str:
    """Send the form that the page carries, with its secrets typed anew; return where it leads."""
    kept = first_form(response)
    fields = kept | {name: value for name, value in typed.items() if name in SECRET}
    again = await in_time(browser.http.post(response.request.url.path, data=fields))
    assert again.status_code == 303, again.text
    return again.headers["location"]


@pytest.mark.few(1)
@pytest.mark.parametrize(("fault", "language"), WAYS)
async def test_with_the_ledger_away_every_page_says_so_and_carries_its_form_back(
    portal: Portal, fault: type[Fault], language: Language
) -> None:
    browser = await portal.student(language)
    portal.ledger.suffer(fault())

    opened, sent = await all_at_once(
        browser, browser.hidden, ("/who", {"who": "student"}), ("/problem", HELP)
    )

    assert {opened[path].status_code for path in ALWAYS_THERE} == {200}
    assert opened["/readyz"].json() == {"ledger": False, "temporal": True}
    for path in (*OF_A_STUDENT, "/continued"):
        assert opened[path].status_code == 503
        assert SAFE[language] in opened[path].text
        assert f'href="{path}"' in opened[path].text
    for _, fields, response in sent:
        handed_back(response, fields, language)

    portal.ledger.heal()
    page = {path: (response, fields) for path, fields, response in sent}
    assert await send_again(browser, *page["/contact"]) == "/progress?received"
    assert await send_again(browser, *page["/contact"]) == "/progress?received"
    assert (await browser.get("/progress")).status_code == 200
    assert await send_again(browser, *page["/problem"]) == "/problem?sent"
    assert await send_again(browser, *page["/who"]) == "/contact"


@pytest.mark.parametrize(("fault", "language"), WAYS)
async def test_with_temporal_away_every_page_says_so_and_help_is_taken_all_the_same(
    portal: Portal, fault: type[Fault], language: Language
) -> None:
    browser = await portal.student(language)
    await portal.stands(browser, "/pin")
    portal.temporal.suffer(fault())

    opened, sent = await all_at_once(browser, browser.hidden)
    asked = await in_time(browser.http.post("/problem", data=browser.hidden | HELP))

    assert (asked.status_code, asked.headers["location"]) == (303, "/problem?sent")
    assert {opened[path].status_code for path in ALWAYS_THERE} == {200}
    assert opened["/readyz"].json() == {"ledger": True, "temporal": False}
    for path in OF_A_STUDENT:
        assert opened[path].status_code == 503
        assert SAFE[language] in opened[path].text
    for _, fields, response in sent:
        handed_back(response, fields, language)

    portal.temporal.heal()
    async with asyncio.timeout(20):
        while (await browser.http.get("/readyz")).status_code == 503:
            pass
    (refused, typed) = next((response, fields) for path, fields, response in sent if path == "/pin")
    assert await send_again(browser, refused, typed) == "/progress?received"


@pytest.mark.parametrize("path", ["/contact", "/pin", "/review", "/password"])
async def test_with_all_workers_down_every_page_answers(portal: Portal, path: str) -> None:
    browser = await portal.student(Language.EL)
    await portal.stands(browser, path)
    asked = (*ALWAYS_THERE, *OF_A_STUDENT, "/continued", "/readyz")
    for response in await asyncio.gather(*(in_time(browser.http.get(each)) for each in asked)):
        assert response.status_code in (200, 303), response.request.url.path
    assert (await browser.get("/progress")).status_code in (200, 303)


@pytest.mark.parametrize("language", list(Language))
async def test_with_all_workers_down_every_answer_is_received_and_kept_once(
    portal: Portal, language: Language
) -> None:
    async def received(path: str, fields: Mapping[str, str]) -> None:
        browser = await portal.student(language)
        reference = await portal.stands(browser, path)
        sent = await in_time(browser.http.post(path, data={**browser.hidden, **fields}))
        assert sent.headers["location"] == "/progress?received", path
        page = await in_time(browser.http.get("/progress?received"))
        assert page.status_code == 200
        assert RECEIVED[language] in page.text
        history = await portal.client.get_workflow_handle(reference).fetch_history()
        taken = [event.event_type for event in history.events].count(SIGNALED)
        assert taken == (path != "/contact"), path

    await asyncio.gather(*(received(path, fields) for path, fields in SENT))


async def test_a_suggested_password_outlives_the_ledgers_absence(
    portal: Portal,
) -> None:
    browser = await portal.student(Language.EL)
    await portal.stands(browser, "/password")
    assert (await in_time(browser.get("/password"))).status_code == 200
    chosen = browser.hidden | {"suggestion": "2"}
    portal.ledger.suffer(Refuse())
    refused = await in_time(browser.http.post("/password", data=chosen))
    handed_back(refused, chosen, Language.EL)
    portal.ledger.heal()
    assert await send_again(browser, refused, chosen) == "/progress?received"
