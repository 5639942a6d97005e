"""Performs the LDAP operations that the engine uses, one method each.

The result tuples of ldap3 hold passwords in clear text, so none of them leaves this module.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple
from uuid import uuid4

from ldap3 import BASE, LEVEL, MODIFY_ADD, MODIFY_DELETE, SUBTREE
from ldap3.core.results import RESULT_CODES
from ldap3.extend.standard.modifyPassword import ModifyPassword
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from adapters.directory import ldap_results as results
from adapters.directory.ldap_connections import Connections, discard, driver_errors_translated
from adapters.directory.ldap_results import LdapResult, read, reject
from adapters.errors import AdapterError, Unavailable
from domain.contracts.vocabulary import FailureType
from settings.systems import DirectorySettings

_PAGE = 500
_PAGED_RESULTS = "1.2.840.113556.1.4.319"
_PERMISSIVE_MODIFY = "1.2.840.113556.1.4.1413"
_NO_OPERATION = "1.3.6.1.4.1.4203.666.5.2"
_REFERRAL_TAG = 3
# Without a name ldap3 raises KeyError.
RESULT_CODES.setdefault(results.DRY_RUN_DONE, "noOperation")


class LdapEntry(NamedTuple):
    dn: str
    attributes: dict[str, list[str]]


class _Elsewhere(Exception):
    """This server cannot serve the operation; another one may."""


class LdapClient:
    """Runs operations as one service account; each method returns an `LdapResult`."""

    def __init__(
        self, settings: DirectorySettings, fence: Callable[[], None] = lambda: None
    ) -> None:
        self._people = settings.people_dn
        self._fence = fence
        self._connections = Connections(settings)

    def close(self) -> None:
        self._connections.close()

    def one_connection(self) -> AbstractContextManager[None]:
        return self._connections.one_connection()

    def search(self, base: str, query: str, attributes: Sequence[str]) -> list[LdapEntry]:
        """Search, and retry once on a new connection if an idle one had died."""
        idle = self._connections.lends_idle
        try:
            answer, found = self._searched(base, query, SUBTREE, attributes)
        except AdapterError:
            if not idle:
                raise
            answer, found = self._searched(base, query, SUBTREE, attributes)
        reject(answer)
        return found

    def pages(self, base: str, query: str, attributes: Sequence[str]) -> Iterator[list[LdapEntry]]:
        """Search with pagination over one connection, past the server's size limit."""
        with self._connections.one_connection():
            cookie: bytes | None = None
            while cookie is None or cookie:
                _, result, response, _ = self._connections.owned().search(
                    base,
                    query,
                    SUBTREE,
                    attributes=attributes,
                    paged_size=_PAGE,
                    paged_cookie=cookie,
                )
                reject(read(result))
                yield _entries(response)
                control = (result.get("controls") or {}).get(_PAGED_RESULTS)
                cookie = control["value"]["cookie"] if control else b""

    def read(self, dn: str, attributes: Sequence[str]) -> dict[str, list[str]]:
        """Return these attributes of one entry; empty if it is not visible."""
        answer, found = self._searched(dn, "(objectClass=*)", BASE, attributes)
        reject(answer, results.NO_SUCH_OBJECT)
        return found[0].attributes if found else {}

    def fits(self, dn: str, query: str) -> bool:
        """Return whether this entry, which was just found, fits a query."""
        answer, found = self._searched(dn, query, BASE, ("1.1",))
        if answer.code == results.NO_SUCH_OBJECT:
            # Deleted or renamed since, or this server is a replica that does not have it yet.
            raise Unavailable(FailureType.DIRECTORY_DOWN, answer.detail)
        reject(answer)
        return bool(found)

    def _searched(
        self, base: str, query: str, scope: str, attributes: Sequence[str]
    ) -> tuple[LdapResult, list[LdapEntry]]:
        found: list[LdapEntry] = []

        def look(connection: Any) -> LdapResult:
            _, result, response, _ = connection.search(base, query, scope, attributes=attributes)
            found[:] = _entries(response)
            return read(result)

        return self._served(look), found

    def try_add(self, dn: str, attributes: dict[str, list[str]]) -> LdapResult:
        """Return the result of a dry-run add; a server without that control refuses it (12).

        Only for attributes that are stored already: OpenLDAP 2.5 and 2.6 number an attribute when
        they first write it, keep the number although the dry run is rolled back, and then cannot
        read the next entry that has it.
        """
        controls = [(_NO_OPERATION, True, None)]
        with self._connections.lend() as connection:
            return read(connection.add(dn, attributes=attributes, controls=controls)[1])

    def try_change(self, dn: str, attribute: str, value: str) -> LdapResult:
        """Attempt a change that always fails, with the error for missing rights first.

        It deletes the same value twice, which fails the second time at the latest, and a modify
        operation is atomic.
        """
        twice = [(MODIFY_DELETE, [value]), (MODIFY_DELETE, [value])]
        with self._connections.lend() as connection:
            return read(connection.modify(dn, {attribute: twice})[1])

    def anybody(self, having: str = "uid", *, without_password: bool = False) -> LdapEntry | None:
        """Return any one person's entry with this attribute, and only that attribute's values."""
        unset = "(!(userPassword=*))" if without_password else ""
        with self._connections.lend() as connection:
            _, _, response, _ = connection.search(
                self._people, f"(&({having}=*){unset})", LEVEL, attributes=[having], size_limit=1
            )
        return next(iter(_entries(response)), None)

    def add(self, dn: str, attributes: dict[str, list[str]]) -> LdapResult:
        return self._write(lambda connection: connection.add(dn, attributes=attributes)[1])

    def add_values(self, dn: str, attributes: dict[str, list[str]]) -> LdapResult:
        return self._modify(dn, MODIFY_ADD, attributes)

    def delete_values(self, dn: str, attributes: dict[str, list[str]]) -> LdapResult:
        return self._modify(dn, MODIFY_DELETE, attributes)

    def _modify(self, dn: str, how: str, attributes: dict[str, list[str]]) -> LdapResult:
        """Add or delete values; those that exist, or are absent, already are no error."""
        changes = {name: [(how, values)] for name, values in attributes.items()}
        controls = [(_PERMISSIVE_MODIFY, False, None)]
        return self._write(lambda connection: connection.modify(dn, changes, controls)[1])

    def set_password(self, dn: str, password: bytes) -> LdapResult:
        """Set the password by RFC 3062, so that the directory hashes it and applies its policy."""

        def change(connection: Any) -> dict[str, Any]:
            controls = [(results.PASSWORD_POLICY, False, None)]
            operation: Any = ModifyPassword(connection, dn, None, password, controls=controls)
            try:
                operation.send()
            except KeyError as unread:
                # ldap3 cannot read the referral, tag 3, in an answer to an extended operation.
                if unread.args != (_REFERRAL_TAG,):
                    raise
                return {"result": results.REFERRAL}
            return operation.result  # type: ignore[no-any-return]

        return self._write(change)

    def bind_as(self, dn: str, password: bytes) -> LdapResult:
        """Bind once on another connection, because the directory counts failed binds.

        It uses a server that accepts writes: a replica may not have the password yet.
        """

        def bind(connection: Any) -> LdapResult:
            if len(self._connections.urls) > 1 and not self._takes_writes(connection):
                return LdapResult(results.UNWILLING)
            self._fence()
            return self._connections.prove(connection.url, dn, password)

        return self._served(bind)

    def _write(self, change: Callable[[Any], dict[str, Any]]) -> LdapResult:
        """Write; for "unwilling" (53), find out whether only this entry is refused."""

        def work(connection: Any) -> LdapResult:
            self._fence()
            answer = read(change(connection))
            refused = answer.code == results.UNWILLING and self._takes_writes(connection)
            return answer._replace(refused=refused)

        return self._served(work)

    def _served(self, work: Callable[[Any], LdapResult]) -> LdapResult:
        """Return the result of the first server that serves it; each is asked once in an attempt.

        Servers that fail are moved to the end of the order. Inside `one_connection` there is only
        one server, which the next attempt asks last.
        """
        connections = self._connections
        for _ in connections.urls[:1] if connections.owned() else connections.urls:
            with suppress(_Elsewhere), connections.lend() as connection:
                answer = work(connection)
                if answer.code not in results.ELSEWHERE or answer.refused:
                    return answer
                connections.ask_last(connection.url)
                raise _Elsewhere
        return answer

    def _takes_writes(self, connection: Any) -> bool:
        """Whether this server accepts writes: it then reports that the probed entry is missing."""
        dn = f"uid={uuid4()},{self._people}"
        changes = {"objectClass": [(MODIFY_ADD, ["inetOrgPerson"])]}
        return bool(connection.modify(dn, changes)[1]["result"] == results.NO_SUCH_OBJECT)

    def groups_of(
        self, dn: str, password: bytes, bases: Sequence[str], query: str
    ) -> list[str] | None:
        """Return those base entries that match the query for this user; None: bind refused."""
        with driver_errors_translated():
            connection, answer = self._connections.open(dn, password)
            try:
                if answer.code == results.INVALID_CREDENTIALS:
                    return None
                reject(answer)
                return [base for base in bases if _entries(connection.search(base, query, BASE)[2])]
            finally:
                discard(connection)


class LdapStaffGroups:
    """Reads groups bound as the person; `user_dn`: the template of a staff DN with `{user}`."""

    def __init__(self, settings: DirectorySettings, user_dn: str) -> None:
        self._ldap = LdapClient(settings)
        self._user_dn = user_dn

    def groups_of(self, name: str, password: bytes, groups: Sequence[str]) -> list[str] | None:
        if not self._user_dn:
            return None
        dn = self._user_dn.replace("{user}", escape_rdn(name))
        member = escape_filter_chars(dn)
        query = f"(|(member={member})(uniqueMember={member}))"
        return self._ldap.groups_of(dn, password, groups, query)


def _entries(response: Sequence[dict[str, Any]]) -> list[LdapEntry]:
    """Return the entries in a response, without its references."""
    return [_found(item) for item in response if item["type"] == "searchResEntry"]


def _found(item: dict[str, Any]) -> LdapEntry:
    values = {
        name.lower(): [value.decode("utf-8", "replace") for value in raw]
        for name, raw in item["raw_attributes"].items()
    }
    return LdapEntry(item["dn"], values)
