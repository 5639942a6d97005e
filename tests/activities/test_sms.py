import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.sms import SmsGateway
from domain.contracts import Delivery
from settings import Sms

TO = "+306912345678"
TEXT = 'KΩΔIKOΣ "012345"\n\n@portal.example #012345'


@dataclass
class Gateway:
    """A real HTTP server that answers as it is told and keeps what it was sent."""

    status: int = 200
    body: str = '{"status": "accepted"}'
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.seen.append((self.path, dict(self.headers), body))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.body.encode())

        do_GET = do_POST  # noqa: N815 - as above

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/send"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


async def send(settings: Sms) -> Delivery:
    sms = SmsGateway(settings)
    try:
        return await sms.send(to=TO, text=TEXT, message_id="A-7K3F-92QD:pin:1")
    finally:
        await sms.close()


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


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_of_the_message_is_an_outcome(gateway: Gateway, status: int) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url)) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "CONFIGURATION"),
        (403, "CONFIGURATION"),
        (408, "SMS_DOWN"),
        (425, "SMS_DOWN"),
        (429, "SMS_DOWN"),
        (500, "SMS_DOWN"),
        (503, "SMS_DOWN"),
        (302, "SMS_DOWN"),
    ],
)
async def test_every_other_answer_is_tried_again(gateway: Gateway, status: int, kind: str) -> None:
    gateway.status = status
    gateway.body = f"failed for {TO}"
    with pytest.raises(ApplicationError) as raised:
        await send(Sms(url=gateway.url))
    assert raised.value.message == f"{kind}: HTTP {status}"
    assert raised.value.type == kind
    assert not raised.value.non_retryable


async def test_an_answer_without_the_expected_words_is_not_a_success(gateway: Gateway) -> None:
    gateway.body = '{"error": "no credit"}'
    with pytest.raises(ApplicationError) as raised:
        await send(Sms(url=gateway.url, ok_pattern="accepted"))
    assert raised.value.type == "SMS_DOWN"


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
async def test_the_gateway_may_say_when(
    gateway: Gateway, asked: str, wait: timedelta | None
) -> None:
    gateway.status = 429
    gateway.headers = {"Retry-After": asked}
    with pytest.raises(ApplicationError) as raised:
        await send(Sms(url=gateway.url))
    assert raised.value.next_retry_delay == wait


async def test_an_absent_gateway_is_told_as_such() -> None:
    with pytest.raises(ApplicationError) as raised:
        await send(Sms(url="http://127.0.0.1:9/send"))
    assert raised.value.type == "SMS_DOWN"
    assert TO not in repr(raised.value)
