"""What the engine asks of a directory; another kind of directory is another class of this form."""

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

    `dn` is what the directory itself tells entries apart by. The names of attributes are in lower
    case.
    """

    dn: str
    uid: str
    attributes: Attributes
    password: Password
    adoptable: bool
    made_here: bool

    @property
    def active(self) -> bool:
        """Whether it has a password, as far as can be seen: what is hidden counts as there."""
        return self.password is not Password.NONE

    def is_named(self, name: str) -> bool:
        """Whether this is its username, or one of several, in whatever letters."""
        return name.lower() in {self.uid.lower(), *map(str.lower, self.attributes.get("uid", []))}

    def belongs_to(self, codes: Collection[str]) -> bool:
        own = {code.lower() for code in self.attributes.get(CODES.lower(), [])}
        return not own.isdisjoint(code.lower() for code in codes)


class AddOutcome(StrEnum):
    """What came of adding an entry; an earlier try may have added it, whatever is said now."""

    ADDED = "added"
    NAME_IN_USE = "name_in_use"
    VALUE_IN_USE = "value_in_use"
    NAME_REFUSED = "name_refused"
    NO_RIGHT = "no_right"


class Added(NamedTuple):
    """`code` is the directory's own, for support, and `detail` tells the same to operators."""

    outcome: AddOutcome
    code: int = 0
    detail: str = ""


class SetOutcome(StrEnum):
    """What came of setting a password.

    `unclear`: it is refused now, maybe because an earlier try has set it. `no_right`: the right to
    is not there, and may have gone with an earlier try.
    """

    SET = "set"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NO_RIGHT = "no_right"


class PasswordSet(NamedTuple):
    """`refusal` is why, where the outcome is `refused` or `unclear`."""

    outcome: SetOutcome
    refusal: PasswordRefusal = PasswordRefusal.POLICY
    detail: str = ""


class Directory(Protocol):
    """Each method may be repeated, and raises `adapters.errors.AdapterError` without an answer.

    All but `run` and `close` block, and are called through `run`. There is no way to delete an
    entry. Values are compared without regard to case.
    """

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run blocking work in this directory's own threads, in the caller's context."""

    async def close(self) -> None: ...

    def one_connection(self) -> AbstractContextManager[None]:
        """Let one server answer all that this thread asks inside."""

    def would_write(self, username: str) -> bool:
        """Whether the server takes a write to this entry, which must not exist, and has none.

        A replica does not, for it may lag behind.
        """

    def find_own(self, identity: Identity) -> Judgement[Entry]:
        """Look by every rule at once for a person's entry, and tell whose what is there is."""

    def find_by_codes(self, codes: Sequence[str]) -> list[Entry]:
        """Return every entry that holds one of a person's codes."""

    def find_by_uids(self, names: Sequence[str]) -> list[Entry]: ...

    def find_in_use(self, name: str, domain: str) -> list[Entry]:
        """Return every entry that has this name, or the name's address as one of its own."""

    def everybody(self, progress: Callable[[int], None]) -> list[Entry]:
        """Return every entry, with what the rules look for at least.

        `progress` is told how many there are by now.
        """

    def add(self, username: str, attributes: Attributes) -> Added:
        """Add an entry without a password, unless its name or a unique value exists."""

    def complete(self, entry: Entry, wanted: Attributes, chosen: Attributes) -> None:
        """Add what the entry lacks, and what the student chose; nothing that is there changes."""

    def take_away(self, entry: Entry, gone: Attributes) -> None:
        """Take these values away, and nothing else; a value that is gone already is no matter."""

    def set_password(self, dn: str, password: bytes, *, again: bool = False) -> PasswordSet:
        """Set an entry's password; `again`: it may have been sent before."""

    def can_bind(self, dn: str, password: bytes) -> bool:
        """Sign in as the student, once: whether the password is theirs now."""


class StaffGroups(Protocol):
    """Where the staff's side asks who somebody is."""

    def groups_of(self, name: str, password: bytes, groups: Sequence[str]) -> list[str] | None:
        """Return in which of these groups somebody is; None: name or password are wrong.

        Blocks; raises `adapters.errors.AdapterError`.
        """
