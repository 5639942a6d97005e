"""The wire to the directory: verified TLS, hard time-outs, connections thrown away when in doubt.

ldap3 leaves certificates unchecked and waits for ever unless told otherwise, and hands out result
tuples that hold passwords in clear; nothing of that leaves this module. Every connection is used
by one thread at a time. Passwords are bytes, which ldap3 sends as they are.
"""

import math
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from uuid import uuid4

from ldap3 import (
    BASE,
    LEVEL,
    MODIFY_ADD,
    MODIFY_DELETE,
    NONE,
    SAFE_SYNC,
    SIMPLE,
    SUBTREE,
    Connection,
    Server,
    Tls,
)
from ldap3.core.exceptions import LDAPException, LDAPStartTLSError
from ldap3.core.results import RESULT_CODES
from ldap3.extend.standard.modifyPassword import ModifyPassword

from adapters.directory.answers import (
    DRY_RUN_DONE,
    ELSEWHERE,
    INVALID_CREDENTIALS,
    NO_SUCH_OBJECT,
    PASSWORD_POLICY,
    REFERRAL,
    SUCCESS,
    UNWILLING,
    Answer,
    read,
    reject,
)
from adapters.errors import AdapterError, Misconfigured, Unavailable
from domain.contracts.vocabulary import FailureType
from settings import Directory

_MENDABLE = (ssl.SSLCertVerificationError, FileNotFoundError, PermissionError)
_REST_SECONDS = 10.0
_PAGE = 500
_PAGED_RESULTS = "1.2.840.113556.1.4.319"

_NO_OPERATION = "1.3.6.1.4.1.4203.666.5.2"
_REFERRAL_TAG = 3
RESULT_CODES.setdefault(DRY_RUN_DONE, "noOperation")  # Without a name ldap3 raises KeyError.
_PERMISSIVE_MODIFY = "1.2.840.113556.1.4.1413"


class Found(NamedTuple):
    dn: str
    attributes: dict[str, list[str]]


class _Elsewhere(Exception):
    """This server does not do it; another one may."""


class _Connection(Connection):
    """A connection that knows the address it was opened at."""

    url = ""


