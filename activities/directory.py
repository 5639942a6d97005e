"""What is asked of the directory and written to it, one step each; every step may be repeated.

The engine adds, completes, sets passwords and takes a withdrawn choice's values away; it has no way
to delete an entry. All methods block and are called from a pool of threads, whose size bounds the
connections too.
"""

import asyncio
import contextvars
import re
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import NamedTuple, ParamSpec, TypeVar

from ldap3.utils.conv import escape_filter_chars
from temporalio import activity

from activities.answers import (
    ALREADY_EXISTS,
    CONSTRAINT_VIOLATION,
    INVALID_CREDENTIALS,
    NO_SUCH_OBJECT,
    SUCCESS,
    Answer,
    reject,
)
from activities.entries import CODES, OBJECT_CLASSES, Attributes, missing
from activities.failures import failure
from activities.ldap import Found, Wire
from domain import usernames
from domain.contracts.vocabulary import FailureType
from settings import Directory as Settings

P = ParamSpec("P")
T = TypeVar("T")

_CREATOR = "creatorsName"
_began: ContextVar[float] = ContextVar("began")


class Entry(NamedTuple):
    """A person's entry; `adoptable` when it is the engine's own, or others' may be adopted too."""

    dn: str
    uid: str
    attributes: Attributes
    active: bool
    adoptable: bool

    def belongs_to(self, codes: Collection[str]) -> bool:
        own = {code.lower() for code in self.attributes.get(CODES.lower(), [])}
        return not own.isdisjoint(code.lower() for code in codes)


class Directory:
    def __init__(self, settings: Settings) -> None:
        self._people = settings.people_dn
        self._active_when = settings.active_when
        self._adopt = settings.adopt
        self._service = _normal(settings.bind_dn)
        self._wire = Wire(settings, fence)
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="directory")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in this directory's own threads, which know the activity they serve."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._wire.close()

    def one_connection(self) -> AbstractContextManager[None]:
        """Let this thread do all it does inside over one fresh connection, to one server."""
        return self._wire.one_connection()

    def would_write(self, username: str) -> bool:
        """Whether the server takes a write to this entry, which must not exist, and has none.

        A primary looks for the entry and misses it; a replica refuses before it looks. Should the
        entry be there after all, it is given a class that it has.
        """
        answer = self._wire.add_values(self._dn(username), {"objectClass": [OBJECT_CLASSES[0]]})
        reject(answer, NO_SUCH_OBJECT)
        return answer.code == NO_SUCH_OBJECT

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        """Return every entry that holds one of a person's codes."""
        return self._find(CODES, codes)

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]:
        return self._find("uid", names)

    def add(self, username: str, attributes: Attributes) -> Answer:
        """Add the entry unless its name (68) or a unique value (19) exists."""
        answer = self._wire.add(self._dn(username), attributes)
        reject(answer, ALREADY_EXISTS, CONSTRAINT_VIOLATION)
        return answer

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        """Add what the entry lacks and keep what it has; a rival's write makes a later try."""
        lacking = missing(wanted, entry.attributes, chosen)
        if lacking:
            reject(self._wire.add_values(entry.dn, lacking))

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        """Take these values away, and nothing else; a value that is gone already is no matter."""
        if gone:
            reject(self._wire.delete_values(entry.dn, gone))

    def set_password(self, dn: str, password: bytes) -> Answer:
        """Return success, or the policy's refusal (19) with its own error where it tells one."""
        answer = self._wire.set_password(dn, password)
        reject(answer, CONSTRAINT_VIOLATION)
        return answer

    def opens(self, dn: str, password: bytes) -> bool:
        """Bind as the student, once: whether the password is theirs now."""
        answer = self._wire.bind_as(dn, password)
        reject(answer, INVALID_CREDENTIALS)
        return answer.code == SUCCESS

    def _find(self, attribute: str, values: Sequence[str]) -> list[Entry]:
        if not values:
            return []
        terms = "".join(f"({attribute}={escape_filter_chars(value)})" for value in values)
        found = self._wire.search(self._people, f"(|{terms})", ("*", self._active_when, _CREATOR))
        return [self._entry(each) for each in found]

    def _entry(self, found: Found) -> Entry:
        """Read an entry; it is active when it has the attribute that the settings name for that."""
        values = found.attributes
        active = bool(values.get(self._active_when.lower()))
        creator, uid = ((values.get(name.lower()) or [""])[0] for name in (_CREATOR, "uid"))
        adoptable = self._adopt or _normal(creator) == self._service
        return Entry(found.dn, uid, values, active, adoptable)

    def _dn(self, username: str) -> str:
        """Build a name from what needs no escaping; anything else is not a username."""
        if not usernames.is_valid(username):
            raise failure(FailureType.CONFIGURATION, "not a username", permanent=True)
        return f"uid={username},{self._people}"


def monotonic() -> float:
    """Return seconds that no change of the machine's clock moves, and no sleep of it stops."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def begin_try() -> None:
    """Note when this try of an activity began, for `fence`."""
    _began.set(monotonic())


def fence() -> None:
    """Keep a try that has outlived its time from writing: a later one may have begun.

    A stopped process may wake at any moment, and what it wrote then would undo the later try. The
    time is measured here, for the clocks of this machine and of Temporal may differ.
    """
    patience = activity.info().start_to_close_timeout
    if patience and monotonic() >= _began.get() + patience.total_seconds():
        raise failure(FailureType.DIRECTORY_DOWN, "too late to write")


def _normal(dn: str) -> str:
    return re.sub(r"\s*,\s*", ",", dn).lower()
