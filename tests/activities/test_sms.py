import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
import tomllib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from activities import failures
from activities.sms import SmsGateway, SmsGateways
from domain.contracts.requests import Delivery
from settings import SMS_PRESETS, Sms
from tests.stack import TestStack

Talk: TypeAlias = Callable[[bytes, StreamReader, StreamWriter], Awaitable[None]]
MENDING = timedelta(seconds=45)
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
    secret: str = ""
    tokens: list[str] = field(default_factory=list)
    token_status: int = 200
    token_life: float = 3600

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
        """Say what a gateway that checks its callers would."""
        authorization = headers.get("Authorization", "")
        if path == "/signed":
            said = f"{method}\n{path}\n{body.decode()}\n{headers['X-ApifonWS-Date']}"
            digest = hmac.new(self.secret.encode(), said.encode(), hashlib.sha256).digest()
            right = f"ApifonWS engine:{base64.b64encode(digest).decode()}"
            return self.status if authorization == right else 401
        if path == "/oauth":
            good = self.tokens and authorization == f"Bearer {self.tokens[-1]}"
            return self.status if good else 401
        return self.status

    def token(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Give a new token to who knows the client's secret."""
        right = base64.b64encode(f"engine:{self.secret}".encode()).decode()
        if headers.get("Authorization") != f"Basic {right}":
            return 401, "{}"
        assert body == b"grant_type=client_credentials"
        self.tokens.append(f"token-{len(self.tokens)}")
        given = {"access_token": self.tokens[-1], "expires_in": self.token_life}
        return self.token_status, json.dumps(given)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as made:
        yield made


@contextmanager
def running() -> Iterator[Gateway]:
    made = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = dict(self.headers)
            if self.path == "/token":
                status, text = made.token(headers, body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())
                return
            made.seen.append((self.path, headers, body))
            self.send_response(made.answer(self.command, self.path, headers, body))
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


@asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve at an address, byte by byte as `talk` says once it has a request."""
    talks: set[asyncio.Task[Any]] = set()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        this = asyncio.current_task()
        assert this
        talks.add(this)
        try:
            await talk(await request_on(reader), reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # Hung up: by the engine, or because the test is over.
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}/send"
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks)


async def request_on(reader: StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
    return head + await reader.readexactly(int(length or 0))


async def hang(_request: bytes, reader: StreamReader, _writer: StreamWriter) -> None:
    """Accept, and never answer: wait until the other side gives up."""
    await reader.read()


async def send(*settings: Sms) -> Delivery:
    first, fallback = (*settings, None)[:2]
    assert first
    sms = SmsGateways(first, fallback)
    try:
        return await sms.send(to=TO, text=TEXT, message_id="A-7K3F-92QD:pin:1")
    finally:
        await sms.close()


async def fail(*settings: Sms) -> ApplicationError:
    """Return how it failed: in words that quote nobody, and never for good."""
    with pytest.raises(ApplicationError) as raised:
        await send(*settings)
    for secret in (TO, TO[1:], "012345", "no credit"):
        assert secret not in repr(raised.value)
    assert raised.value.__suppress_context__
    assert not raised.value.non_retryable
    return raised.value


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


async def test_a_refusal_for_other_reasons_than_the_number_is_something_to_mend(
    gateway: Gateway,
) -> None:
    settings = Sms(url=gateway.url, refused_pattern="invalid number")
    gateway.status = 400
    gateway.body = '{"error": "unknown sender"}'
    told = await fail(settings)
    assert (told.message, told.next_retry_delay) == ("CONFIGURATION: HTTP 400", MENDING)
    gateway.body = '{"error": "invalid number"}'
    assert await send(settings) is Delivery.UNDELIVERABLE


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refusal_of_the_engine_is_tried_again_slowly(gateway: Gateway, status: int) -> None:
    gateway.status = status
    gateway.body = f"no credit to send to {TO}"
    told = await fail(Sms(url=gateway.url))
    assert (told.message, told.next_retry_delay) == (f"CONFIGURATION: HTTP {status}", MENDING)
    gateway.status = 200
    assert await send(Sms(url=gateway.url)) is Delivery.SENT


@pytest.mark.parametrize("status", [302, 408, 425, 429, 500, 502, 503, 504])
async def test_a_gateway_in_trouble_is_tried_again_soon(gateway: Gateway, status: int) -> None:
    gateway.status = status
    gateway.body = f"failed for {TO}"
    told = await fail(Sms(url=gateway.url))
    assert (told.message, told.next_retry_delay) == (f"SMS_DOWN: HTTP {status}", None)


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
    assert (await fail(Sms(url=gateway.url))).next_retry_delay == wait


async def test_a_date_to_wait_for_is_read_in_its_own_zone(gateway: Gateway) -> None:
    gateway.status = 503
    later = datetime.now(UTC) + timedelta(minutes=2)
    gateway.headers = {"Retry-After": format_datetime(later, usegmt=True)}
    wait = (await fail(Sms(url=gateway.url))).next_retry_delay
    assert wait
    assert timedelta(minutes=1) < wait <= timedelta(minutes=2)


async def test_a_gateway_that_asked_to_wait_is_left_in_peace_by_every_message(
    gateway: Gateway,
) -> None:
    gateway.status, gateway.headers = 429, {"Retry-After": "200"}
    sms = SmsGateway(Sms(url=gateway.url))
    waits = []
    for message_id in ("A:pin:1", "B:pin:1"):
        with pytest.raises(ApplicationError) as raised:
            await sms.send(to=TO, text=TEXT, message_id=message_id)
        assert raised.value.type == "SMS_DOWN"
        waits.append(raised.value.next_retry_delay or timedelta())
    await sms.close()
    assert len(gateway.seen) == 1
    assert timedelta(seconds=100) < waits[1] < waits[0] == timedelta(seconds=200)


async def test_after_the_wait_it_is_asked_again(gateway: Gateway) -> None:
    gateway.status, gateway.headers = 429, {"Retry-After": "0"}
    sms = SmsGateway(Sms(url=gateway.url))
    with pytest.raises(ApplicationError) as raised:
        await sms.send(to=TO, text=TEXT, message_id="A:pin:1")
    gateway.status = 200
    assert raised.value.next_retry_delay
    await asyncio.sleep(raised.value.next_retry_delay.total_seconds())
    assert await sms.send(to=TO, text=TEXT, message_id="A:pin:1") is Delivery.SENT
    await sms.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/send", "http://gateway.invalid/send"])
async def test_an_absent_gateway_is_told_as_such(url: str) -> None:
    assert (await fail(Sms(url=url))).message == "SMS_DOWN: ConnectError"


async def cut(_request: bytes, _reader: StreamReader, _writer: StreamWriter) -> None:
    """Take the message and hang up: nobody can tell whether it goes out."""


async def break_off(_request: bytes, _reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\naccepted")
    await writer.drain()
    await asyncio.sleep(0.1)


async def drip(_request: bytes, _reader: StreamReader, writer: StreamWriter) -> None:
    """Be quick enough for every single piece, but never end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("talk", [cut, break_off, hang, drip])
async def test_a_message_of_unknown_fate_is_tried_again(talk: Talk) -> None:
    async with talking(talk) as url:
        told = await fail(Sms(url=url, timeout_seconds=0.5))
    assert (told.type, told.next_retry_delay) == ("SMS_DOWN", None)


async def test_a_gateway_that_cannot_be_trusted_hears_nothing(stack: TestStack) -> None:
    assert stack.settings.mail.ca_file
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    folder = stack.settings.mail.ca_file.parent
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    async with talking(hang, tls) as url:
        told = await fail(Sms(url=url))
        assert told.message == "CONFIGURATION: certificate not trusted"
        assert told.next_retry_delay == MENDING
        # No TLS at all is no certificate to mend.
        assert (await fail(Sms(url=url.replace("https", "http")))).type == "SMS_DOWN"


# --- the other gateway ---------------------------------------------------------------------


@pytest.fixture
def other() -> Iterator[Gateway]:
    with running() as made:
        yield made


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_the_other_gateway_helps_out_within_the_same_try(
    gateway: Gateway, other: Gateway, status: int
) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url), Sms(url=other.url)) is Delivery.SENT
    assert [json.loads(each.seen[0][2]) for each in (gateway, other)] == [
        {"to": TO, "text": TEXT, "from": "UNIVERSITY", "id": "A-7K3F-92QD:pin:1"}
    ] * 2


