"""Which key files there are, and which process needs which of them.

Each is derived from `lasting.key` by the name it has here; a process that is given its own files
needs no `lasting.key`. The table in docs/operations.md is checked against this one.
"""

from collections.abc import Iterable
from enum import StrEnum


class User(StrEnum):
    """A process that may have a folder of keys; that of alerts reads no key."""

    PORTAL = "portal"
    CONSOLE = "console"
    MAIN = "main"
    MESSAGING = "messaging"
    DIRECTORY = "directory"
    COMMANDS = "commands"
    ALERTS = "alerts"


_ALL = set(User) - {User.ALERTS}
_DESK = {User.CONSOLE, User.COMMANDS}

LASTING: dict[str, frozenset[User]] = {
    name: frozenset(users)
    for name, users in {
        "payload-mac.key": _ALL,
        "pin.key": {User.MAIN, User.MESSAGING},
        "session.key": {User.PORTAL, User.CONSOLE},
        "audit.key": _DESK,
        "index/address.key": {User.PORTAL, User.CONSOLE},
        "index/browser.key": {User.PORTAL},
        "index/email.key": {User.PORTAL, User.MAIN, User.MESSAGING, *_DESK},
        "index/found_number.key": {User.MAIN, *_DESK},
        "index/insurance.key": {User.MAIN, *_DESK},
        "index/mobile.key": {User.PORTAL, User.MAIN, User.MESSAGING, *_DESK},
        "index/name.key": {User.MAIN, *_DESK},
        "index/person.key": {User.MAIN, *_DESK},
        "index/registration.key": {User.MAIN, *_DESK},
        "index/staff.key": {User.CONSOLE},
        "index/student_number.key": {User.MAIN},
        "index/suggestion.key": {User.PORTAL},
        "index/username.key": {User.MAIN, User.DIRECTORY, *_DESK},
        "column/audit.key": _DESK,
        "column/case_note.key": _DESK,
        "column/consent.key": {User.MAIN},
        "column/insurance.key": {User.MAIN, User.COMMANDS},
        "column/name.key": {User.MAIN, *_DESK},
        "column/suggestion.key": {User.PORTAL},
        "column/support_answer.key": {User.MESSAGING, *_DESK},
        "column/support_request.key": {User.PORTAL, User.MESSAGING, *_DESK},
        "column/typed.key": {User.PORTAL},
        "column/username.key": {User.MAIN, User.DIRECTORY, *_DESK},
    }.items()
}
"""The keys that do not rotate."""

BY_EPOCH: dict[str, frozenset[User]] = {
    "epochs/*.key": frozenset(_ALL),
    "seal/*.pub": frozenset({User.PORTAL}),
    "seal/*.key": frozenset({User.DIRECTORY}),
}
"""The keys that do: one file an epoch."""


def labels(name: str) -> list[str]:
    """Return what this key is derived from `lasting.key` by."""
    return name.removesuffix(".key").replace("-", " ").split("/")


def lasting(users: Iterable[User]) -> list[str]:
    """Return the lasting keys that any of these needs."""
    wanted = set(users)
    return [name for name, needed_by in LASTING.items() if needed_by & wanted]


def by_epoch(users: Iterable[User]) -> list[str]:
    """Return the kinds of epochs' files that any of these needs."""
    wanted = set(users)
    return [kind for kind, needed_by in BY_EPOCH.items() if needed_by & wanted]