class StrictTls(Tls):
    """Checks the certificate and the name, also on Pythons where ldap3's own check is broken."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_NONE)
        self._context = context

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        connection.socket = self._context.wrap_socket(
            connection.socket,
            server_hostname=connection.server.host,
            do_handshake_on_connect=do_handshake,
        )


class Wire:
    """Connections of one service account; each method is one operation, told as an `Answer`.

    `fence` is called at the last moment before a write, and raises when it must not be.
    """

    def __init__(self, settings: Directory, fence: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._fence = fence
        self._urls = list(settings.urls)
        self._tls = self._trust()
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()
        self._own = threading.local()
        self._refused: bytes | None = None
        self._rested_at = 0.0

    def _trust(self) -> StrictTls:
        return StrictTls(ssl.create_default_context(cafile=self._settings.ca_file))

    def close(self) -> None:
        with suppress(queue.Empty):
            while True:
                _discard(self._idle.get_nowait())

    def search(self, base: str, query: str, attributes: Sequence[str]) -> list[Found]:
        """Search; a connection that died while it lay idle is made up for by a new one."""
        idle = self._owned() is None and not self._idle.empty()
        try:
            answer, found = self._searched(base, query, SUBTREE, attributes)
        except AdapterError:
            if not idle:
                raise
            answer, found = self._searched(base, query, SUBTREE, attributes)
        reject(answer)
        return found

    def pages(self, base: str, query: str, attributes: Sequence[str]) -> Iterator[list[Found]]:
        """Search page by page over one connection: more than a server gives at once."""
        with self.one_connection():
            cookie: bytes | None = None
            while cookie is None or cookie:
                _, result, response, _ = self._owned().search(
                    base,
                    query,
                    SUBTREE,
                    attributes=attributes,
                    paged_size=_PAGE,
                    paged_cookie=cookie,
                )
                reject(read(result))
                yield [_found(each) for each in response if each["type"] == "searchResEntry"]
                control = (result.get("controls") or {}).get(_PAGED_RESULTS)
                cookie = control["value"]["cookie"] if control else b""

    def read(self, dn: str, attributes: Sequence[str]) -> dict[str, list[str]]:
        """Return these attributes of one entry; empty where it cannot be seen."""
        answer, found = self._searched(dn, "(objectClass=*)", BASE, attributes)
        reject(answer, NO_SUCH_OBJECT)
        return found[0].attributes if found else {}

    def _searched(
        self, base: str, query: str, scope: str, attributes: Sequence[str]
    ) -> tuple[Answer, list[Found]]:
        found: list[Found] = []

        def look(connection: Any) -> Answer:
            _, result, response, _ = connection.search(base, query, scope, attributes=attributes)
            found[:] = [_found(each) for each in response if each["type"] == "searchResEntry"]
            return read(result)

        return self._served(look), found

    def try_add(self, dn: str, attributes: dict[str, list[str]]) -> Answer:
        """Ask what an add would be answered, which a server that cannot tell refuses (12).

        Only for attributes that are stored already: OpenLDAP 2.5 and 2.6 number an attribute when
        they first write it, keep the number although the dry run is undone, and cannot read the
        next entry that really has it.
        """
        controls = [(_NO_OPERATION, True, None)]
        with self._connection() as connection:
            return read(connection.add(dn, attributes=attributes, controls=controls)[1])

    def try_change(self, dn: str, attribute: str, value: str) -> Answer:
        """Ask for a change that is refused whatever the entry holds, for want of rights first.

        A value that is taken away twice is not there the second time, if it ever was, and a
        change is made as a whole or not at all.
        """
        twice = [(MODIFY_DELETE, [value]), (MODIFY_DELETE, [value])]
        with self._connection() as connection:
            return read(connection.modify(dn, {attribute: twice})[1])

    def anybody(self, having: str = "uid") -> Found | None:
        """Return some person's entry with this attribute, and its values of that alone."""
        with self._connection() as connection:
            _, _, response, _ = connection.search(
                self._settings.people_dn, f"({having}=*)", LEVEL, attributes=[having], size_limit=1
            )
        return next((_found(each) for each in response if each["type"] == "searchResEntry"), None)

    def add(self, dn: str, attributes: dict[str, list[str]]) -> Answer:
        return self._write(lambda connection: connection.add(dn, attributes=attributes)[1])

    def add_values(self, dn: str, attributes: dict[str, list[str]]) -> Answer:
        return self._modify(dn, MODIFY_ADD, attributes)

    def delete_values(self, dn: str, attributes: dict[str, list[str]]) -> Answer:
        return self._modify(dn, MODIFY_DELETE, attributes)

    def _modify(self, dn: str, how: str, attributes: dict[str, list[str]]) -> Answer:
        """Add values or take them away; those that are there, or gone, already are let be."""
        changes = {name: [(how, values)] for name, values in attributes.items()}
        controls = [(_PERMISSIVE_MODIFY, False, None)]
        return self._write(lambda connection: connection.modify(dn, changes, controls)[1])

    def set_password(self, dn: str, password: bytes) -> Answer:
        """Use the operation of RFC 3062, so that the directory hashes and judges the password."""

        def change(connection: Any) -> dict[str, Any]:
            controls = [(PASSWORD_POLICY, False, None)]
            operation: Any = ModifyPassword(connection, dn, None, password, controls=controls)
            try:
                operation.send()
            except KeyError as unread:
                # ldap3 cannot read the referral, tag 3, in an answer to an extended operation.
                if unread.args != (_REFERRAL_TAG,):
                    raise
                return {"result": REFERRAL}
            return operation.result  # type: ignore[no-any-return]

        return self._write(change)

    def bind_as(self, dn: str, password: bytes) -> Answer:
        """Bind once on a connection of its own; the directory counts those that fail.

        At a server that takes writes: another may not have the password yet, and would refuse it.
        """

        def bind(connection: Any) -> Answer:
            if len(self._urls) > 1 and not self._takes_writes(connection):
                return Answer(UNWILLING)
            self._fence()
            student, answer = self._open_at(connection.url, dn, password)
            _discard(student)
            return answer

        return self._served(bind)

    def _write(self, change: Callable[[Any], dict[str, Any]]) -> Answer:
        """Write, and tell of "unwilling" (53) whether it is this entry that is refused."""

        def work(connection: Any) -> Answer:
            self._fence()
            answer = read(change(connection))
            refused = answer.code == UNWILLING and self._takes_writes(connection)
            return answer._replace(refused=refused)

        return self._served(work)

    def _served(self, work: Callable[[Any], Answer]) -> Answer:
        """Return the answer of the first server that does it; each is asked once, in one try.

        Those that do not are asked last from then on. Over `one_connection` there is only one
        server, which the next try asks last.
        """
        for _ in self._urls[:1] if self._owned() else self._urls:
            with suppress(_Elsewhere), self._connection() as connection:
                answer = work(connection)
                if answer.code not in ELSEWHERE or answer.refused:
                    return answer
                self._ask_last(connection.url)
                raise _Elsewhere
        return answer

    def _takes_writes(self, connection: Any) -> bool:
        """Whether this server takes writes: it then misses the entry that is to be changed."""
        dn = f"uid={uuid4()},{self._settings.people_dn}"
        changes = {"objectClass": [(MODIFY_ADD, ["inetOrgPerson"])]}
        return bool(connection.modify(dn, changes)[1]["result"] == NO_SUCH_OBJECT)

    def _ask_last(self, url: str) -> None:
        # A new list, for sorting one in place shows it empty to other threads meanwhile.
        self._urls = sorted(self._urls, key=lambda each: each == url)

    def holding(
        self, dn: str, password: bytes, bases: Sequence[str], query: str
    ) -> list[str] | None:
        """Return at which of these entries somebody sees the query hold; None: bind refused."""
        with _told():
            connection, answer = self._open(dn, password)
            try:
                if answer.code == INVALID_CREDENTIALS:
                    return None
                reject(answer)
                return [base for base in bases if _holds(connection, base, query)]
            finally:
                _discard(connection)

    @contextmanager
    def one_connection(self) -> Iterator[None]:
        """Let this thread do all it does inside over one fresh connection, and no other."""
        with _told():
            connection = self._own.connection = self._bound()
        try:
            yield
        finally:
            self._own.connection = None
            _discard(connection)

    def _owned(self) -> Any:
        return getattr(self._own, "connection", None)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """Lend a connection; after any error it and its idle siblings are thrown away."""
        with _told():
            if owned := self._owned():
                yield owned
                return
            connection = self._idle_or_new()
            try:
                yield connection
            except BaseException:
                _discard(connection)
                self.close()
                raise
            self._idle.put(connection)

    def _idle_or_new(self) -> _Connection:
        """Take an idle connection to the server that is asked first, or open one."""
        with suppress(queue.Empty):
            while True:
                connection = self._idle.get_nowait()
                if connection.url == self._urls[0]:
                    return connection
                _discard(connection)
        return self._bound()

    def _bound(self) -> _Connection:
        """Bind with the password that the file holds now; one that was refused rests a while.

        So a rotated password needs no restart, and a wrong one raises no storm.
        """
        password = self._settings.bind_password_file.read_bytes().strip()
        if password == self._refused and time.monotonic() < self._rested_at:
            reject(Answer(INVALID_CREDENTIALS))
        self._rested_at = time.monotonic() + _REST_SECONDS
        connection, answer = self._open(self._settings.bind_dn, password)
        self._refused = password if answer.code == INVALID_CREDENTIALS else None
        if answer.code != SUCCESS:
            _discard(connection)
            reject(answer)
        return connection

    def _open(self, dn: str, password: bytes) -> tuple[_Connection, Answer]:
        """Bind at the first server that serves; those that do not are asked last from then on."""
        *others, last = self._urls
        for url in others:
            with suppress(LDAPException):
                connection, answer = self._open_at(url, dn, password)
                if answer.code not in ELSEWHERE:
                    return connection, answer
                _discard(connection)
            self._ask_last(url)
        return self._open_at(last, dn, password)

    def _open_at(self, url: str, dn: str, password: bytes) -> tuple[_Connection, Answer]:
        settings = self._settings
        connection = _Connection(
            Server(
                url, get_info=NONE, connect_timeout=settings.connect_timeout_seconds, tls=self._tls
            ),
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
            _discard(connection)
            if isinstance(error, ssl.SSLCertVerificationError):
                self._tls = self._trust()
            raise
        return connection, read(result)


@contextmanager
def _told() -> Iterator[None]:
    """Tell certificates and files apart, which are to mend, from the directory being away."""
    try:
        yield
    except (LDAPException, OSError) as error:
        untrusted = isinstance(error, ssl.SSLCertVerificationError)
        detail = "certificate not trusted" if untrusted else type(error).__name__
        if isinstance(error, _MENDABLE):
            raise Misconfigured(detail) from None
        raise Unavailable(FailureType.DIRECTORY_DOWN, detail) from None


def _open_encrypted(connection: Connection) -> None:
    """Open, and see for ourselves that nothing will be said in clear."""
    connection.open(read_server_info=False)
    if not connection.server.ssl:
        connection.start_tls(read_server_info=False)
    if not isinstance(connection.socket, ssl.SSLSocket):
        raise LDAPStartTLSError


def _holds(connection: Connection, base: str, query: str) -> bool:
    _, _, response, _ = connection.search(base, query, BASE)
    return any(item["type"] == "searchResEntry" for item in response)


def _discard(connection: Connection) -> None:
    """Take leave if possible; ldap3 forgets to close a socket that never got to be connected."""
    with suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket:
        connection.socket.close()


def _found(item: dict[str, Any]) -> Found:
    values = {
        name.lower(): [value.decode("utf-8", "replace") for value in raw]
        for name, raw in item["raw_attributes"].items()
    }
    return Found(item["dn"], values)