@pytest.mark.parametrize("talk", [cut, hang, drip])
async def test_a_message_of_unknown_fate_goes_to_the_other_gateway_too(
    other: Gateway, talk: Talk
) -> None:
    async with talking(talk) as url:
        first = Sms(url=url, timeout_seconds=0.5)
        assert await send(first, Sms(url=other.url)) is Delivery.SENT
    assert json.loads(other.seen[0][2])["text"] == TEXT


@pytest.mark.parametrize(("status", "outcome"), [(200, "sent"), (400, "undeliverable")])
async def test_what_the_first_gateway_decides_stands(
    gateway: Gateway, other: Gateway, status: int, outcome: str
) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url), Sms(url=other.url)) == outcome
    assert other.seen == []


async def test_of_two_failures_the_one_that_may_be_tried_again_sooner_is_told(
    gateway: Gateway, other: Gateway
) -> None:
    both = Sms(url=gateway.url), Sms(url=other.url)
    gateway.status, other.status = 401, 503
    assert (await fail(*both)).message == "SMS_DOWN: HTTP 503"
    gateway.status, other.status = 503, 401
    assert (await fail(*both)).message == "SMS_DOWN: HTTP 503"
    other.status, other.headers = 429, {"Retry-After": "200"}
    gateway.headers = {"Retry-After": "7"}
    told = await fail(*both)
    assert (told.message, told.next_retry_delay) == ("SMS_DOWN: HTTP 503", timedelta(seconds=7))


