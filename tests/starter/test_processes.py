"""Several processes serve one port: one that dies is replaced, and all end with the first one."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI

from demo.place import any_port
from tests.test_worker import until

HOST = "127.0.0.1"
SERVING = """
from types import SimpleNamespace
from starter import startup
from web import serving

place = SimpleNamespace(host="127.0.0.1", port={port}, trusted_proxies=[])
serving._HUNG_AFTER = {hung_after}
startup.serve("tests.starter.test_processes:{app}", place, "INFO", processes=2)
"""


def telling() -> FastAPI:
    """Make an application that tells which process answers, and logs it."""
    app = FastAPI()

    @app.get("/pid")
    async def pid() -> int:
        structlog.get_logger().info("answered", typed="secret")
        return os.getpid()

    return app


def failing() -> FastAPI:
    """Make an application that cannot start, as one whose files are wrong."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        raise LookupError
        yield

    return FastAPI(lifespan=lifespan)


class Served:
    """The processes of one application."""

    def __init__(self, app: str, logs: Path, hung_after: int = 30) -> None:
        self.port, self.logs = any_port(), logs
        command = (
            sys.executable,
            "-c",
            SERVING.format(port=self.port, app=app, hung_after=hung_after),
        )
        with logs.open("wb") as file:
            self.first = subprocess.Popen(command, stderr=file)  # noqa: S603 - our own program
        self.pids: set[int] = set()

    async def pid(self) -> int | None:
        """Return who answers a new connection, None if nobody does."""
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient() as http:
                response = await http.get(f"http://{HOST}:{self.port}/pid")
                self.pids.add(response.json())
                return int(response.json())
        return None

    async def two(self) -> bool:
        """Tell whether two processes that live have answered."""
        await self.pid()
        self.pids = {pid for pid in self.pids if lives(pid)}
        return len(self.pids) == 2

    async def nobody(self) -> bool:
        return not any(map(lives, self.pids))


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    served = Served("telling", tmp_path / "log")
    try:
        await until(served.two)
        yield served
    finally:
        served.first.kill()
        served.first.wait()
        await until(served.nobody)


async def test_all_end_with_a_signal_to_the_first(served: Served) -> None:
    served.first.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(served.first.wait, 20) == 0
    assert await served.nobody()


async def test_one_that_dies_is_replaced(served: Served) -> None:
    before = min(served.pids)
    os.kill(before, signal.SIGKILL)
    await until(served.two)
    assert before not in served.pids


@pytest.mark.long
async def test_none_outlives_the_first(served: Served) -> None:
    served.first.kill()
    served.first.wait()
    await until(served.nobody)


async def test_each_redacts_its_logs(served: Served) -> None:
    said = [json.loads(line) for line in served.logs.read_text("utf-8").splitlines()]
    assert {"answered"} <= {line["event"] for line in said}
    assert "secret" not in served.logs.read_text("utf-8")


@pytest.mark.long
async def test_an_application_that_cannot_start_is_not_tried_for_ever(tmp_path: Path) -> None:
    # uvicorn waits that long for a sign of life of a process that has just ended.
    served = Served("failing", tmp_path / "log", hung_after=8)
    try:
        assert await asyncio.to_thread(served.first.wait, 60) == 3
    finally:
        served.first.kill()
        served.first.wait()
