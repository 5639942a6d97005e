"""Implements the directory port over LDAP, in idempotent steps.

The engine adds and completes entries, sets passwords and deletes a withdrawn choice's values; it
has no way to delete an entry. All methods block and are called from a thread pool, whose size also
limits the connections.
"""

import asyncio
import contextvars
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import ParamSpec, TypeVar

from ldap3.utils.conv import escape_filter_chars

from adapters.directory import ldap_results as results
from adapters.directory.entries import (
    ADDRESSES,
    OBJECT_CLASSES,
    PASSWORD,
    Attributes,
    missing,
)
from adapters.directory.ldap_client import LdapClient, LdapEntry
from adapters.directory.ldap_results import reject
from adapters.directory.port import Added, AddOutcome, Entry, PasswordSet, SetOutcome
from adapters.errors import Refused
from domain import accounts, usernames
from domain.accounts import Judgement, Password
from domain.contracts.vocabulary import PasswordRefusal
from domain.entry_values import BIRTH_DATE, CODES, NAMES
from domain.identities import Identity
from settings.systems import DirectorySettings as Settings

P = ParamSpec("P")
T = TypeVar("T")

_CREATOR = "creatorsName"
_ADDED = {
    results.SUCCESS: AddOutcome.ADDED,
    results.ALREADY_EXISTS: AddOutcome.NAME_IN_USE,
    results.CONSTRAINT_VIOLATION: AddOutcome.VALUE_IN_USE,
    results.NO_RIGHT: AddOutcome.NO_RIGHT,
}
_REFUSED_OUTRIGHT = {
    results.INSUFFICIENT_QUALITY: PasswordRefusal.POLICY,
    results.TOO_SHORT: PasswordRefusal.TOO_SHORT,
}