async def test_operators_hear_of_each_cause_once_and_of_no_student(
    gateway: Gateway, other: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "_alarmed", {})
    both = Sms(url=gateway.url), Sms(url=other.url)
    with capture_logs() as lines:
        for status in (401, 401, 503, 503, 401):
            gateway.status = status
            assert await send(*both) is Delivery.SENT
    told = [(line["event"], line["log_level"], line["outcome"]) for line in lines]
    assert told == [
        ("trouble outside", "error", "CONFIGURATION: HTTP 401"),
        ("trouble outside", "error", "SMS_DOWN: HTTP 503"),
    ]


# --- how the engine proves itself ----------------------------------------------------------


@pytest.fixture
def secret(gateway: Gateway, tmp_path: Path) -> Path:
    gateway.secret = "sesame"
    file = tmp_path / "secret"
    file.write_text("sesame\n")
    return file


def at(gateway: Gateway, path: str) -> str:
    return gateway.url.removesuffix("/send") + path


async def test_a_signature_over_method_path_text_and_time_is_taken(
    gateway: Gateway, secret: Path
) -> None:
    given = {"preset": "apifon", "url": at(gateway, "/signed"), "token_file": secret}
    settings = Sms.model_validate({**given, "username": "engine"})
    gateway.body = '{"result_info": {"status_code": 200}}'
    assert await send(settings) is Delivery.SENT
    ((_, _, body),) = gateway.seen
    assert json.loads(body) == {
        "subscribers": [{"number": "306912345678"}],
        "message": {"text": TEXT, "sender_id": "UNIVERSITY"},
    }
    gateway.secret = "another"
    with pytest.raises(ApplicationError) as raised:
        await send(settings)
    assert raised.value.type == "CONFIGURATION"


def oauth(gateway: Gateway, secret: Path) -> Sms:
    return Sms.model_validate(
        {
            "preset": "routee",
            "url": at(gateway, "/oauth"),
            "token_url": at(gateway, "/token"),
            "token_file": secret,
            "username": "engine",
            "ok_pattern": "accepted",
        }
    )


async def send_twice(settings: Sms, gateway: Gateway, between: str) -> None:
    sms = SmsGateway(settings)
    try:
        await sms.send(to=TO, text=TEXT, message_id="1")
        if between == "revoke":
            gateway.tokens.append("only the gateway knows this one")
        assert await sms.send(to=TO, text=TEXT, message_id="2") is Delivery.SENT
    finally:
        await sms.close()


async def test_a_token_is_fetched_once_while_it_lives(gateway: Gateway, secret: Path) -> None:
    await send_twice(oauth(gateway, secret), gateway, "nothing")
    assert gateway.tokens == ["token-0"]


async def test_a_token_about_to_expire_is_fetched_anew(gateway: Gateway, secret: Path) -> None:
    gateway.token_life = 1
    await send_twice(oauth(gateway, secret), gateway, "nothing")
    assert gateway.tokens == ["token-0", "token-1"]


