"""Gateways say what became of a message; nobody else can, and nobody learns anything there."""

import json
import secrets
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from domain.contracts.vocabulary import Step, WaitReason
from domain.receipts import Receipt
from ledger import messages, receipts
from postgres import Pool
from security import receipt_tokens
from settings import Settings
from settings.systems import Sms
from starter.portal.receipts import RECEIPTS
from tests.faults.proxy import Refuse
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_outages import Portal, client, portal

__all__ = ["client", "portal"]

NUMBER = "+306912345678"


def hook(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 50000))
    return httpx.AsyncClient(transport=transport, base_url=HOST)


@pytest.fixture
def key() -> str:
    return messages.pin_key(f"A-{secrets.token_hex(4)}", 1)


@pytest.fixture
def app(make_app: Callable[[Settings], FastAPI], settings: Settings) -> FastAPI:
    """Return a portal with two gateways: one calls an address a message, one a fixed address."""
    first = settings.sms.model_copy(update={"receipt_field": "data.0.status"})
    own = {"receipt_field": "state", "receipt_id_field": "ref", "receipt_states": {"7": "failed"}}
    second = Sms.model_validate({**settings.sms.model_dump(), **own})
    return make_app(settings.model_copy(update={"sms": first, "sms_fallback": second}))


async def test_a_receipt_is_written_before_its_message_and_late_ones_change_nothing(
    app: FastAPI, stack: TestStack, pool: Pool, key: str
) -> None:
    path = f"/hooks/sms/sms/{receipt_tokens.token(stack.keys, key)}"

    async def state(said: object) -> Receipt | None:
        answer = await gateway.post(path, json={"data": [{"to": NUMBER, "status": said}]})
        assert (answer.status_code, answer.content) == (204, b"")
        known = await receipts.of(pool, stack.keys, [key])
        return known[key].state if known else None

    async with hook(app) as gateway:
        assert [
            await state(said)
            for said in ("?", "sent", "EXPIRED", "sent", "failed", "DELIVRD", "failed", "sent")
        ] == [
            None,
            *(Receipt.PENDING, Receipt.EXPIRED, Receipt.EXPIRED, Receipt.FAILED),
            *(Receipt.DELIVERED, Receipt.DELIVERED, Receipt.DELIVERED),
        ]
    counted = {str(each): RECEIPTS.labels("sms", each)._value.get() for each in COUNTED}
    assert min(counted.values()) >= 1, counted


async def test_gateways_call_by_get_by_form_and_at_one_address(
    app: FastAPI, stack: TestStack, pool: Pool, key: str
) -> None:
    token = receipt_tokens.token(stack.keys, key)
    form = {"ref": token, "state": "7", "msisdn": NUMBER}
    async with hook(app) as gateway:
        for forged in ({**form, "ref": token[::-1]}, {"state": "7"}):
            assert (await gateway.post("/hooks/sms/sms_fallback", data=forged)).status_code == 404
        assert (await gateway.post("/hooks/sms/sms_fallback", data=form)).status_code == 204
        assert (await receipts.of(pool, stack.keys, [key]))[key].state is Receipt.FAILED
        query = {"ref": token, "state": "delivered"}
        assert (await gateway.get("/hooks/sms/sms_fallback", params=query)).status_code == 204
    assert (await receipts.of(pool, stack.keys, [key]))[key].state is Receipt.DELIVERED


