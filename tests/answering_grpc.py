"""A server of gRPC that answers every call with one status, as Temporal or a proxy before it may.

It reads HTTP/2 as far as that needs: what is called stands in compressed headers and is not read.
The first call of a connection is the SDK's own question of what the server can, which is answered
with nothing.
"""

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCStatusCode

_PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_DATA, _HEADERS, _SETTINGS, _PING = 0, 1, 4, 6
_ACK = _END_STREAM = 1
_END_HEADERS = 4
_FIRST = 1
_EMPTY_MESSAGE = bytes(5)
_OK_STATUS = b"\x88"  # ":status: 200", of the table that both sides know


class Server:
    """`statuses` are what the next calls are answered with, the last of them all that follow."""

    def __init__(self) -> None:
        self.statuses = [RPCStatusCode.UNAVAILABLE]
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        for writer in self._open:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await reader.readexactly(_PREFACE)
            writer.write(_frame(_SETTINGS))
            while True:
                head = await reader.readexactly(9)
                kind, flags = head[3:5]
                stream = int.from_bytes(head[5:9])
                payload = await reader.readexactly(int.from_bytes(head[:3]))
                writer.write(self._answer(kind, flags, stream, payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._open.discard(writer)
            writer.close()

    def _answer(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            return _frame(kind, _ACK, payload=payload if kind == _PING else b"")
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            status = RPCStatusCode.OK if stream == _FIRST else self._next()
            head = _OK_STATUS + _literal("content-type", "application/grpc")
            last = _literal("grpc-status", str(status.value))
            if status is not RPCStatusCode.OK:
                return _frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, head + last)
            return (
                _frame(_HEADERS, _END_HEADERS, stream, head)
                + _frame(_DATA, 0, stream, _EMPTY_MESSAGE)
                + _frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, last)
            )
        return b""

    def _next(self) -> RPCStatusCode:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


def _frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(name: str, value: str) -> bytes:
    """Write a header as it is, to be remembered by neither side."""
    return b"\x00" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


@contextmanager
def answering() -> Iterator[Server]:
    """Run a server in a thread of its own, so that commands in this process can ask it."""
    server, ready, over = Server(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[server.serve(ready, over)])
    thread.start()
    try:
        assert ready.wait(5)
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