async def test_a_token_the_gateway_refuses_is_dropped(gateway: Gateway, secret: Path) -> None:
    await send_twice(oauth(gateway, secret), gateway, "revoke")
    assert gateway.tokens[-1] == "token-2"


async def test_a_fresh_token_that_is_refused_is_something_to_mend(
    gateway: Gateway, secret: Path
) -> None:
    gateway.status = 401
    with pytest.raises(ApplicationError) as raised:
        await send(oauth(gateway, secret))
    assert raised.value.type == "CONFIGURATION"
    assert gateway.tokens == ["token-0"]


@pytest.mark.parametrize("status", [503, 429])
async def test_a_token_service_that_is_away_is_waited_for(
    gateway: Gateway, secret: Path, status: int
) -> None:
    gateway.token_status = status
    assert (await fail(oauth(gateway, secret))).message == f"SMS_DOWN: token HTTP {status}"


@pytest.mark.parametrize("auth", ["basic", "bearer", "header", "hmac", "oauth2"])
async def test_a_mended_secret_needs_no_restart(gateway: Gateway, secret: Path, auth: str) -> None:
    path = {"hmac": "/signed", "oauth2": "/oauth"}.get(auth, "/send")
    given = {"auth": auth, "token_file": secret, "username": "engine", "ok_pattern": "accepted"}
    given |= {"auth_scheme": "ApifonWS", "date_header": "X-ApifonWS-Date"}
    given |= {"url": at(gateway, path), "token_url": at(gateway, "/token")}
    put(secret, "old")
    sms = SmsGateway(Sms.model_validate(given))
    put(secret, "sesame\n")
    assert await sms.send(to=TO, text=TEXT, message_id="1") is Delivery.SENT
    ((_, headers, _),) = gateway.seen
    proofs = ("sesame", "ZW5naW5lOnNlc2FtZQ==", "ApifonWS engine:", "token-0")
    assert any(proof in headers["Authorization"] for proof in proofs)
    await sms.close()


def put(secret: Path, text: str) -> None:
    secret.write_text(text)


async def test_a_secret_that_went_away_is_something_to_mend(gateway: Gateway, secret: Path) -> None:
    sms = SmsGateway(Sms(url=gateway.url, token_file=secret))
    secret.unlink()  # noqa: ASYNC240 - a small file of the test's own
    with pytest.raises(ApplicationError, match="CONFIGURATION: FileNotFoundError"):
        await sms.send(to=TO, text=TEXT, message_id="1")
    await sms.close()


def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SmsGateway(Sms(url="http://127.0.0.1:9", token_file=tmp_path / "none"))


async def test_a_wrong_client_secret_is_something_to_mend(gateway: Gateway, secret: Path) -> None:
    gateway.secret = "another"
    with pytest.raises(ApplicationError) as raised:
        await send(oauth(gateway, secret))
    assert raised.value.type == "CONFIGURATION"
    assert "sesame" not in repr(raised.value)


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ("basic", "Authorization", "Basic ZW5naW5lOnNlc2FtZQ=="),
        ("header", "X-Api-Key", "sesame"),
        ("none", "Authorization", None),
    ],
)
async def test_simpler_ways(
    gateway: Gateway, secret: Path, auth: str, name: str, value: str | None
) -> None:
    given = {"url": gateway.url, "auth": auth, "token_file": secret, "username": "engine"}
    assert await send(Sms.model_validate({**given, "auth_header": "X-Api-Key"})) is Delivery.SENT
    ((_, headers, _),) = gateway.seen
    assert headers.get(name) == value


async def test_a_form_is_filled_in_as_forms_are(gateway: Gateway, secret: Path) -> None:
    given = {"preset": "twilio", "url": gateway.url, "token_file": secret, "username": "AC1"}
    gateway.body = '{"sid": "1"}'
    assert await send(Sms.model_validate(given)) is Delivery.SENT
    ((_, headers, body),) = gateway.seen
    assert headers["Authorization"].startswith("Basic ")
    assert body.startswith(b"To=%2B306912345678&From=UNIVERSITY&Body=K%CE%A9")


def test_every_preset_is_complete_and_an_unknown_one_is_refused() -> None:
    for name in tomllib.loads(SMS_PRESETS.read_text("utf-8")):
        assert Sms.model_validate({"preset": name}).url.startswith("https://")
    with pytest.raises(ValidationError, match="no such preset; there are apifon"):
        Sms.model_validate({"preset": "pigeon"})
