"""Temporal's page reads payloads for a signed-in operator; nobody else, and never a secret."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from domain.contracts.message_io import MailSupportRequest
from domain.contracts.submissions import ActivationStart, InsuranceSubmission, PinSubmission
from ledger import audit, budgets, staff_sessions
from ledger.staff_sessions import SignedIn
from postgres import Pool
from settings import Settings
from support.verbs.payloads import SEALED, UNREADABLE
from support.verbs.staff import Action
from tests.stack import TestStack
from tests.support.console.conftest import HOST, MakeApp
from web.limits import RateLimits

UI = "http://127.0.0.1:8233"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    console = settings.console.model_copy(update={"temporal_ui_url": UI + "/"})
    return settings.model_copy(update={"console": console})


class Page:
    """Temporal's page in a browser where somebody of this role is signed in at the console."""

    def __init__(self, app: FastAPI, token: str | None, name: str) -> None:
        self.name = name
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=HOST, cookies={"desk": token or ""}
        )

    async def ask(self, payloads: list[Payload], **headers: str) -> httpx.Response:
        body = json_format.MessageToJson(Payloads(payloads=payloads))
        usual = {"origin": UI, "content-type": "application/json", "x-namespace": "activation"}
        return await self.http.post("/codec/decode", content=body, headers=usual | headers)


async def page(
    app: FastAPI, pool: Pool, *roles: str, departments: tuple[str, ...] | None = None
) -> Page:
    token, name = token_hex(32), f"olga{token_hex(4)}"
    await staff_sessions.create(
        pool, app.state.context.keys, token, SignedIn(name, roles, departments)
    )
    return Page(app, token, name)


async def test_reading_there_does_not_keep_the_session_alive(
    app: FastAPI, pool: Pool, client: Client, reference: str
) -> None:
    """Temporal's page asks again by itself as long as it is open."""
    ui = await page(app, pool, "operator")
    seen = "SELECT seen_at FROM staff_session WHERE name = $1"
    before = await pool.fetchval(
        "UPDATE staff_session SET seen_at = now() - interval '5 min' WHERE name = $1"
        " RETURNING seen_at",
        ui.name,
    )
    start = ActivationStart(reference=reference, mobile="+306912345678")
    assert (await ui.ask(await boxes(client, reference, start))).status_code == 200
    assert await pool.fetchval(seen, ui.name) == before


async def boxes(client: Client, reference: str, *values: Any) -> list[Payload]:
    context = WorkflowSerializationContext(namespace=client.namespace, workflow_id=reference)
    return await client.data_converter.with_context(context).encode(values)


def read(answer: httpx.Response) -> list[Any]:
    return [json.loads(b64decode(one["data"])) for one in answer.json()["payloads"]]


async def test_an_operator_reads_all_but_what_proves_who_a_student_is(
    app: FastAPI, pool: Pool, client: Client, stack: TestStack, reference: str
) -> None:
    stamp = {"submission_id": "1", "received_at": datetime.now(UTC)}
    sent = await boxes(
        client,
        reference,
        ActivationStart(reference=reference, mobile="+306912345678"),
        PinSubmission(pin="482913", **stamp),
        InsuranceSubmission(scheme="GR", number="01017012345", **stamp),
        None,
    )
    old = Payload(metadata={**sent[0].metadata, "workflow": b""}, data=sent[0].data)
    other = Payload(metadata={**sent[0].metadata, "workflow": b"A-0000-0000"}, data=sent[0].data)
    operator = await page(app, pool, "operator")
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"pin"')
    answer = await operator.ask([*sent[:3], old, other, plain])
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    start, pin, insurance, *unread = read(answer)
    assert start["mobile"] == "+306912345678"
    assert (pin["kind"], pin["pin"]) == ("pin", SEALED)
    assert (insurance["scheme"], insurance["number"]) == ("GR", SEALED)
    assert unread == [UNREADABLE, UNREADABLE, "pin"]
    assert (await operator.ask(sent[3:])).status_code == 200
    await operator.ask(sent)
    rows = await audit.page(pool, stack.keys, actor=operator.name)
    assert [(row.action, row.reference) for row in rows] == [(Action.DECODE, reference)]


