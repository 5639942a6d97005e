"""Connects to the directory's servers: verified TLS, hard time-outs, failover and a pool.

By default ldap3 does not verify certificates and has no time-outs. Each connection is used by one
thread at a time, and is closed after any error. Idle ones are kept in two pools: those bound as the
service account, and those that only prove passwords by binds, one user after the other. Passwords
are bytes, which ldap3 sends unchanged.
"""

import math
import queue
import select
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ldap3 import NONE, SAFE_SYNC, SIMPLE, Connection, Server, Tls  # noqa: TID251 - for StrictTls
from ldap3.core.exceptions import LDAPException, LDAPStartTLSError

from adapters.directory import ldap_results as results
from adapters.directory.ldap_results import LdapResult, read, reject
from adapters.errors import Misconfigured, Unavailable
from domain.contracts.vocabulary import FailureType
from settings.systems import DirectorySettings

_MENDABLE = (ssl.SSLCertVerificationError, FileNotFoundError, PermissionError)
_REST_SECONDS = 10.0
_IDLE_SECONDS = 180.0
"""Firewalls drop connections that were silent for longer, and then what is sent gets no answer."""


class LdapConnection(Connection):
    """A connection with the URL of its server; `used_at` is when it was given back."""

    url = ""
    used_at = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the server has not closed it: nothing waits to be read where nothing was asked.

        A closed connection, and the notice of the server before it closes one, can be read.
        """
        if self.closed or self.socket is None or time.monotonic() - self.used_at > _IDLE_SECONDS:
            return False
        poller = select.poll()
        poller.register(self.socket, select.POLLIN | select.POLLHUP | select.POLLERR)
        return not poller.poll(0)

    def forget(self) -> None:
        """Drop what ldap3 keeps of the last bind, the password among it."""
        self.user = self.password = self.request = None


class StrictTls(Tls):
    """Verifies certificate and host name, also on Python versions where ldap3's check fails."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_NONE)  # noqa: TID251 - the context verifies
        self._context = context

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(
            connection.socket,
            server_hostname=connection.server.host,
            do_handshake_on_connect=do_handshake,
        )


