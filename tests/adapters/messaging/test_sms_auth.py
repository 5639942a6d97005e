"""How the engine proves itself to a gateway."""

import json
from pathlib import Path

import pytest

from adapters.errors import AdapterError
from adapters.messaging.sms import SmsGateway
from domain.contracts.message_io import Delivery
from settings.systems import Sms
from tests.adapters.gateway import TEXT, TO, Gateway, fail, send


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
        "callback_url": "/sms/A-7K3F-92QD%3Apin%3A1",
    }
    gateway.secret = "another"
    with pytest.raises(AdapterError) as raised:
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
        await sms.send(to=TO, content=TEXT, message_id="1")
        if between == "revoke":
            gateway.tokens.append("only the gateway knows this one")
        assert await sms.send(to=TO, content=TEXT, message_id="2") is Delivery.SENT
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
    with pytest.raises(AdapterError) as raised:
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
    assert await sms.send(to=TO, content=TEXT, message_id="1") is Delivery.SENT
    ((_, headers, _),) = gateway.seen
    proofs = ("sesame", "ZW5naW5lOnNlc2FtZQ==", "ApifonWS engine:", "token-0")
    assert any(proof in headers["Authorization"] for proof in proofs)
    await sms.close()


def put(secret: Path, text: str) -> None:
    secret.write_text(text)


async def test_a_secret_that_went_away_is_something_to_mend(gateway: Gateway, secret: Path) -> None:
    sms = SmsGateway(Sms(url=gateway.url, token_file=secret))
    secret.unlink()  # noqa: ASYNC240 - a small file of the test's own
    with pytest.raises(AdapterError, match="CONFIGURATION: FileNotFoundError"):
        await sms.send(to=TO, content=TEXT, message_id="1")
    await sms.close()


def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SmsGateway(Sms(url="http://127.0.0.1:9", token_file=tmp_path / "none"))


async def test_a_wrong_client_secret_is_something_to_mend(gateway: Gateway, secret: Path) -> None:
    gateway.secret = "another"
    with pytest.raises(AdapterError) as raised:
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
