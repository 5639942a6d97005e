"""A process that serves pages ends soon after SIGTERM, and answers whatever it has accepted."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from demo.place import any_port
from tests.test_worker import until

HOST = "127.0.0.1"
HANGING = """
from types import SimpleNamespace
from starter import startup
from web import serving

serving.STOP_WITHIN = serving.LAST_HEAD_WITHIN = {seconds}
place = SimpleNamespace(host="127.0.0.1", port={port}, trusted_proxies=[])
startup.serve("tests.starter.test_stopping:hanging", place, "INFO", {processes})
"""


def hanging() -> FastAPI:
    """Make an application that answers one path, another one late, and another one never."""
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.get("/busy")
    async def busy() -> str:
        time.sleep(1)  # noqa: ASYNC251 - nothing else runs meanwhile
        return "ok"

    @app.get("/never")
    async def never() -> None:
        await asyncio.Event().wait()

    return app


@asynccontextmanager
async def serving(
    port: int, processes: int = 1, seconds: int = 1
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Serve `hanging` as portal and console are served, which are given longer to end."""
    script = HANGING.format(port=port, processes=processes, seconds=seconds)
    command = (sys.executable, "-c", script)
    process = subprocess.Popen(command)  # noqa: ASYNC220, S603 - our own program

    async def answers() -> bool:
        assert process.poll() is None
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"http://{HOST}:{port}/healthz")).is_success
            except httpx.TransportError:
                return False

    try:
        await until(answers)
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_request_that_hangs_keeps_no_process_from_ending() -> None:
    port = any_port()
    async with serving(port) as process:
        with (
            socket.create_connection((HOST, port)) as idle,
            socket.create_connection((HOST, port)) as asks,
        ):
            for each, path in ((asks, "/never"), (idle, "/healthz")):
                each.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            assert await asyncio.to_thread(idle.recv, 4) == b"HTTP"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 15) == -signal.SIGTERM


def _ask(client: socket.socket, path: str) -> None:
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())


async def _answer(client: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    client.settimeout(10)
    return b"".join([part async for part in _parts(client)])


async def _parts(client: socket.socket) -> AsyncIterator[bytes]:
    while part := await asyncio.to_thread(client.recv, 4096):
        yield part


@pytest.mark.parametrize("processes", [1, 2])
async def test_who_is_connected_when_it_stops_still_gets_an_answer(processes: int) -> None:
    """A proxy connects first and sends then; it may not send a form twice."""
    port = any_port()
    async with serving(port, processes, seconds=10) as process:
        with socket.create_connection((HOST, port)) as client:
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.8)
            _ask(client, "/healthz")
            answer = (await _answer(client)).lower()
    assert answer.startswith(b"http/1.1 200 ")
    assert b"connection: close" in answer


async def test_who_connects_while_it_is_busy_still_gets_an_answer() -> None:
    port = any_port()
    async with serving(port) as process:
        with ExitStack() as opened:
            busy, *others = [
                opened.enter_context(socket.create_connection((HOST, port))) for _ in range(2)
            ]
            _ask(busy, "/busy")
            await asyncio.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            for _ in range(20):
                others.append(opened.enter_context(socket.create_connection((HOST, port))))
            for each in others:
                _ask(each, "/healthz")
            for each in others:
                assert (await _answer(each)).startswith(b"HTTP/1.1 200 ")


async def test_who_connects_afterwards_is_refused_at_once() -> None:
    """Else a proxy would wait for an answer here instead of asking another process."""
    port = any_port()
    async with serving(port, 2, seconds=3) as process:
        with socket.create_connection((HOST, port)) as hangs:
            _ask(hangs, "/never")
            await asyncio.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1.2)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((HOST, port)).close()


@pytest.mark.parametrize("processes", [1, 2])
async def test_the_service_manager_is_told_when_it_listens(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, named = any_port(), tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(named))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(named))
        manager.settimeout(20)
        async with serving(port, processes):
            assert await asyncio.to_thread(manager.recv, 100) == b"READY=1"
