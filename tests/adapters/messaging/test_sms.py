import asyncio
import json
import ssl
import tomllib
from asyncio import StreamReader, StreamWriter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.errors import AdapterError, Unavailable
from adapters.messaging.sms import SmsGateway, SmsGateways
from domain.contracts.message_io import Delivery
from settings.section import SMS_PRESETS
from settings.systems import Sms
from tests.adapters.gateway import (
    TEXT,
    TO,
    Gateway,
    Talk,
    break_off,
    cut,
    drip,
    fail,
    hang,
    send,
    talking,
)
from tests.stack import TestStack

MENDING = timedelta(seconds=45)


async def test_a_message_arrives_as_it_was_written(gateway: Gateway, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("sesame\n")
    settings = Sms(url=gateway.url, token_file=token, sender='The "U"', ok_pattern="accepted")
    assert await send(settings) is Delivery.SENT
    ((_, headers, body),) = gateway.seen
    assert headers["Authorization"] == "Bearer sesame"
    assert json.loads(body) == {
        "to": TO,
        "text": TEXT,
        "from": 'The "U"',
        "id": "A-7K3F-92QD:pin:1",
    }


async def test_a_gateway_may_take_it_all_in_the_address(gateway: Gateway) -> None:
    url = gateway.url + "?to={to}&text={text}&from={sender}&id={id}"
    assert await send(Sms(url=url, method="GET")) is Delivery.SENT
    ((path, _, body),) = gateway.seen
    assert "to=%2B306912345678&text=K%CE%A9" in path
    assert body == b""


async def test_each_gateway_is_told_its_own_address_for_receipts(gateway: Gateway) -> None:
    own = Sms(url=gateway.url, body='{"to": "{to}", "text": "{text}", "tell": "{receipt_url}"}')
    gateways = SmsGateways(own, own, receipts="https://portal.example/hooks/sms")
    gateway.status = 503
    with pytest.raises(Unavailable):
        await gateways.send(to=TO, content=TEXT, message_id="ab/c")
    await gateways.close()
    assert [json.loads(body)["tell"] for _, _, body in gateway.seen] == [
        "https://portal.example/hooks/sms/sms/ab%2Fc",
        "https://portal.example/hooks/sms/sms_fallback/ab%2Fc",
    ]


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_of_the_message_is_an_outcome(gateway: Gateway, status: int) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url)) is Delivery.UNDELIVERABLE


async def test_a_refusal_for_other_reasons_than_the_number_is_something_to_mend(
    gateway: Gateway,
) -> None:
    settings = Sms(url=gateway.url, refused_pattern="invalid number")
    gateway.status = 400
    gateway.body = '{"error": "unknown sender"}'
    told = await fail(settings)
    assert (told.message, told.wait) == ("CONFIGURATION: HTTP 400", MENDING)
    gateway.body = '{"error": "invalid number"}'
    assert await send(settings) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refusal_of_the_engine_is_tried_again_slowly(gateway: Gateway, status: int) -> None:
    gateway.status = status
    gateway.body = f"no credit to send to {TO}"
    told = await fail(Sms(url=gateway.url))
    assert (told.message, told.wait) == (f"CONFIGURATION: HTTP {status}", MENDING)
    gateway.status = 200
    assert await send(Sms(url=gateway.url)) is Delivery.SENT


@pytest.mark.parametrize("status", [302, 408, 425, 429, 500, 502, 503, 504])
async def test_a_gateway_in_trouble_is_tried_again_soon(gateway: Gateway, status: int) -> None:
    gateway.status = status
    gateway.body = f"failed for {TO}"
    told = await fail(Sms(url=gateway.url))
    assert (told.message, told.wait) == (f"SMS_DOWN: HTTP {status}", None)


@pytest.mark.parametrize(
    "body", ['{"error": "no credit"}', "<html>no credit</html>", '{"status": "acc', "", "\x00\xff"]
)
async def test_an_answer_without_the_expected_words_is_not_a_success(
    gateway: Gateway, body: str
) -> None:
    gateway.body = body
    assert (await fail(Sms(url=gateway.url, ok_pattern="accepted"))).message == "SMS_DOWN: HTTP 200"


async def test_an_answer_that_cannot_be_unpacked_is_not_a_success(gateway: Gateway) -> None:
    gateway.headers = {"Content-Encoding": "gzip"}
    told = await fail(Sms(url=gateway.url, ok_pattern="accepted"))
    assert told.message == "SMS_DOWN: DecodingError"


