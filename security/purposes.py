"""Lists the key files, and which process needs which of them.

Each key is derived from `lasting.key` by the name it has here; a process that is given its own
files needs no `lasting.key`. A test compares the table in docs/operations.md with this one.
"""

from collections.abc import Iterable
from enum import StrEnum


class User(StrEnum):
    """A process that may have a folder of keys; the process of alerts reads no key."""

    PORTAL = "portal"
    CONSOLE = "console"
    MAIN = "main"
    MESSAGING = "messaging"
    DIRECTORY = "directory"
    COMMANDS = "commands"
    ALERTS = "alerts"


_ALL = set(User) - {User.ALERTS}
_STAFF = {User.CONSOLE, User.COMMANDS}

LASTING: dict[str, frozenset[User]] = {
    name: frozenset(users)
    for name, users in {
        "payload-mac.key": _ALL,
        "pin.key": {User.MAIN, User.MESSAGING},
        "session.key": {User.PORTAL, User.CONSOLE},
        "audit.key": _STAFF,
        "barrier.key": {User.PORTAL},
        "index/address.key": {User.PORTAL, User.CONSOLE},
        "index/browser.key": {User.PORTAL},
        "index/email.key": {User.PORTAL, User.MAIN, User.MESSAGING, *_STAFF},
        "index/found_number.key": {User.MAIN, *_STAFF},
        "index/insurance.key": {User.MAIN, *_STAFF},
        "index/mobile.key": {User.PORTAL, User.MAIN, User.MESSAGING, *_STAFF},
        "index/name.key": {User.MAIN, *_STAFF},
        "index/person.key": {User.MAIN, User.DIRECTORY, *_STAFF},
        "index/receipt.key": {User.PORTAL, User.MESSAGING, *_STAFF},
        "index/recovery_code.key": {User.CONSOLE},
        "index/registration.key": {User.MAIN, *_STAFF},
        "index/staff.key": {User.CONSOLE},
        "index/student_number.key": {User.MAIN},
        "index/suggestion.key": {User.PORTAL},
        "index/username.key": {User.MAIN, User.DIRECTORY, *_STAFF},
        "column/audit.key": _STAFF,
        "column/case_note.key": _STAFF,
        "column/consent.key": {User.MAIN, User.COMMANDS},
        "column/insurance.key": {User.MAIN, User.COMMANDS},
        "column/invitation.key": {User.MAIN, *_STAFF},
        "column/name.key": {User.MAIN, *_STAFF},
        "column/second_factor.key": {User.CONSOLE},
        "column/suggestion.key": {User.PORTAL},
        "column/support_answer.key": {User.MESSAGING, *_STAFF},
        "column/support_request.key": {User.PORTAL, User.MESSAGING, *_STAFF},
        "column/typed.key": {User.PORTAL},
        "column/username.key": {User.MAIN, User.DIRECTORY, *_STAFF},
    }.items()
}
"""The keys that do not rotate."""

SEALED_BY = {
    "session": "session.key",
    "sign_in_under_way": "index/staff.key",
    "staff_session": "index/staff.key",
}
"""The key from which that of the seals of a table's rows is derived; the database has none."""

BY_EPOCH: dict[str, frozenset[User]] = {
    "epochs/*.key": frozenset(_ALL),
    "seal/*.pub": frozenset({User.PORTAL}),
    "seal/*.key": frozenset({User.DIRECTORY}),
}
"""The keys that rotate: one file per epoch."""


def labels(name: str) -> list[str]:
    """Return the labels by which this key is derived from `lasting.key`."""
    return name.removesuffix(".key").replace("-", " ").split("/")


def lasting(users: Iterable[User]) -> list[str]:
    """Return the keys that do not rotate and that any of these processes needs."""
    wanted = set(users)
    return [name for name, needed_by in LASTING.items() if needed_by & wanted]


def by_epoch(users: Iterable[User]) -> list[str]:
    """Return the patterns of the files per epoch that any of these processes needs."""
    wanted = set(users)
    return [kind for kind, needed_by in BY_EPOCH.items() if needed_by & wanted]
