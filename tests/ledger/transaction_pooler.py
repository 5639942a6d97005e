"""A pooler in transaction mode: all its clients share one session of the server, in turns.

Each client signs in at the server itself; from then on its transactions go to the session of the
first one, as PgBouncer's do with a pool of one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_ASKS_FOR_ANSWER = (10, 11)  # SCRAM goes on.
_OUTSIDE = b"I"
_READY = b"Z"
_DESCRIBED = b"TnE"
"""Columns, none, or an error: what ends the answer to a statement that is only prepared."""


class Pooler:
    def __init__(self, port: int) -> None:
        self._server_port = port
        self._shared: Streams | None = None
        self._turn = asyncio.Lock()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_connection("127.0.0.1", self._server_port)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await _sign_in((reader, writer), server)
            self._shared = self._shared or server
            while True:
                await self._transaction((reader, writer), self._shared)
        writer.close()
        if server is not self._shared:
            server[1].close()

    async def _transaction(self, client: Streams, server: Streams) -> None:
        message = await _message(client[0])
        if message[:1] == b"X":
            raise ConnectionError
        async with self._turn:
            while True:
                server[1].write(message)
                match message[:1]:
                    case b"Q" | b"S":
                        if (await _answered(client, server, _READY))[5:6] == _OUTSIDE:
                            return
                    case b"H":
                        await _answered(client, server, _DESCRIBED)
                message = await _message(client[0])

    def close(self) -> None:
        if self._shared:
            self._shared[1].close()


async def _sign_in(client: Streams, server: Streams) -> None:
    head = await client[0].readexactly(4)
    server[1].write(head + await client[0].readexactly(int.from_bytes(head) - 4))
    while True:
        message = await _message(server[0])
        client[1].write(message)
        if message[:1] == b"Z":
            return
        if message[:1] == b"R" and int.from_bytes(message[5:9]) in _ASKS_FOR_ANSWER:
            server[1].write(await _message(client[0]))


async def _answered(client: Streams, server: Streams, ends: bytes) -> bytes:
    """Pass on an answer up to the first message of these kinds, which is returned."""
    while True:
        message = await _message(server[0])
        client[1].write(message)
        if message[:1] in ends:
            return message


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


@asynccontextmanager
async def pooling(port: int) -> AsyncIterator[int]:
    """Run a pooler before this server; give its port."""
    pooler = Pooler(port)
    async with await asyncio.start_server(pooler.converse, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]
        pooler.close()
