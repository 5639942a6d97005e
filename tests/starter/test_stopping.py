"""A process that serves pages ends soon after SIGTERM, and answers whatever it has accepted."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
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
    """Make an application that answers one path, and another one never."""
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> str:
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


@pytest.mark.few(1)
@pytest.mark.parametrize("processes", [1, 2])
async def test_who_is_connected_when_it_stops_gets_an_answer_and_who_comes_later_is_refused(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy connects first and sends then, and may not send a form twice."""
    port, named = any_port(), tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(named))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(named))
        manager.settimeout(20)
        async with serving(port, processes, seconds=10) as process:
            assert manager.recv(100) == b"READY=1"
            with socket.create_connection((HOST, port)) as client:
                process.send_signal(signal.SIGTERM)
                await until(partial(_refuses, port))
                client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
                client.settimeout(10)
                assert client.recv(12) == b"HTTP/1.1 200"


async def _refuses(port: int) -> bool:
    try:
        socket.create_connection((HOST, port)).close()
    except ConnectionRefusedError:
        return True
    return False


def _knock(port: int, seen: Counter[str]) -> None:
    """Ask again and again by new connections, until one is refused."""
    asked = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    while not seen["refused"]:
        try:
            with socket.create_connection((HOST, port), 20) as client:
                client.sendall(asked)
                seen["answered" if client.recv(12) == b"HTTP/1.1 200" else "lost"] += 1
        except ConnectionRefusedError:
            seen["refused"] += 1
        except OSError:
            seen["lost"] += 1


async def test_of_many_who_connect_while_it_stops_none_is_lost() -> None:
    port = any_port()
    async with serving(port, seconds=10) as process:
        with ThreadPoolExecutor(16) as clients:
            seen = [Counter[str]() for _ in range(16)]
            knocking = [clients.submit(_knock, port, each) for each in seen]
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            await asyncio.gather(*map(asyncio.wrap_future, knocking))
    total = sum(seen, Counter[str]())
    assert total["lost"] == 0
    assert total["answered"]