async def test_a_thief_writes_nothing_and_learns_nothing(
    app: FastAPI, stack: TestStack, pool: Pool, key: str
) -> None:
    token, before = receipt_tokens.token(stack.keys, key), await rows(pool)
    forged = token[:32] + secrets.token_hex(16)
    told = {"data": [{"status": "delivered"}]}
    with capture_logs() as logs:
        async with hook(app) as thief:
            answers = [
                await thief.post(f"/hooks/sms/{path}", json=told)
                for path in (
                    *(f"sms/{forged}", f"sms/{secrets.token_hex(32)}", "sms/", "sms", "sms/x"),
                    *(f"pigeon/{token}", f"mail/{token}", f"sms/{token}/more", f"SMS/{token}"),
                    "sms/%00",
                )
            ]
            assert {answer.status_code for answer in answers} == {404}
            assert len({answer.content for answer in answers[:2]}) == 1
            methods = [await thief.request(each, f"/hooks/sms/sms/{token}") for each in ODD]
            assert {answer.status_code for answer in methods} == {405}
            too_large = b"{" + b" " * 20_000
            assert (
                await thief.post(f"/hooks/sms/sms/{token}", content=too_large)
            ).status_code == 413
            for body in (b"[" * 9000, b"\xff\x00{", b"9" * 5000, b'{"data":[{"status":{}}]}', b""):
                for kind in ("application/json", "text/plain", "multipart/form-data"):
                    headers = {"Content-Type": kind}
                    sent = await thief.post(
                        f"/hooks/sms/sms/{token}?status=delivered", content=body, headers=headers
                    )
                    assert sent.status_code == 204
    assert await rows(pool) == before
    assert NUMBER not in json.dumps(logs)
    assert "set-cookie" not in answers[0].headers


COUNTED = (*Receipt, "unreadable")
ODD = ("PUT", "DELETE", "PATCH", "OPTIONS")


async def rows(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM receipt"))


async def test_a_gateway_comes_again_after_an_outage_of_the_ledger(
    portal: Portal, pool: Pool, stack: TestStack, key: str
) -> None:
    path = f"/hooks/sms/sms/{receipt_tokens.token(stack.keys, key)}"
    told = {"status": "delivered"}
    async with hook(portal.app) as gateway:
        portal.ledger.suffer(Refuse())
        refused = await gateway.post(path, json=told)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert (await gateway.post("/hooks/sms/sms/forged", json=told)).status_code == 404
        portal.ledger.heal()
        assert (await gateway.post(path, json=told)).status_code == 204
    assert (await receipts.of(pool, stack.keys, [key]))[key].state is Receipt.DELIVERED


async def test_no_receipts_are_taken_where_no_field_is_set(
    make_app: Callable[[Settings], FastAPI], settings: Settings, stack: TestStack, key: str
) -> None:
    sms = settings.sms.model_copy(update={"receipt_field": ""})
    async with hook(make_app(settings.model_copy(update={"sms": sms}))) as gateway:
        path = f"/hooks/sms/sms/{receipt_tokens.token(stack.keys, key)}"
        assert (await gateway.post(path, json={"status": "delivered"})).status_code == 404


SAYS = {
    Receipt.PENDING: None,
    Receipt.DELIVERED: "ο πάροχος μάς ενημέρωσε ότι το μήνυμα παραδόθηκε.",
    Receipt.EXPIRED: "δεν ήταν δυνατή η επικοινωνία",
    Receipt.FAILED: "ότι το μήνυμα δεν μπόρεσε να παραδοθεί στο",
}


@pytest.mark.parametrize("disclosure", ["explicit", "uniform"])
async def test_the_student_sees_what_became_of_the_newest_message(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    engine: MemoryEngine,
    pool: Pool,
    *,
    disclosure: str,
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": disclosure})
    browser = Browser(make_app(settings.model_copy(update={"portal": portal})))
    waits = at(Step.PIN, WaitReason.WAITING_PIN)
    assert waits.pin
    await browser.give_contact()
    reference = engine.started[0].reference
    mark = "none"
    for number, (state, text) in enumerate(SAYS.items(), 1):
        pin = waits.pin.model_copy(update={"send_no": number})
        engine.put(reference, waits.model_copy(update={"pin": pin}))
        index = receipt_tokens.index_of(browser.keys, messages.pin_key(reference, number))
        seen = await browser.http.get("/pin", headers={"If-None-Match": "none"})
        mark = seen.headers.get("etag", "")
        await receipts.record(pool, index, state)
        page = (await browser.get("/pin")).text
        for each in filter(None, SAYS.values()):
            assert (each in page) == (each == text and disclosure == "explicit"), (state, each)
        if disclosure == "explicit":
            news = await browser.http.get("/pin", headers={"If-None-Match": mark})
            assert news.status_code == 200
            again = await browser.http.get("/pin", headers={"If-None-Match": news.headers["etag"]})
            assert again.status_code == 304
