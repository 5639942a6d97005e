"""The directory by LDAP: what is asked of it and written to it, one step each.

Every step may be repeated. The engine adds, completes, sets passwords and takes a withdrawn
choice's values away; it has no way to delete an entry. All methods block and are called from a
pool of threads, whose size bounds the connections too.
"""

import asyncio
import contextvars
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import ParamSpec, TypeVar

from adapters.directory.entries import ADDRESSES, OBJECT_CLASSES, Attributes, missing
from adapters.directory.ldap_client import LdapClient, LdapEntry
from adapters.directory.ldap_results import (
    ALREADY_EXISTS,
    CONSTRAINT_VIOLATION,
    IN_HISTORY,
    INSUFFICIENT_QUALITY,
    INVALID_CREDENTIALS,
    NAMING,
    NO_RIGHT,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_OBJECT,
    SUCCESS,
    TOO_SHORT,
    reject,
)
from adapters.directory.ldap_values import filter_for, held, naming_uid, normal_dn
from adapters.directory.port import Added, AddOutcome, Entry, PasswordSet, SetOutcome
from adapters.errors import Refused
from domain import accounts, usernames
from domain.accounts import Judgement, Password
from domain.contracts.vocabulary import PasswordRefusal
from domain.entry_values import BIRTH_DATE, CODES, NAMES
from domain.identities import Identity
from settings import DirectorySettings as Settings

P = ParamSpec("P")
T = TypeVar("T")

_CREATOR = "creatorsName"
_PASSWORD = "userPassword"  # noqa: S105 - the name of an attribute
_ADDED = {
    SUCCESS: AddOutcome.ADDED,
    ALREADY_EXISTS: AddOutcome.NAME_IN_USE,
    CONSTRAINT_VIOLATION: AddOutcome.VALUE_IN_USE,
    NO_RIGHT: AddOutcome.NO_RIGHT,
}
_REFUSED_OUTRIGHT = {
    INSUFFICIENT_QUALITY: PasswordRefusal.POLICY,
    TOO_SHORT: PasswordRefusal.TOO_SHORT,
}


