"""A real SMS gateway that does as it is told, and what its tests say to it."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import pytest

from activities.errors import alarm
from adapters.errors import AdapterError, Refused
from adapters.messaging.sms import SmsGateways
from domain.contracts.message_io import Delivery
from settings.systems import Sms

Talk: TypeAlias = Callable[[bytes, StreamReader, StreamWriter], Awaitable[None]]
TO = "+306912345678"
TEXT = 'KΩΔIKOΣ "012345"\n\n@portal.example #012345'


@dataclass
class Gateway:
    """A real HTTP server that answers as it is told and keeps what it was sent."""

    status: int = 200
    body: str = '{"status": "accepted"}'
    headers: dict[str, str] = field(default_factory=dict)
    date: str = ""
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

        def date_time_string(self, timestamp: float | None = None) -> str:
            return made.date or super().date_time_string(timestamp)

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
    sms = SmsGateways(first, fallback, alarm)
    try:
        return await sms.send(to=TO, content=TEXT, message_id="A-7K3F-92QD:pin:1")
    finally:
        await sms.close()


async def fail(*settings: Sms) -> AdapterError:
    """Return how it failed: in words that quote nobody, and never for good."""
    with pytest.raises(AdapterError) as raised:
        await send(*settings)
    for secret in (TO, TO[1:], "012345", "no credit"):
        assert secret not in repr(raised.value)
    assert raised.value.__suppress_context__
    assert not isinstance(raised.value, Refused)
    return raised.value


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