async def test_nobody_else_reads_anything(
    app: FastAPI, pool: Pool, client: Client, reference: str
) -> None:
    sent = await boxes(client, reference, ActivationStart(reference=reference))
    operator = await page(app, pool, "operator")
    statuses = {
        "signed out": (await Page(app, None, "").ask(sent)).status_code,
        "helpdesk": (await (await page(app, pool, "helpdesk")).ask(sent)).status_code,
        "no origin": (await operator.ask(sent, origin="")).status_code,
        "origin": (await operator.ask(sent, origin=UI + ".evil.example")).status_code,
        "form": (await operator.ask(sent, **{"content-type": "text/plain"})).status_code,
        "namespace": (await operator.ask(sent, **{"x-namespace": "other"})).status_code,
        "encode": (await operator.http.post("/codec/encode", json={})).status_code,
        "garbage": (
            await operator.http.post(
                "/codec/decode", json=[1], headers={"origin": UI, "x-namespace": "activation"}
            )
        ).status_code,
    }
    assert statuses == {
        "signed out": 401,
        "helpdesk": 403,
        "no origin": 403,
        "origin": 403,
        "form": 415,
        "namespace": 400,
        "encode": 404,
        "garbage": 400,
    }


async def test_an_operator_of_some_departments_reads_theirs(
    app: FastAPI, pool: Pool, client: Client, reference: str
) -> None:
    query = "INSERT INTO activation (reference, language, department) VALUES ($1, 'el', $2)"
    other = f"{reference[:-1]}{'8' if reference[-1] == '9' else '9'}"
    await pool.execute(query, reference, "401")
    await pool.execute(query, other, "402")
    sent = [
        *await boxes(client, reference, ActivationStart(reference=reference)),
        *await boxes(client, other, ActivationStart(reference=other)),
        *await boxes(client, "support-5f0e", MailSupportRequest(request_id="5f0e")),
    ]
    operator = await page(app, pool, "operator", departments=("401",))
    theirs, *others = read(await operator.ask(sent))
    assert theirs["reference"] == reference
    assert others == [UNREADABLE, UNREADABLE]


async def test_a_long_history_is_read_at_once(
    app: FastAPI, pool: Pool, client: Client, reference: str
) -> None:
    sent = await boxes(client, reference, *[ActivationStart(reference=reference)] * 200)
    operator = await page(app, pool, "operator")
    assert len(read(await operator.ask(sent))) == 200
    assert (await operator.http.post("/sign-in", content=b"x" * 20_000)).status_code == 413


async def test_only_that_page_may_ask_with_the_cookie(app: FastAPI) -> None:
    http = Page(app, None, "").http
    asked = {"origin": UI, "access-control-request-method": "POST"}
    allowed = await http.options("/codec/decode", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, UI)
    assert "x-namespace" in allowed.headers["access-control-allow-headers"]
    refused = await http.options("/codec/decode", headers=asked | {"origin": HOST})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


async def test_who_decodes_too_many_workflows_is_stopped(
    make_app: MakeApp, settings: Settings, pool: Pool, client: Client, stack: TestStack
) -> None:
    limits = settings.limits.model_copy(update={"decodes_per_staff": 2})
    app = make_app(settings.model_copy(update={"limits": limits}))
    operator = await page(app, pool, "operator")
    asked = [
        await boxes(client, reference, ActivationStart(reference=reference))
        for reference in ("A-DCDE-0001", "A-DCDE-0002", "A-DCDE-0003")
    ]
    answers = [await operator.ask(sent) for sent in (asked[0], asked[0], asked[1], asked[2])]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["access-control-allow-origin"] == UI
    assert "payloads" not in answers[-1].json()
    rows = await audit.page(pool, stack.keys, actor=operator.name)
    assert [(row.action, row.reference) for row in rows] == [
        (audit.REFUSED, None),
        (Action.DECODE, "A-DCDE-0002"),
        (Action.DECODE, "A-DCDE-0001"),
    ]


async def test_who_sends_too_many_payloads_is_told_so_as_a_script_reads_it_and_may_send_forms(
    make_app: MakeApp, settings: Settings, pool: Pool, client: Client
) -> None:
    limits = settings.limits.model_copy(update={"posts_per_session": 2})
    app = make_app(settings.model_copy(update={"limits": limits}))
    operator = await page(app, pool, "operator")
    sent = await boxes(client, "A-DCDE-0004", ActivationStart(reference="A-DCDE-0004"))
    answers = [await operator.ask(sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["access-control-allow-origin"] == UI
    assert answers[-1].json()["message"]
    rates = RateLimits(pool, app.state.context.keys, limits)
    forms = rates.of_session(operator.http.cookies["desk"]).bucket
    assert await budgets.used(pool, forms) == 0