class LdapDirectory:
    """`fence` is called at the last moment before each write, and raises when it must not be."""

    def __init__(self, settings: Settings, fence: Callable[[], None] = lambda: None) -> None:
        self._people = settings.people_dn
        self._active_when = settings.active_when
        self._adopt = settings.adopt
        self._rules = settings.match_rules
        rules = {name for rule in self._rules for name in rule.attributes}
        more = {"uid", *ADDRESSES, CODES, BIRTH_DATE, self._active_when, _CREATOR}
        more |= NAMES
        self._judged = sorted(rules | more)  # `*` leaves out what is operational.
        self._service = normal_dn(settings.bind_dn)
        self._ldap = LdapClient(settings, fence)
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="directory")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in this directory's own threads, which know the activity they serve."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._ldap.close()

    def one_connection(self) -> AbstractContextManager[None]:
        """Let this thread do all it does inside over one fresh connection, to one server."""
        return self._ldap.one_connection()

    def would_write(self, username: str) -> bool:
        """Whether the server takes a write to this entry, which must not exist, and has none.

        A primary looks for the entry and misses it; a replica refuses before it looks. Should the
        entry be there after all, it is given a class that it has.
        """
        answer = self._ldap.add_values(self._dn(username), {"objectClass": [OBJECT_CLASSES[0]]})
        reject(answer, NO_SUCH_OBJECT)
        return answer.code == NO_SUCH_OBJECT

    def find_own(self, identity: Identity) -> Judgement[Entry]:
        """Look by every rule at once for a person's entry, and tell whose what is there is."""
        terms: list[str] = []
        for each in identity.everyone:
            terms += [filter_for({CODES: code}) for code in each.code_forms]
            terms += [filter_for({"uid": name}) for name in each.names]
            for rule in self._rules:
                filled = (*each.values(rule), *each.values_otherwise(rule))
                terms += [filter_for(held) for held in filled]
        return accounts.judge(identity, self._rules, self._entries(f"(|{''.join(terms)})"))

    def everybody(self, progress: Callable[[int], None]) -> list[Entry]:
        """Return every entry below the people's own, with what the rules look for.

        `progress` is told how many there are by now.
        """
        found: list[LdapEntry] = []
        for page in self._ldap.pages(self._people, "(objectClass=*)", self._judged):
            found += [each for each in page if normal_dn(each.dn) != normal_dn(self._people)]
            progress(len(found))
        pages = self._ldap.pages(self._people, f"(!({_PASSWORD}=*))", ("1.1",))
        without = {each.dn for page in pages for each in page}
        return [self._entry(each, self._password_in(each, without)) for each in found]

    def _password_in(self, found: LdapEntry, without: Collection[str]) -> Password:
        told = self._password(found.attributes)
        hidden = told is Password.HIDDEN
        return Password.NONE if hidden and found.dn in without else told

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        """Return every entry that holds one of a person's codes."""
        return self._find(CODES, codes)

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]:
        return self._find("uid", names)

    def find_in_use(self, name: str, domain: str) -> list[Entry]:
        """Return every entry that has this name, or that has the name's address as one of its own.

        An entry of another name may have it as an alias.
        """
        terms = [filter_for({"uid": name})]
        if address := usernames.address(name, domain):
            terms += [filter_for({each: address}) for each in ADDRESSES]
        return self._entries(f"(|{''.join(terms)})")

    def add(self, username: str, attributes: Attributes) -> Added:
        """Add the entry unless its name (68) or a unique value (19) exists, or a right lacks (50).

        An earlier try may have added it, and what exists may be protected.
        """
        answer = self._ldap.add(self._dn(username), attributes)
        # The directory may refuse a name that the registrar gave.
        naming = () if usernames.is_valid(username) else NAMING
        reject(answer, *_ADDED, *naming)
        outcome = AddOutcome.NAME_REFUSED if answer.code in naming else _ADDED[answer.code]
        return Added(outcome, answer.code, answer.detail)

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        """Add what the entry lacks and keep what it has; a rival's write makes a later try."""
        lacking = missing(wanted, entry.attributes, chosen)
        if not lacking:
            return
        answer = self._ldap.add_values(entry.dn, lacking)
        if answer.code == NO_RIGHT and not missing(wanted, self._now(entry), chosen):
            return
        reject(answer)

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        """Take these values away, and nothing else; a value that is gone already is no matter.

        A change is made as a whole: where some are gone meanwhile (16), a later try takes the rest.
        """
        there = held(entry.attributes, gone)
        if not there:
            return
        answer = self._ldap.delete_values(entry.dn, there)
        if answer.code in (NO_RIGHT, NO_SUCH_ATTRIBUTE) and not held(self._now(entry), gone):
            return
        reject(answer)

    def set_password(self, dn: str, password: bytes, *, again: bool = False) -> PasswordSet:
        """Set it; a refusal (19) has the policy's own error where it tells one.

        `again`: it may have been sent before, and the right to (50) may have gone with that.
        """
        answer = self._ldap.set_password(dn, password)
        reject(answer, CONSTRAINT_VIOLATION, *((NO_RIGHT,) if again else ()))
        outright = _REFUSED_OUTRIGHT.get(answer.policy_error or 0)
        if answer.code == SUCCESS:
            return PasswordSet(SetOutcome.SET)
        if outright:
            return PasswordSet(SetOutcome.REFUSED, outright)
        if answer.code == NO_RIGHT:
            return PasswordSet(SetOutcome.NO_RIGHT, detail=answer.detail)
        used_before = answer.policy_error == IN_HISTORY
        refusal = PasswordRefusal.USED_BEFORE if used_before else PasswordRefusal.POLICY
        return PasswordSet(SetOutcome.UNCLEAR, refusal)

    def can_bind(self, dn: str, password: bytes) -> bool:
        """Bind as the student, once: whether the password is theirs now."""
        answer = self._ldap.bind_as(dn, password)
        reject(answer, INVALID_CREDENTIALS)
        return answer.code == SUCCESS

    def _now(self, entry: Entry) -> Attributes:
        """Read an entry again, after a write that an earlier try may have done already."""
        return self._ldap.read(entry.dn, ("*",))

    def _find(self, attribute: str, values: Sequence[str]) -> list[Entry]:
        if not values:
            return []
        return self._entries(f"(|{''.join(filter_for({attribute: value}) for value in values)})")

    def _entries(self, query: str) -> list[Entry]:
        """Search, and tell of each entry whether it has a password.

        It has none only where the directory says so: a filter on what the account may not search
        matches nothing, and neither does its contrary.
        """
        found = self._ldap.search(self._people, query, ("*", *self._judged))
        told = {each.dn: self._password(each.attributes) for each in found}
        if Password.HIDDEN in told.values():
            there = f"({_PASSWORD}=*)"
            for term, password in ((there, Password.SET), (f"(!{there})", Password.NONE)):
                for each in self._ldap.search(self._people, f"(&{query}{term})", ("1.1",)):
                    if told.get(each.dn) is Password.HIDDEN:
                        told[each.dn] = password
        return [self._entry(each, told[each.dn]) for each in found]

    def _password(self, values: Attributes) -> Password:
        """Return what the entry itself tells: the values, or the attribute the settings name."""
        told = any(values.get(name.lower()) for name in (self._active_when, _PASSWORD))
        return Password.SET if told else Password.HIDDEN

    def _entry(self, found: LdapEntry, password: Password) -> Entry:
        values = found.attributes
        (creator,) = values.get(_CREATOR.lower()) or [""]
        made_here = normal_dn(creator) == self._service
        uid = naming_uid(found)
        return Entry(found.dn, uid, values, password, self._adopt or made_here, made_here)

    def _dn(self, username: str) -> str:
        """Build a name from what needs no escaping; anything else is not a username."""
        if usernames.unusable(username):
            raise Refused("not a username")
        return f"uid={username},{self._people}"
