import base64
import hashlib
import hmac
import json
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from activities.sms import SmsGateway
from domain.contracts.requests import Delivery
from settings import SMS_PRESETS, Sms

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


@pytest.mark.parametrize(("status", "kind"), [(503, "SMS_DOWN"), (429, "SMS_DOWN")])
async def test_a_token_service_that_is_away_is_waited_for(
    gateway: Gateway, secret: Path, status: int, kind: str
) -> None:
    gateway.token_status = status
    with pytest.raises(ApplicationError) as raised:
        await send(oauth(gateway, secret))
    assert raised.value.type == kind


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
