"""Connects demo commands to the supervisor: one line of JSON each way over a Unix socket."""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from demo.part import PartFailed
from starter.progress import working

LONGEST_PATH = 107


class Request(TypedDict):
    """`command` is down, status, start, stop or kill; the last three name a part.

    `settings` are those of the environment in which the command was given, for a part to start.
    """

    command: str
    name: str
    settings: Mapping[str, str]


class PartState(TypedDict):
    name: str
    state: str
    pid: int | None


class Reply(TypedDict):
    """`error` and `told` are each one line for people, or empty."""

    error: str
    told: str
    parts: list[PartState]


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """Yield a path short enough for a socket address, whatever the folder's depth."""
    path = str(folder / "control")
    if len(path.encode()) <= LONGEST_PATH:
        yield path
        return
    handle = os.open(folder, os.O_PATH)
    try:
        yield f"/proc/self/fd/{handle}/control"
    finally:
        os.close(handle)


async def serve(
    folder: Path, answer: Callable[[Request], Awaitable[Reply]]
) -> asyncio.AbstractServer:
    """Listen for commands; replaces the socket of an earlier supervisor."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = await answer(json.loads(await reader.readline()))
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()
        writer.close()

    forget(folder)
    with _reachable(folder) as path:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
    return await asyncio.start_unix_server(converse, sock=listening)


def forget(folder: Path) -> None:
    (folder / "control").unlink(missing_ok=True)


def ask(
    folder: Path, command: str, name: str = "", settings: Mapping[str, str] | None = None
) -> Reply:
    """Send a command and wait until it is done; raises `PartFailed` with one line."""
    request = Request(command=command, name=name, settings=settings or {})
    with working("The demo is asked"), socket.socket(socket.AF_UNIX) as asking:
        try:
            with _reachable(folder) as path:
                asking.connect(path)
        except OSError:
            raise PartFailed("no demo is running here: start it with `make demo`") from None
        asking.sendall(json.dumps(request).encode() + b"\n")
        with asking.makefile() as answers:
            line = answers.readline()
    if not line:
        raise PartFailed("the demo ended before it answered")
    reply: Reply = json.loads(line)
    if reply["error"]:
        raise PartFailed(reply["error"])
    return reply