class LdapDirectory:
    def __init__(self, settings: Settings, fence: Callable[[], None] = lambda: None) -> None:
        self._people = settings.people_dn
        self._active_when = settings.active_when
        self._adopt = settings.adopt
        self._rules = settings.match_rules
        rules = {name for rule in self._rules for name in rule.attributes}
        more = {"uid", *ADDRESSES, CODES, BIRTH_DATE, self._active_when, _CREATOR, *NAMES}
        self._judged = sorted(rules | more)  # `*` does not include operational attributes.
        self._service = _normal_dn(settings.bind_dn)
        self._ldap = LdapClient(settings, fence)
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="directory")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in the thread pool, with the context variables of the activity."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._ldap.close()

    def one_connection(self) -> AbstractContextManager[None]:
        return self._ldap.one_connection()

    def would_write(self, username: str) -> bool:
        """Whether the server accepts a write to this entry, which must not exist and is not made.

        A primary reports a missing entry; a replica refuses before it searches. Should the entry
        exist, the write adds an object class that it has already.
        """
        answer = self._ldap.add_values(self._dn(username), {"objectClass": [OBJECT_CLASSES[0]]})
        reject(answer, results.NO_SUCH_OBJECT)
        return answer.code == results.NO_SUCH_OBJECT

    def find_own(self, identity: Identity) -> Judgement[Entry]:
        terms = [_filter_for(each) for each in identity.searched(self._rules)]
        return accounts.judge(identity, self._rules, self._entries(f"(|{''.join(terms)})"))

    def everybody(self, progress: Callable[[int], None]) -> list[Entry]:
        found: list[LdapEntry] = []
        for page in self._ldap.pages(self._people, "(objectClass=*)", self._judged):
            found += [each for each in page if _normal_dn(each.dn) != _normal_dn(self._people)]
            progress(len(found))
        pages = self._ldap.pages(self._people, f"(!({PASSWORD}=*))", ("1.1",))
        without = {each.dn for page in pages for each in page}
        return [self._entry(each, self._password_in(each, without)) for each in found]

    def walk(self, take: Callable[[list[Entry]], None]) -> None:
        for page in self._ldap.pages(self._people, "(objectClass=*)", ("uid", CODES, _CREATOR)):
            people = [each for each in page if _normal_dn(each.dn) != _normal_dn(self._people)]
            take([self._entry(each, Password.HIDDEN) for each in people])

    def _password_in(self, found: LdapEntry, without: Collection[str]) -> Password:
        told = self._password(found.attributes)
        return Password.NONE if told is Password.HIDDEN and found.dn in without else told

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        return self._find(CODES, codes)

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]:
        return self._find("uid", names)

    def find_in_use(self, name: str, domain: str) -> list[Entry]:
        """Return every entry with this name, or with the name's address, perhaps as an alias."""
        terms = [_filter_for({"uid": name})]
        if address := usernames.address(name, domain):
            terms += [_filter_for({each: address}) for each in ADDRESSES]
        return self._entries(f"(|{''.join(terms)})")

    def add(self, username: str, attributes: Attributes) -> Added:
        """Add the entry unless its name (68) or a unique value (19) exists, or rights lack (50).

        An earlier attempt may have added it, and an existing entry may be protected.
        """
        answer = self._ldap.add(self._dn(username), attributes)
        # The directory may refuse a name that the registrar gave.
        naming = () if usernames.is_valid(username) else results.NAMING
        reject(answer, *_ADDED, *naming)
        outcome = AddOutcome.NAME_REFUSED if answer.code in naming else _ADDED[answer.code]
        return Added(outcome, answer.code, answer.detail)

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        """Add what the entry lacks and change nothing; a concurrent write causes a retry."""
        lacking = missing(wanted, entry.attributes, chosen)
        if not lacking:
            return
        answer = self._ldap.add_values(entry.dn, lacking)
        if answer.code != results.NO_RIGHT or missing(wanted, self._now(entry), chosen):
            reject(answer)

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        """Delete values; if some were deleted concurrently (16), a retry deletes the rest."""
        there = _held(entry.attributes, gone)
        if not there:
            return
        answer = self._ldap.delete_values(entry.dn, there)
        late = (results.NO_RIGHT, results.NO_SUCH_ATTRIBUTE)
        if answer.code not in late or _held(self._now(entry), gone):
            reject(answer)

    def set_password(self, dn: str, password: bytes, *, again: bool = False) -> PasswordSet:
        """Set the password; a refusal (19) has the policy's own error if the server sends one.

        `again`: it may have been sent before, and that may have ended the right to set it (50).
        """
        answer = self._ldap.set_password(dn, password)
        reject(answer, results.CONSTRAINT_VIOLATION, *((results.NO_RIGHT,) if again else ()))
        outright = _REFUSED_OUTRIGHT.get(answer.policy_error or 0)
        if answer.code == results.SUCCESS:
            return PasswordSet(SetOutcome.SET)
        if outright:
            return PasswordSet(SetOutcome.REFUSED, outright)
        if answer.code == results.NO_RIGHT:
            return PasswordSet(SetOutcome.NO_RIGHT, detail=answer.detail)
        used_before = answer.policy_error == results.IN_HISTORY
        refusal = PasswordRefusal.USED_BEFORE if used_before else PasswordRefusal.POLICY
        return PasswordSet(SetOutcome.UNCLEAR, refusal)

    def can_bind(self, dn: str, password: bytes) -> bool:
        """Bind once as the student; return whether the password is set."""
        answer = self._ldap.bind_as(dn, password)
        reject(answer, results.INVALID_CREDENTIALS)
        return answer.code == results.SUCCESS

    def _now(self, entry: Entry) -> Attributes:
        """Read an entry again, after a write that an earlier attempt may have done already."""
        return self._ldap.read(entry.dn, ("*",))

    def _find(self, attribute: str, values: Sequence[str]) -> list[Entry]:
        if not values:
            return []
        return self._entries(f"(|{''.join(_filter_for({attribute: value}) for value in values)})")

    def _entries(self, query: str) -> list[Entry]:
        """Search, and return with each entry whether it has a password.

        It counts as absent only if the directory says so: for an attribute that the account may
        not search, neither a filter nor its negation matches.
        """
        found = self._ldap.search(self._people, query, ("*", *self._judged))
        told = {each.dn: self._password(each.attributes) for each in found}
        there = f"({PASSWORD}=*)"
        for term, password in ((there, Password.SET), (f"(!{there})", Password.NONE)):
            hidden = [dn for dn, known in told.items() if known is Password.HIDDEN]
            told.update(dict.fromkeys(self._fitting(hidden, query, term), password))
        return [self._entry(each, told[each.dn]) for each in found]

    def _fitting(self, names: Sequence[str], query: str, term: str) -> Collection[str]:
        """Return which of these entries, found by the query, fit this term too."""
        if len(names) <= 1:
            # A query by all forms of a number takes ldap3 30 ms to encode.
            return [dn for dn in names if self._ldap.fits(dn, term)]
        fitting = self._ldap.search(self._people, f"(&{query}{term})", ("1.1",))
        return {each.dn for each in fitting}.intersection(names)

    def _password(self, values: Attributes) -> Password:
        """Return the password state from the entry's values, or from the configured attribute."""
        told = any(values.get(name.lower()) for name in (self._active_when, PASSWORD))
        return Password.SET if told else Password.HIDDEN

    def _entry(self, found: LdapEntry, password: Password) -> Entry:
        values = found.attributes
        (creator,) = values.get(_CREATOR.lower()) or [""]
        made_here = _normal_dn(creator) == self._service
        uid = _naming_uid(found)
        return Entry(found.dn, uid, values, password, self._adopt or made_here, made_here)

    def _dn(self, username: str) -> str:
        """Build the DN of a username, whose characters need no escaping."""
        if usernames.unusable(username):
            raise Refused("not a username")
        return f"uid={username},{self._people}"


def _held(present: Attributes, values: Attributes) -> Attributes:
    """Return those of the values that are present."""
    found = {
        name: [value for value in given if value in present.get(name.lower(), [])]
        for name, given in values.items()
    }
    return {name: given for name, given in found.items() if given}


def _filter_for(values: Mapping[str, str]) -> str:
    """Return the filter for entries that hold all of these values."""
    terms = [f"({name}={escape_filter_chars(value)})" for name, value in values.items()]
    return terms[0] if len(terms) == 1 else f"(&{''.join(terms)})"


def _naming_uid(found: LdapEntry) -> str:
    """Return the uid in the entry's DN, else its first uid; empty if it has none."""
    uids = found.attributes.get("uid") or [""]
    first = re.split(r"[,+]", found.dn, maxsplit=1)[0].lower()
    return next((uid for uid in uids if first == f"uid={uid.lower()}"), uids[0])


def _normal_dn(dn: str) -> str:
    return re.sub(r"\s*,\s*", ",", dn).lower()
