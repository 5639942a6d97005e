"""Defines the directory's port; another kind of directory is another class of this protocol."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

from adapters.directory.entries import Attributes
from domain.accounts import Judgement, Password
from domain.contracts.vocabulary import PasswordRefusal
from domain.entry_values import CODES
from domain.identities import Identity

P = ParamSpec("P")
T = TypeVar("T")


class Entry(NamedTuple):
    """A person's entry; `made_here` by the engine, which `adoptable` entries need not be.

    `dn` is the directory's own unique key of the entry. Attribute names are in lower case.
    """

    dn: str
    uid: str
    attributes: Attributes
    password: Password
    adoptable: bool
    made_here: bool

    @property
    def active(self) -> bool:
        """Whether it has a password; a hidden one counts as present."""
        return self.password is not Password.NONE

    def is_named(self, name: str) -> bool:
        """Whether this is one of its usernames, without regard to case."""
        return name.lower() in {self.uid.lower(), *map(str.lower, self.attributes.get("uid", []))}

    def belongs_to(self, codes: Collection[str]) -> bool:
        own = {code.lower() for code in self.attributes.get(CODES.lower(), [])}
        return not own.isdisjoint(code.lower() for code in codes)


class AddOutcome(StrEnum):
    """The outcome of adding an entry; an earlier attempt may have added it in any case."""

    ADDED = "added"
    NAME_IN_USE = "name_in_use"
    VALUE_IN_USE = "value_in_use"
    NAME_REFUSED = "name_refused"
    NO_RIGHT = "no_right"


class Added(NamedTuple):
    """`code` is the directory's result code, for support; `detail` is its text for operators."""

    outcome: AddOutcome
    code: int = 0
    detail: str = ""


class SetOutcome(StrEnum):
    """The outcome of setting a password.

    `unclear`: refused, perhaps because an earlier attempt has set it. `no_right`: the right to set
    it is missing, perhaps because an earlier attempt used it.
    """

    SET = "set"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NO_RIGHT = "no_right"


class PasswordSet(NamedTuple):
    """`refusal` is the cause if the outcome is `refused` or `unclear`."""

    outcome: SetOutcome
    refusal: PasswordRefusal = PasswordRefusal.POLICY
    detail: str = ""


class Directory(Protocol):
    """Each method is idempotent; it raises `adapters.errors.AdapterError` if it gets no answer.

    All but `run` and `close` block, and are called through `run`. There is no way to delete an
    entry. Values are compared without regard to case.
    """

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run blocking work in the directory's thread pool, with the caller's context variables."""

    async def close(self) -> None: ...

    def one_connection(self) -> AbstractContextManager[None]:
        """Make one server answer all requests of this thread inside the context."""

    def would_write(self, username: str) -> bool:
        """Whether the server accepts a write to this absent entry, unlike a lagging replica."""

    def find_own(self, identity: Identity) -> Judgement[Entry]:
        """Search by every rule at once for a person's entry, and judge whose each match is."""

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        """Return every entry that holds one of a person's codes."""

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]: ...

    def find_in_use(self, name: str, domain: str) -> list[Entry]:
        """Return every entry that has this name or the name's address."""

    def everybody(self, progress: Callable[[int], None]) -> list[Entry]:
        """Return all entries with the rules' attributes; `progress` gets the number read so far."""

    def walk(self, take: Callable[[list[Entry]], None]) -> None:
        """Read all entries over one connection, and give each page of them to `take`.

        `take` may ask the directory more, over the same connection. The entries have what tells
        whose and whose make they are, and `hidden` passwords.
        """

    def add(self, username: str, attributes: Attributes) -> Added:
        """Add an entry without a password, unless its name or a unique value exists."""

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        """Add what the entry lacks and what the student chose; existing values stay."""

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        """Delete these values, and nothing else; values that are absent already are no error."""

    def set_password(self, dn: str, password: bytes, *, again: bool = False) -> PasswordSet:
        """Set an entry's password; `again`: it may have been sent before."""

    def can_bind(self, dn: str, password: bytes) -> bool:
        """Authenticate once as the student; return whether the password is set."""


class StaffGroups(Protocol):
    """Authenticates staff and reads their groups; blocks; raises `adapters.errors.AdapterError`."""

    def groups_of(self, name: str, password: bytes, groups: Sequence[str]) -> list[str] | None:
        """Return those of these groups that the person is in; None: name or password is wrong."""
