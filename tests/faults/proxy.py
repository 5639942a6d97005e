"""A fault proxy: links between two parts of the stack, whose faults are switched while they run.

All links live on one loop in a thread of its own, so that a test may block. A healthy link passes
everything on; what it suffers from is one `Fault`, which sees every chunk of every connection.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Any, Self, TypeVar

from demo.place import HOST, any_port

T = TypeVar("T")
_CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The connection is to be reset now."""


class Fault:
    """What a link suffers from; this one is health."""

    listens = True
    connects = True
    breaks_open_connections = False

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        """Return what reaches the other side of this chunk, or raise `Cut`."""
        del answer
        return chunk


class Latency(Fault):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        del answer
        await asyncio.sleep(self._seconds)
        return chunk


class DropAfter(Fault):
    """Resets once so many bytes of answers have passed, over all connections."""

    breaks_open_connections = True

    def __init__(self, count: int) -> None:
        self._left = count

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        if answer:
            self._left -= len(chunk)
            if self._left < 0:
                raise Cut
        return chunk


class LoseAnswer(Fault):
    """Passes requests on and resets before the answer comes back: so many times, when told so."""

    def __init__(self, when: Callable[[bytes], bool], times: int = 1) -> None:
        self._when = when
        self._left = times
        self.lost = 0

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        if answer and self.lost < self._left and self._when(chunk):
            self.lost += 1
            raise Cut
        return chunk


class Reset(Fault):
    """Accepts and resets at the first word."""

    breaks_open_connections = True

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        del chunk, answer
        raise Cut


class Refuse(Fault):
    listens = False
    breaks_open_connections = True


class BlackHole(Fault):
    """Accepts, and nothing ever comes out at the other side."""

    connects = False

    async def pass_on(self, chunk: bytes, *, answer: bool) -> bytes:
        del chunk, answer
        return b""


class Answering(Fault):
    """Answers in the place of the other side, which is not asked."""

    connects = False
    breaks_open_connections = True

    def __init__(self, words: bytes, *, first: bool = False) -> None:
        self.words = words
        self.first = first


HEALTHY = Fault()


class Connection:
    """One connection of a link: two pumps that end together."""

    def __init__(
        self, link: "Link", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._link = link
        self._client = (reader, writer)
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._pumps: list[asyncio.Task[None]] = []
        self._given_up = asyncio.Event()
        self.lost_bytes = False

    async def run(self) -> None:
        try:
            if isinstance(self._link.fault, Answering):
                await self._answer(self._link.fault)
            elif self._link.fault.connects:
                await self._connect()
            else:
                self.lost_bytes = True
                await self._given_up.wait()
        except (Cut, OSError):
            self.abort()
        finally:
            self._close()

    async def _answer(self, fault: Answering) -> None:
        reader, writer = self._client
        if not fault.first:
            await reader.read(_CHUNK)
        writer.write(fault.words)
        await writer.drain()

    async def _connect(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._link.next_target())
        self._server = reader, writer
        there = self._pump(self._client[0], writer, answer=False)
        back = self._pump(reader, self._client[1], answer=True)
        self._pumps = [asyncio.create_task(there), asyncio.create_task(back)]
        done, other = await asyncio.wait(self._pumps, return_when=asyncio.FIRST_COMPLETED)
        for task in other:
            task.cancel()
        await asyncio.gather(*other, return_exceptions=True)
        for task in done:
            if not task.cancelled():
                task.result()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answer: bool
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            passed = await self._link.fault.pass_on(chunk, answer=answer)
            self.lost_bytes |= not passed
            writer.write(passed)
            await writer.drain()

    def abort(self) -> None:
        """Reset both sides at once."""
        for _, writer in filter(None, (self._client, self._server)):
            opened = writer.get_extra_info("socket")
            with suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        self._given_up.set()

    def _close(self) -> None:
        for _, writer in filter(None, (self._client, self._server)):
            writer.close()

    def die_in_silence(self) -> None:
        """Lose the other side; the client is told nothing."""
        if self._server is None:
            return
        for pump in self._pumps:
            pump.cancel()
        self._server[1].transport.abort()


class Link:
    """A port of its own in front of one or several targets, which take turns."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], *targets: int) -> None:
        self._run = run
        self._targets = targets
        self._turn = count()
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = any_port()
        self.fault = HEALTHY
        run(self._listen())

    def next_target(self) -> int:
        return self._targets[next(self._turn) % len(self._targets)]

    def suffer(self, fault: Fault) -> None:
        self._run(self._change(fault))

    def heal(self) -> None:
        self._run(self._change(HEALTHY))

    def half_open(self) -> None:
        """Kill what is connected without telling the client; new connections work."""
        self._run(self._half_open())

    def point_at(self, *targets: int) -> None:
        self._targets = targets

    def end(self) -> None:
        self._run(self._change(Refuse()))

    async def _change(self, fault: Fault) -> None:
        self.fault = fault
        for connection in tuple(self._open):
            if fault.breaks_open_connections or (fault is HEALTHY and connection.lost_bytes):
                connection.abort()
        if not fault.listens and self._server:
            await _close(self._server)
            self._server = None
        if fault.listens and self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)

    async def _half_open(self) -> None:
        for connection in self._open:
            connection.die_in_silence()


class Proxy:
    """The thread and the loop all links run on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for link in self._links:
            link.end()
        self.run(_settled())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def link(self, *targets: int) -> Link:
        self._links.append(Link(self.run, *targets))
        return self._links[-1]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _close(server: asyncio.Server) -> None:
    """Listen no more; asyncio never closes a connection that it accepts in the turn of a close."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    await asyncio.sleep(0)
    server.close()


async def _settled() -> None:
    """Let every connection come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
