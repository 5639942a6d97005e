"""uvicorn in one or several processes, with time-outs for headers and for reading the response.

uvicorn limits only the idle time between two requests: a client that sends half of its headers, or
does not read the response, would hold the connection for ever. The time-out of bodies is in
`web.shield`. A stop refuses no connection that was accepted, also by the kernel alone, so that a
proxy in front of several such processes can send each request to another one or gets its answer.
"""

import asyncio
import ctypes
import ipaddress
import multiprocessing
import os
import select
import signal
import socket
import struct
import sys
from asyncio.trsock import TransportSocket
from collections.abc import Collection, Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from multiprocessing.process import BaseProcess
from threading import Thread

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.supervisors import multiprocess

from security import hardening
from web.service_manager import tell_ready

HEAD_WITHIN = 10.0
"""Seconds from the connection or the first byte to the end of the headers."""
READ_WITHIN = 30.0
"""Seconds within which a client must read some bytes once the write buffer is full."""

STOP_WITHIN = 15
"""Seconds of graceful shutdown for running requests: more than any page takes."""

LAST_HEAD_WITHIN = 1.0
"""The same as `HEAD_WITHIN` for a connection without a request when this process is stopped."""

_HANDSHAKE_WITHIN = 0.2
"""Seconds for connections that had begun when this process is stopped."""
_ROUNDS_OF_ACCEPTING = 100
_ATTACH_FILTER = 26
_NO_MORE = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # Load the flags of TCP.
        (0x45, 0, 1, 0x02),  # Unless SYN is one of them, leave out one instruction:
        (0x06, 0, 0, 0),  # drop the packet,
        (0x06, 0, 0, 0xFFFFFFFF),  # or keep it whole.
    )
)
"""A filter of packets (BPF) by which the kernel begins no connection, and completes those begun."""
_HUNG_AFTER = 30
"""Seconds without a sign of life after which a process of several is replaced."""


class Serving(uvicorn.Config):
    """uvicorn's configuration, with our logs; each process of several calls this first."""

    def configure_logging(self) -> None:
        hardening.harden(str(self.log_level))
        if supervisor := multiprocessing.parent_process():
            Thread(target=_end_with, args=(supervisor,), daemon=True).start()


def _end_with(supervisor: BaseProcess) -> None:
    """End this process when its supervisor ends, or it would keep the port."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


def run(
    app: str,
    *,
    host: str,
    port: int,
    trusted_proxies: Collection[IPv4Network | IPv6Network],
    log_level: str,
    processes: int,
) -> None:
    """Serve an application, named as `module:factory`, until this process is stopped.

    Several processes accept connections from one socket; one that dies or hangs is replaced, and
    all end with this one.
    """
    config = Serving(
        app,
        factory=True,
        host=host,
        port=port,
        workers=processes,
        forwarded_allow_ips=[*_as_written(trusted_proxies)],
        log_config=None,
        log_level=log_level,
        server_header=False,
        access_log=False,
        http=PromptProtocol,
        timeout_graceful_shutdown=STOP_WITHIN,
        timeout_worker_healthcheck=_HUNG_AFTER,
    )
    if processes == 1:
        server = PromptServer(config)
        server.run()
        failed = not server.started
    else:
        multiprocess.Process = _Process  # type: ignore[misc] # the supervisor makes its processes
        supervisor = _Supervisor(config, [config.bind_socket()])
        supervisor.run()
        failed = any(each.exitcode == STARTUP_FAILURE for each in supervisor.processes)
    if failed:
        sys.exit(STARTUP_FAILURE)


def _as_written(trusted: Collection[IPv4Network | IPv6Network]) -> Iterator[str]:
    """Yield the networks, and those of IPv4 as a socket for both versions writes their addresses.

    uvicorn would take `::ffff:127.0.0.1` for a client, and all students behind it for one.
    """
    for network in trusted:
        yield str(network)
        if network.version == 4:  # noqa: PLR2004 - of IP
            mapped = ipaddress.IPv6Address(f"::ffff:{network.network_address}")
            yield f"{mapped}/{network.prefixlen + 96}"


class PromptServer(uvicorn.Server):
    """Tells the service manager when it listens, and accepts all that waits before it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        tell_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what the kernel has accepted, which closing the socket would reset."""
        listening = [each for server in self.servers for each in server.sockets]
        waiting = select.poll()
        for each in listening:
            waiting.register(each.fileno(), select.POLLIN)
            if self.config.workers == 1:  # Of several, the supervisor says when all stop.
                _take_no_more(each)
        await asyncio.sleep(_HANDSHAKE_WITHIN)
        for _ in range(_ROUNDS_OF_ACCEPTING):
            if not waiting.poll(0):
                break
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        await super().shutdown(sockets)


def _take_no_more(listening: socket.socket | TransportSocket) -> None:
    """Let the kernel begin no connection any more, until the socket is closed and refuses them.

    Whoever connects in between tries again after a second, by TCP itself, and is refused then.
    """
    program = ctypes.create_string_buffer(_NO_MORE)
    given = struct.pack("HP", len(_NO_MORE) // 8, ctypes.addressof(program))
    with suppress(OSError):  # Not every kernel of a container has filters.
        listening.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, given)


class _Process(multiprocess.Process):
    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = PromptServer(self.config)
        return self._server


class _Supervisor(multiprocess.Multiprocess):
    def terminate_all(self) -> None:
        """Close the socket here first: else the kernel accepts what no process is left to serve."""
        for each in self.sockets:
            _take_no_more(each)
            each.close()
        super().terminate_all()


class PromptProtocol(H11Protocol):
    _is_last = False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._update_head_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_last and self.cycle:
            self.cycle.keep_alive = False
        self._update_head_timer()

    def shutdown(self) -> None:
        """Answer the first request of this connection, if it comes at once, also while stopping."""
        if self.cycle is None:
            self._is_last = True
            self._stop_head_timer()
            self._deadline = self.loop.call_later(LAST_HEAD_WITHIN, self._head_timed_out)
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_head_timer()
        self._stop_read_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._check_again_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_read_timer()

    def _check_again_later(self) -> None:
        size = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(READ_WITHIN, self._abort_if_unread, size)

    def _abort_if_unread(self, size: int) -> None:
        """Check again if the client read some of the buffer; abort if it read nothing."""
        if self.transport.get_write_buffer_size() < size:
            self._check_again_later()
        else:
            self.transport.abort()

    def _stop_read_timer(self) -> None:
        if self._unread:
            self._unread.cancel()
        self._unread = None

    def _update_head_timer(self) -> None:
        """Start the header time-out while a request is awaited; stop it while one is answered."""
        if not self._awaits_request():
            self._stop_head_timer()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_WITHIN, self._head_timed_out)

    def _awaits_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _stop_head_timer(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None

    def _head_timed_out(self) -> None:
        self._deadline = None
        if self._awaits_request():
            self.timeout_keep_alive_handler()