class Connections:
    """A pool of connections of one service account to `urls`, in the order of the tries."""

    def __init__(self, settings: DirectorySettings) -> None:
        self._settings = settings
        self.urls = list(settings.urls)
        self._tls = self._trust()
        self._idle: queue.LifoQueue[LdapConnection] = queue.LifoQueue()
        self._proving: defaultdict[str, queue.LifoQueue[LdapConnection]] = defaultdict(
            queue.LifoQueue
        )
        self._own = threading.local()
        self._refused: bytes | None = None
        self._rested_at = 0.0

    def _trust(self) -> StrictTls:
        with driver_errors_translated():
            return StrictTls(ssl.create_default_context(cafile=self._settings.ca_file))

    def close(self) -> None:
        for idle in (self._idle, *list(self._proving.values())):
            with suppress(queue.Empty):
                while True:
                    discard(idle.get_nowait())

    @property
    def lends_idle(self) -> bool:
        """Whether `lend` would use an idle connection, which may have died."""
        return self.owned() is None and not self._idle.empty()

    def ask_last(self, url: str) -> None:
        # A new list: while one is sorted in place, other threads see it empty.
        self.urls = sorted(self.urls, key=lambda each: each == url)

    @contextmanager
    def one_connection(self) -> Iterator[None]:
        """Make this thread use one new connection for all operations inside the context."""
        with driver_errors_translated():
            connection = self._own.connection = self._bound()
        try:
            yield
        finally:
            self._own.connection = None
            discard(connection)

    def owned(self) -> Any:
        return getattr(self._own, "connection", None)

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend a connection; after any error, close it and all idle ones."""
        with driver_errors_translated():
            if owned := self.owned():
                yield owned
                return
            connection = self._idle_or_new()
            try:
                yield connection
            except BaseException:
                discard(connection)
                self.close()
                raise
            _give_back(connection, self._idle)

    def _idle_or_new(self) -> LdapConnection:
        """Take an idle connection to the first server, or open one."""
        while connection := _take_living(self._idle):
            if connection.url == self.urls[0]:
                return connection
            discard(connection)
        return self._bound()

    def prove(self, url: str, dn: str, password: bytes) -> LdapResult:
        """Bind as this user, on an idle connection that only proves passwords, or on a new one.

        One that has died is not used, so that a bind is sent once: the directory counts failures.
        A server that refuses a second bind on a connection, which judges no password, gets the bind
        on a new one.
        """
        connection = _take_living(self._proving[url])
        if connection:
            answer = self._bind_again(connection, dn, password)
            if answer.code in (results.SUCCESS, results.INVALID_CREDENTIALS):
                return self._proved(connection, answer)
            discard(connection)
        return self._proved(*self.open_at(url, dn, password))

    def _bind_again(self, connection: LdapConnection, dn: str, password: bytes) -> LdapResult:
        try:
            _, result, _, _ = connection.rebind(
                dn, password, authentication=SIMPLE, read_server_info=False
            )
        except BaseException:
            discard(connection)
            raise
        return read(result)

    def _proved(self, connection: LdapConnection, answer: LdapResult) -> LdapResult:
        """Keep the connection after a bind that succeeded, and return the bind's result."""
        if answer.code == results.SUCCESS:
            connection.forget()
            _give_back(connection, self._proving[connection.url])
        else:
            discard(connection)
        return answer

    def _bound(self) -> LdapConnection:
        """Bind with the password in the file, so that rotation needs no restart.

        A refused password is not retried for a while, to avoid a storm of failed binds.
        """
        password = self._settings.bind_password_file.read_bytes().strip()
        if password == self._refused and time.monotonic() < self._rested_at:
            reject(LdapResult(results.INVALID_CREDENTIALS))
        self._rested_at = time.monotonic() + _REST_SECONDS
        connection, answer = self.open(self._settings.bind_dn, password)
        self._refused = password if answer.code == results.INVALID_CREDENTIALS else None
        if answer.code != results.SUCCESS:
            discard(connection)
            reject(answer)
        return connection

    def open(self, dn: str, password: bytes) -> tuple[LdapConnection, LdapResult]:
        """Bind at the first server that answers; move those that fail to the end of the order."""
        *others, last = self.urls
        for url in others:
            with suppress(LDAPException):
                connection, answer = self.open_at(url, dn, password)
                if answer.code not in results.ELSEWHERE:
                    return connection, answer
                discard(connection)
            self.ask_last(url)
        return self.open_at(last, dn, password)

    def open_at(self, url: str, dn: str, password: bytes) -> tuple[LdapConnection, LdapResult]:
        settings = self._settings
        timeout = settings.connect_timeout_seconds
        connection = LdapConnection(
            Server(url, get_info=NONE, connect_timeout=timeout, tls=self._tls),
            user=dn,
            password=password,  # type: ignore[arg-type] # bytes are sent as they are
            authentication=SIMPLE,
            client_strategy=SAFE_SYNC,
            receive_timeout=math.ceil(settings.receive_timeout_seconds),
            auto_referrals=False,
            check_names=False,
        )
        connection.url = url
        try:
            _open_encrypted(connection)
            _, result, _, _ = connection.bind(read_server_info=False)
        except BaseException as error:
            discard(connection)
            if isinstance(error, ssl.SSLCertVerificationError):
                self._tls = self._trust()
            raise
        return connection, read(result)


def _take_living(idle: "queue.LifoQueue[LdapConnection]") -> LdapConnection | None:
    """Take the connection that was used last, and close those before it that have died."""
    with suppress(queue.Empty):
        while True:
            connection = idle.get_nowait()
            if connection.is_alive:
                return connection
            discard(connection)
    return None


def _give_back(connection: LdapConnection, idle: "queue.LifoQueue[LdapConnection]") -> None:
    connection.used_at = time.monotonic()
    idle.put(connection)


@contextmanager
def driver_errors_translated() -> Iterator[None]:
    """Raise errors of certificates and files as misconfiguration, others as unavailability."""
    try:
        yield
    except (LDAPException, OSError) as error:
        untrusted = isinstance(error, ssl.SSLCertVerificationError)
        detail = "certificate not trusted" if untrusted else type(error).__name__
        if isinstance(error, _MENDABLE):
            raise Misconfigured(detail) from None
        raise Unavailable(FailureType.DIRECTORY_DOWN, detail) from None


def _open_encrypted(connection: Connection) -> None:
    connection.open(read_server_info=False)
    if not connection.server.ssl:
        connection.start_tls(read_server_info=False)
    if not isinstance(connection.socket, ssl.SSLSocket):
        raise LDAPStartTLSError


def discard(connection: Connection) -> None:
    """Unbind if possible, and close the socket, which ldap3 leaves open if connecting failed."""
    with suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket:
        connection.socket.close()
