"""A directory by HTTP: what a university without LDAP would write, and the server it asks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar

import httpx

from adapters.directory.entries import ADDRESSES, Attributes, missing
from adapters.directory.port import Added, AddOutcome, Entry, PasswordSet, SetOutcome
from adapters.errors import Misconfigured, Refused, Unavailable, translated
from domain import accounts, usernames
from domain.accounts import Judgement, Password
from domain.contracts.vocabulary import FailureType, PasswordRefusal
from domain.entry_values import CODES
from domain.identities import Identity
from settings.systems import DirectorySettings as Settings

P = ParamSpec("P")
T = TypeVar("T")

_ADDED = {
    201: AddOutcome.ADDED,
    409: AddOutcome.NAME_IN_USE,
    412: AddOutcome.VALUE_IN_USE,
    400: AddOutcome.NAME_REFUSED,
}
_SET = {
    204: PasswordSet(SetOutcome.SET),
    409: PasswordSet(SetOutcome.UNCLEAR, PasswordRefusal.USED_BEFORE),
    422: PasswordSet(SetOutcome.REFUSED, PasswordRefusal.TOO_SHORT),
}
_WRONG_TOKEN = 403
_NO_CONTENT = 204
_SERVER_ERROR = 500


class HttpDirectory:
    """`settings` tell the rules and whether entries are adopted; address and token stand beside."""

    def __init__(
        self, url: str, token: str, settings: Settings, fence: Callable[[], None] = lambda: None
    ) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})
        self._settings = settings
        self._fence = fence

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(work, *args, **kwargs)

    async def close(self) -> None:
        self._client.close()

    def one_connection(self) -> AbstractContextManager[None]:
        return nullcontext()

    def would_write(self, username: str) -> bool:
        return not self.find_by_uids([username])

    def find_own(self, identity: Identity) -> Judgement[Entry]:
        rules = self._settings.match_rules
        any_of: list[Mapping[str, str]] = []
        for each in identity.everyone:
            any_of += [{CODES: code} for code in each.code_forms]
            any_of += [{"uid": name} for name in each.names]
            for rule in rules:
                any_of += (*each.values(rule), *each.values_of_other_forms(rule))
        return accounts.judge(identity, rules, self._search(any_of))

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        return self._search([{CODES: code} for code in codes])

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]:
        return self._search([{"uid": name} for name in names])

    def find_in_use(self, name: str, domain: str) -> list[Entry]:
        address = usernames.address(name, domain)
        return self._search(
            [{"uid": name}, *({each: address} for each in ADDRESSES if address)],
        )

    def everybody(self, progress: Callable[[int], None]) -> list[Entry]:
        found = self._search([{}])
        progress(len(found))
        return found

    def walk(self, take: Callable[[list[Entry]], None]) -> None:
        take(self._search([{}]))

    def add(self, username: str, attributes: Attributes) -> Added:
        if usernames.unusable(username):
            raise Refused("not a username")
        code = self._write("POST", "/entries", attributes, *_ADDED).status_code
        return Added(_ADDED[code], code, f"HTTP {code}")

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        if lacking := missing(wanted, entry.attributes, chosen):
            self._write("PATCH", f"/entries/{entry.dn}", {"add": lacking})

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        if gone:
            self._write("PATCH", f"/entries/{entry.dn}", {"remove": gone})

    def set_password(self, dn: str, password: bytes, *, again: bool = False) -> PasswordSet:  # noqa: ARG002 - rights do not go here
        body = {"password": password.decode()}
        return _SET[self._write("PUT", f"/entries/{dn}/password", body, *_SET).status_code]

    def can_bind(self, dn: str, password: bytes) -> bool:
        body = {"password": password.decode()}
        return bool(self._asked("POST", f"/entries/{dn}/verify", body).json())

    def _search(self, any_of: Sequence[Mapping[str, str]]) -> list[Entry]:
        found = self._asked("POST", "/search", any_of).json()
        return [self._entry(each) for each in found]

    def _entry(self, found: dict[str, Any]) -> Entry:
        made_here = found["made_by"] == "activation"
        password = Password.SET if found["has_password"] else Password.NONE
        values = found["attributes"]
        adoptable = self._settings.adopt or made_here
        return Entry(found["id"], values["uid"][0], values, password, adoptable, made_here)

    def _write(self, method: str, path: str, body: object, *expected: int) -> httpx.Response:
        self._fence()
        return self._asked(method, path, body, *expected)

    def _asked(self, method: str, path: str, body: object, *expected: int) -> httpx.Response:
        with translated(FailureType.DIRECTORY_DOWN, (httpx.TransportError,)):
            answer = self._client.request(method, path, json=body)
        code = answer.status_code
        if answer.is_success or code in expected:
            return answer
        if code >= _SERVER_ERROR:
            raise Unavailable(FailureType.DIRECTORY_DOWN, f"HTTP {code}")
        raise (Misconfigured if code == _WRONG_TOKEN else Refused)(f"HTTP {code}")
