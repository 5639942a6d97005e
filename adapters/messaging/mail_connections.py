"""Keeps connections to the relay open between messages; each is used by one message at a time.

A kept connection answers RSET before it is used again, so that a dead one is replaced before a
message is sent. Connections that are idle for a while are closed with QUIT.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiosmtplib

_IDLE_SECONDS = 30.0
"""Shorter than the time after which relays close a silent connection: RFC 5321 gives 5 minutes."""
_MOST_MESSAGES = 100
"""Relays refuse a connection's messages after some number, such as 100."""
_CHECK_SECONDS = 1.0
_QUIT_SECONDS = 1.0
_FAILED = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(eq=False)
class _Kept:
    """An open connection, how many messages it was used for, and the timer that closes it."""

    client: aiosmtplib.SMTP
    messages: int = 0
    timer: asyncio.TimerHandle | None = None


class MailConnections:
    """A pool of connections that `connect` opens; it closes itself when nothing is sent."""

    def __init__(self, connect: Callable[[], Awaitable[aiosmtplib.SMTP]]) -> None:
        self._connect = connect
        self._idle: list[_Kept] = []
        self._parting: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Lend a connection that answers; after any error in the block it is closed."""
        kept = await self._idle_or_new()
        try:
            yield kept.client
        except BaseException:
            kept.client.close()
            raise
        kept.messages += 1
        if kept.messages < _MOST_MESSAGES:
            loop = asyncio.get_running_loop()
            kept.timer = loop.call_later(_IDLE_SECONDS, self._part, kept)
            self._idle.append(kept)
        else:
            self._part(kept)

    async def close(self) -> None:
        """Close what is idle, and wait until all have parted."""
        for kept in list(self._idle):
            self._part(kept)
        await asyncio.gather(*self._parting)

    async def _idle_or_new(self) -> _Kept:
        """Take the connection that was used last, or open one."""
        while self._idle:
            kept = self._taken(self._idle[-1])
            if await _answers(kept.client):
                return kept
        return _Kept(await self._connect())

    def _taken(self, kept: _Kept) -> _Kept:
        self._idle.remove(kept)
        if kept.timer:
            kept.timer.cancel()
        return kept

    def _part(self, kept: _Kept) -> None:
        """Close a connection in the background."""
        if kept in self._idle:
            self._taken(kept)
        task = asyncio.create_task(_quit(kept.client))
        self._parting.add(task)
        task.add_done_callback(self._parting.discard)


async def _answers(client: aiosmtplib.SMTP) -> bool:
    """Return whether the relay still answers on this connection; close it if not."""
    try:
        if client.is_connected:
            await client.rset(timeout=_CHECK_SECONDS)
            return True
    except _FAILED:
        pass
    except BaseException:
        client.close()
        raise
    client.close()
    return False


async def _quit(client: aiosmtplib.SMTP) -> None:
    with suppress(*_FAILED):
        await client.quit(timeout=_QUIT_SECONDS)
    client.close()
