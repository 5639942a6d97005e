"""uvicorn's HTTP/1.1 with a deadline for the head of a request.

uvicorn limits how long a connection may be idle between two requests, and nothing else: a client
that opens one and sends half of its headers would hold it for as long as it likes. The bodies have
their deadline in `starter.web.shield`.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN = 10.0
"""Seconds from the first byte, or from the connection, to the end of the headers."""


class PromptProtocol(H11Protocol):
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

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
