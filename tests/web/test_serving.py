"""Clients that are slow or go away, over real connections: ended in time, and no error of ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import pytest
import structlog
import uvicorn
from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from starter.client.health import _Server
from web import serving, shield
from web.serving import PromptProtocol
from web.shield import Shield, answered_within

HOST = "127.0.0.1"
HEAD = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n"


async def _echo(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _page(_: Request, status: int) -> Response:
    return PlainTextResponse("in words", status)


async def _until(met: Callable[[], bool]) -> None:
    for _ in range(2000):
        if met():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


async def _limited(request: Request) -> AsyncIterator[None]:
    async with answered_within(request, 0.1):
        yield


Limited = Annotated[None, Depends(_limited)]
LARGE = 20_000_000
"""More bytes than the sockets of both ends hold."""


async def _large(_: Limited) -> Response:
    return PlainTextResponse(b"x" * LARGE)


async def _stream(_: Limited) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * (LARGE // 100)

    return StreamingResponse(parts())


@asynccontextmanager
async def serving_at() -> AsyncIterator[tuple[_Server, int]]:
    app = FastAPI(routes=[Route("/", _echo, methods=["GET", "POST"])])
    app.add_api_route("/large", _large)
    app.add_api_route("/stream", _stream)
    app.add_middleware(Shield, public_url=f"http://{HOST}", error_page=_page)
    server = _Server(
        uvicorn.Config(app, HOST, 0, lifespan="off", log_config=None, http=PromptProtocol)
    )
    task = asyncio.create_task(server.serve())
    await _until(lambda: server.started)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_WITHIN", 0.3)
    monkeypatch.setattr(serving, "READ_WITHIN", 0.3)
    monkeypatch.setattr(shield, "BODY_WITHIN", 0.3)


async def _answered(port: int, first: bytes, drip: bytes = b"") -> bytes:
    """Send this, then a byte now and then, and return all that comes until the server hangs up."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(first)

    async def dripping() -> None:
        with suppress(ConnectionError):
            while drip:
                await asyncio.sleep(0.05)
                writer.write(drip)
                await writer.drain()

    slow = asyncio.create_task(dripping())
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""  # A byte that comes when the server has hung up.
    finally:
        slow.cancel()
        writer.close()


@pytest.mark.parametrize("drip", [b"", b"x"])
@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: 127", HEAD.encode()])
async def test_a_head_that_never_ends_is_not_waited_for(first: bytes, drip: bytes) -> None:
    async with serving_at() as (_, port):
        assert await _answered(port, first, drip) == b""


@pytest.mark.parametrize("drip", [b"", b"x"])
async def test_nor_is_one_after_an_answered_request(drip: bytes) -> None:
    whole = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    async with serving_at() as (_, port):
        answer = await _answered(port, f"{whole}GET / HT".encode(), drip)
    assert answer.count(b"HTTP/1.1 200 OK") == 1


@pytest.mark.parametrize("drip", [b"", b"x"])
async def test_a_body_that_never_ends_is_told_so_and_hung_up_on(drip: bytes) -> None:
    async with serving_at() as (_, port):
        answer = await _answered(port, f"{HEAD}\r\n".encode(), drip)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"in words" in answer


async def test_what_is_too_long_is_not_read_to_its_end_either() -> None:
    long = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 99999999\r\n\r\n"
    async with serving_at() as (_, port):
        answer = await _answered(port, long.encode(), b"x")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_who_goes_away_in_the_middle_of_a_body_leaves_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving_at() as (server, port):
        with structlog.testing.capture_logs() as logged, caplog.at_level(logging.WARNING):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.write(f"{HEAD}\r\nhalf".encode())
            await _until(lambda: bool(server.server_state.tasks))
            writer.transport.abort()
            await _until(lambda: not server.server_state.tasks)
    assert (logged, caplog.messages) == ([], [])


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_who_does_not_read_is_hung_up_on_without_an_error(
    caplog: pytest.LogCaptureFixture, path: str
) -> None:
    asked = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n" * 3
    async with serving_at() as (server, port):
        with structlog.testing.capture_logs() as logged, caplog.at_level(logging.WARNING):
            _, writer = await asyncio.open_connection(HOST, port, limit=1024)
            writer.write(asked.encode())
            await _until(lambda: bool(server.server_state.tasks))
            await _until(lambda: not server.server_state.tasks)
            assert not server.server_state.connections
            writer.close()
    assert (logged, caplog.messages) == ([], [])


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_who_reads_slowly_gets_all_of_it(path: str) -> None:
    asked = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    async with serving_at() as (_, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(asked.encode())
        got, begun = 0, asyncio.get_running_loop().time()
        while some := await reader.read(LARGE // 8):
            got += some.count(b"x")
            if asyncio.get_running_loop().time() - begun < 0.3:
                await asyncio.sleep(0.1)
        writer.close()
    assert got >= LARGE


async def test_a_whole_request_is_answered_and_another_after_it() -> None:
    whole = f"{HEAD}\r\n{'x' * 100}".encode()
    async with serving_at() as (_, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in range(2):
            writer.write(whole)
            assert b"200 OK" in await reader.readline()
            assert (await reader.readuntil(b"100 bytes")).endswith(b"100 bytes")
        writer.close()
