"""Stands between the engine and the real directory and understands what is said.

It ends the TLS of both sides, passes one request after the other on, and at the one that a test
names does what the test wants: loses the answer, answers itself, or lets the test act first.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from demo.place import HOST
from tests.stack import TestStack

_SEARCH_ENTRY = 0x64
_LONG = 0x80


class Moment(NamedTuple):
    """A request by its tag in LDAP, and words that it must contain."""

    tag: int
    words: bytes = b""


SERVICE_BIND = Moment(0x60, b"cn=activation")
STUDENTS_BIND = Moment(0x60, b"uid=")
SEARCH = Moment(0x63)
MODIFY = Moment(0x66)
ADD = Moment(0x68)
SET_PASSWORD = Moment(0x77)
MOMENTS = (SERVICE_BIND, STUDENTS_BIND, SEARCH, MODIFY, ADD, SET_PASSWORD)


class Said(NamedTuple):
    """One LDAP message, and what of it asks or answers."""

    whole: bytes
    number: bytes
    operation: bytes

    def is_at(self, moment: Moment) -> bool:
        return self.operation[0] == moment.tag and moment.words in self.operation

    def answer(self, code: int) -> bytes:
        """Give the answer that has this result code and nothing more."""
        tag = self.operation[0] + (2 if self.is_at(SEARCH) else 1)
        result = bytes((tag, 7, 0x0A, 1, code, 4, 0, 4, 0))
        body = self.number + result
        return bytes((0x30, len(body))) + body


class Lost(Exception):
    """The connection is cut here."""


class Between:
    """Its `url` is the directory's; `asked` tells the moments of all requests, in order.

    `peers` are the connections to it.
    """

    def __init__(self, stack: TestStack, certificate: Path, key: Path) -> None:
        self.asked: list[Moment] = []
        self.peers: list[ssl.SSLSocket] = []
        self._port = stack._stack.place.port("ldaps")
        self._there = ssl.create_default_context(cafile=stack.settings.directory.ca_file)
        self._here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._here.load_cert_chain(certificate, key)
        self._acts: dict[Moment, tuple[int, Callable[[Said, ssl.SSLSocket], bytes]]] = {}
        self._listener = socket.create_server((HOST, 0))
        self.url = f"ldaps://{HOST}:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def lose_answer(self, moment: Moment, times: int = 1) -> None:
        """Let the directory do it, and cut before its answer comes through."""

        def lose(said: Said, server: ssl.SSLSocket) -> bytes:
            _passed_on(said, server)
            raise Lost

        self._acts[moment] = (times, lose)

    def answer(self, moment: Moment, code: int, times: int = 1) -> None:
        """Answer in place of the directory, which is not asked."""
        self._acts[moment] = (times, lambda said, _: said.answer(code))

    def answer_after(self, moment: Moment, code: int) -> None:
        """Let the directory do it, and answer otherwise."""

        def do(said: Said, server: ssl.SSLSocket) -> bytes:
            _passed_on(said, server)
            return said.answer(code)

        self._acts[moment] = (1, do)

    def first(self, moment: Moment, act: Callable[[], object]) -> None:
        """Act once before the request reaches the directory."""

        def act_first(said: Said, server: ssl.SSLSocket) -> bytes:
            act()
            return _passed_on(said, server)

        self._acts[moment] = (1, act_first)

    def cut(self) -> None:
        """End every connection, as a server does that restarts."""
        for peer in self.peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        with (
            suppress(OSError, Lost),
            self._here.wrap_socket(peer, server_side=True) as client,
            socket.create_connection((HOST, self._port)) as plain,
            self._there.wrap_socket(plain, server_hostname=HOST) as server,
        ):
            self.peers.append(client)
            while True:
                client.sendall(self._answered(_heard(client), server))

    def _answered(self, said: Said, server: ssl.SSLSocket) -> bytes:
        known = dict.fromkeys((*MOMENTS, *self._acts))
        moments = [moment for moment in known if said.is_at(moment)]
        self.asked += moments
        for moment in moments:
            times, act = self._acts.get(moment, (0, _passed_on))
            if times:
                self._acts[moment] = (times - 1, act)
                return act(said, server)
        return _passed_on(said, server)


def _passed_on(said: Said, server: ssl.SSLSocket) -> bytes:
    """Ask the directory, and return all it answers."""
    server.sendall(said.whole)
    answers = [_heard(server)]
    while answers[-1].operation[0] == _SEARCH_ENTRY:
        answers.append(_heard(server))
    return b"".join(each.whole for each in answers)


def _heard(speaker: ssl.SSLSocket) -> Said:
    head = _exactly(speaker, 2)
    length = head[1]
    if length >= _LONG:
        more = _exactly(speaker, length - _LONG)
        head, length = head + more, int.from_bytes(more)
    body = _exactly(speaker, length)
    end = 2 + body[1]
    return Said(head + body, body[:end], body[end:])


def _exactly(speaker: ssl.SSLSocket, length: int) -> bytes:
    heard = b""
    while len(heard) < length:
        chunk = speaker.recv(length - len(heard))
        if not chunk:
            raise Lost
        heard += chunk
    return heard


@contextmanager
def between(
    stack: TestStack, certificate: Path | None = None, key: Path | None = None
) -> Iterator[Between]:
    """Stand there with the directory's own certificate, or with another."""
    tls = stack._stack.place.tls
    made = Between(stack, certificate or tls / "server.pem", key or tls / "server.key")
    try:
        yield made
    finally:
        made.close()
