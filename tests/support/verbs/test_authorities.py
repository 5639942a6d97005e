"""Whoever is told something over HTTPS has a certificate that this system trusts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import certifi
import httpx
import pytest

from adapters.errors import AdapterError
from adapters.messaging.sms import SmsGateways
from adapters.web_address import unreachable
from demo.certificates import make_certificates
from ledger.alerts import Alert
from settings import Settings
from settings.systems import Sms
from support.verbs.alert_channels import AlertMessage, Webhook
from support.verbs.heartbeat import Heartbeat
from tests.stack import TestStack


@dataclass
class Server:
    url: str
    authority: Path
    heard: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(4)
        if head:
            self.heard.append(head)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    server = Server("", tmp_path / "ca.pem")
    async with await asyncio.start_server(server.answer, "127.0.0.1", 0, ssl=tls) as listening:
        server.url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield server


async def _sms(_settings: Settings, url: str) -> None:
    gateways = SmsGateways(Sms(url=url, auth="none"), None)
    await gateways.send(to="+306912345678", content="text", message_id="A:pin:1")


async def _webhook(settings: Settings, url: str) -> None:
    alerts = settings.alerts.model_copy(update={"webhook_url": url})
    notice = AlertMessage(Alert("SMS_DOWN", 1, datetime.now(UTC)), over=False, text="text")
    await Webhook(settings.model_copy(update={"alerts": alerts})).tell(notice)


async def _heartbeat(settings: Settings, url: str) -> None:
    await Heartbeat(settings.alerts.model_copy(update={"heartbeat_url": url})).beat()


@pytest.mark.parametrize("tell", [_sms, _webhook, _heartbeat])
async def test_the_system_says_which_authorities_are_trusted(
    stack: TestStack,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[Settings, str], Awaitable[None]],
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    # A list that came with a package of Python is not the system's.
    monkeypatch.setattr(certifi, "where", lambda: str(server.authority))
    with suppress(httpx.HTTPError, AdapterError):
        await tell(stack.settings, server.url)
    assert await unreachable(server.url) == "its certificate is not trusted by this system"
    assert not server.heard
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    await tell(stack.settings, server.url)
    assert server.heard == [b"POST"]
    assert await unreachable(server.url) == ""
