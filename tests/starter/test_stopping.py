"""A process that serves pages ends soon after SIGTERM, whatever request still hangs."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from demo.place import any_port
from tests.test_worker import until

HOST = "127.0.0.1"
HANGING = """
from types import SimpleNamespace
from starter import startup
from web import serving

serving.STOP_WITHIN = 1
place = SimpleNamespace(host="127.0.0.1", port={port}, trusted_proxies=[])
startup.serve("tests.starter.test_stopping:hanging", place, "INFO")
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
async def serving(port: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Serve `hanging` as portal and console are served, which are given longer to end."""
    command = (sys.executable, "-c", HANGING.format(port=port))
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
