"""uvicorn's HTTP/1.1 with a deadline for the head of a request, and one for reading the response.

uvicorn limits how long a connection may be idle between two requests, and nothing else: a client
that opens one and sends half of its headers, or does not read what it is sent, would hold it for
as long as it likes. The bodies have their deadline in `web.shield`.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN = 10.0
"""Seconds from the first byte, or from the connection, to the end of the headers."""
READ_WITHIN = 30.0
"""Seconds within which a client reads some more, once as much as is kept for it lies unread."""

STOP_WITHIN = 15
"""Seconds that requests have once the process is told to end: more than any page takes."""


class PromptProtocol(H11Protocol):
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()
        self._reads_on()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reads_on()

    def _look_again(self) -> None:
        size = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(READ_WITHIN, self._less_than, size)

    def _less_than(self, size: int) -> None:
        """Go on where some of what lay unread was read; hang up where nothing was."""
        if self.transport.get_write_buffer_size() < size:
            self._look_again()
        else:
            self.transport.abort()

    def _reads_on(self) -> None:
        if self._unread:
            self._unread.cancel()
        self._unread = None

    def _watch(self) -> None:
        """Let the deadline run while no request is being answered, counted from its first byte."""
        if not self._waits():
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_WITHIN, self._give_up)

    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _stop(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._waits():
            self.timeout_keep_alive_handler()