async def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    written = 0

    async def talk(_request: bytes, _reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async with talking(talk) as url:
        told = await fail(Sms(url=url, ok_pattern="accepted"))
    assert told.message == "SMS_DOWN: HTTP 200"
    # What the sockets between the two have room for comes on top.
    assert written < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta(seconds=1)),
        ("99999", timedelta(minutes=5)),
        ("Wed, 21 Oct 2099 07:28:00 GMT", timedelta(minutes=5)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(seconds=1)),
        ("soon", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_the_gateway_may_say_when(
    gateway: Gateway, status: int, asked: str, wait: timedelta | None
) -> None:
    gateway.status = status
    gateway.headers = {"Retry-After": asked}
    assert (await fail(Sms(url=gateway.url))).wait == wait


async def test_a_date_to_wait_for_is_read_in_its_own_zone(gateway: Gateway) -> None:
    gateway.status = 503
    later = datetime.now(UTC) + timedelta(minutes=2)
    gateway.headers = {"Retry-After": format_datetime(later, usegmt=True)}
    wait = (await fail(Sms(url=gateway.url))).wait
    assert wait
    assert timedelta(minutes=1) < wait <= timedelta(minutes=2)


@pytest.mark.parametrize("apart", [-600, 600])
async def test_a_date_to_wait_for_is_of_the_gateways_clock(gateway: Gateway, apart: int) -> None:
    """Whichever of the two is wrong."""
    now = datetime.now(UTC) + timedelta(seconds=apart)
    gateway.status, gateway.date = 429, format_datetime(now, usegmt=True)
    asked = format_datetime(now + timedelta(seconds=90), usegmt=True)
    gateway.headers = {"Retry-After": asked}
    assert (await fail(Sms(url=gateway.url))).wait == timedelta(seconds=90)


async def test_a_gateway_that_tells_no_time_is_believed_to_have_ours(gateway: Gateway) -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    gateway.status, gateway.date = 429, "just now"
    gateway.headers = {"Retry-After": format_datetime(later, usegmt=True)}
    wait = (await fail(Sms(url=gateway.url))).wait
    assert wait
    assert timedelta(seconds=60) < wait <= timedelta(seconds=90)


async def test_a_gateway_that_asked_to_wait_is_left_in_peace_by_every_message(
    gateway: Gateway,
) -> None:
    gateway.status, gateway.headers = 429, {"Retry-After": "200"}
    sms = SmsGateway(Sms(url=gateway.url))
    waits = []
    for message_id in ("A:pin:1", "B:pin:1"):
        with pytest.raises(AdapterError) as raised:
            await sms.send(to=TO, content=TEXT, message_id=message_id)
        assert raised.value.type == "SMS_DOWN"
        waits.append(raised.value.wait or timedelta())
    await sms.close()
    assert len(gateway.seen) == 1
    assert timedelta(seconds=100) < waits[1] < waits[0] == timedelta(seconds=200)


async def test_after_the_wait_it_is_asked_again(gateway: Gateway) -> None:
    gateway.status, gateway.headers = 429, {"Retry-After": "0"}
    sms = SmsGateway(Sms(url=gateway.url))
    with pytest.raises(AdapterError) as raised:
        await sms.send(to=TO, content=TEXT, message_id="A:pin:1")
    gateway.status = 200
    assert raised.value.wait
    await asyncio.sleep(raised.value.wait.total_seconds())
    assert await sms.send(to=TO, content=TEXT, message_id="A:pin:1") is Delivery.SENT
    await sms.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/send", "http://gateway.invalid/send"])
async def test_an_absent_gateway_is_told_as_such(url: str) -> None:
    assert (await fail(Sms(url=url))).message == "SMS_DOWN: ConnectError"


@pytest.mark.parametrize("talk", [cut, break_off, hang, drip])
async def test_a_message_of_unknown_fate_is_tried_again(talk: Talk) -> None:
    async with talking(talk) as url:
        told = await fail(Sms(url=url, timeout_seconds=0.5))
    assert (told.type, told.wait) == ("SMS_DOWN", None)


async def test_a_gateway_that_cannot_be_trusted_hears_nothing(stack: TestStack) -> None:
    assert stack.settings.mail.ca_file
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    folder = stack.settings.mail.ca_file.parent
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    async with talking(hang, tls) as url:
        told = await fail(Sms(url=url))
        assert told.message == "CONFIGURATION: certificate not trusted"
        assert told.wait == MENDING
        # No TLS at all is no certificate to mend.
        assert (await fail(Sms(url=url.replace("https", "http")))).type == "SMS_DOWN"


async def test_a_form_is_filled_in_as_forms_are(gateway: Gateway, secret: Path) -> None:
    given = {"preset": "twilio", "url": gateway.url, "token_file": secret, "username": "AC1"}
    gateway.body = '{"sid": "1"}'
    assert await send(Sms.model_validate(given)) is Delivery.SENT
    ((_, headers, body),) = gateway.seen
    assert headers["Authorization"].startswith("Basic ")
    assert body.startswith(b"To=%2B306912345678&From=UNIVERSITY&Body=K%CE%A9")


def test_every_preset_is_complete_and_an_unknown_one_is_refused() -> None:
    for name in tomllib.loads(SMS_PRESETS.read_text("utf-8")):
        preset = Sms.model_validate({"preset": name})
        assert preset.url.startswith("https://")
        assert "{receipt_url}" in preset.body
        assert preset.receipt_field
    with pytest.raises(ValidationError, match="no such preset; there are apifon"):
        Sms.model_validate({"preset": "pigeon"})


@pytest.mark.parametrize(
    ("status", "certain"), [(429, True), (503, True), (401, True), (500, False), (504, False)]
)
async def test_an_error_says_whether_the_message_was_certainly_not_taken(
    gateway: Gateway, status: int, certain: bool
) -> None:
    gateway.status = status
    assert (await fail(Sms(url=gateway.url))).not_sent is certain
    assert (await fail(Sms(url="http://127.0.0.1:9/send"))).not_sent
    async with talking(cut) as url:
        assert not (await fail(Sms(url=url))).not_sent
