"""Checks the files named in the settings: they exist, are readable, not empty and private."""

import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from adapters.findings import Finding
from security import purposes
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from security.purposes import User
from settings import Settings
from starter.doctor import messaging

PARTS = {
    User.PORTAL: frozenset[str](),
    User.CONSOLE: frozenset({"directory", "console", "registrar"}),
    User.MAIN: frozenset({"registrar"}),
    User.MESSAGING: frozenset[str](),
    User.DIRECTORY: frozenset({"directory"}),
    User.COMMANDS: frozenset({"registrar", "directory"}),
    User.ALERTS: frozenset({"alerts"}),
}
"""The systems that each process calls, by their settings.

This is besides ledger, Temporal and the message channels.
"""
_ALWAYS = frozenset({"institution", "temporal_config_file"})
_SECRETS = ("password_file", "token_file", "secret_file", "operators_file")
_MADE_LATER = frozenset({"console.operators_file"})


def systems(settings: Settings, users: tuple[User, ...]) -> frozenset[str]:
    """Return the systems that these processes call; with mailed alerts also the mail relay."""
    mailed = settings.alerts.email or settings.alerts.audit_email
    mail = {"mail"} if User.ALERTS in users and mailed else frozenset[str]()
    channels = messaging.sections() if User.MESSAGING in users else frozenset[str]()
    return frozenset[str]().union(mail, channels, *(PARTS[user] for user in users))


def check(settings: Settings, users: tuple[User, ...]) -> Iterator[Finding]:
    """Check every file that these processes read, and their keys."""
    needed = _ALWAYS | systems(settings, users)
    for name, path in _named(settings):
        later = name in _MADE_LATER and not path.exists()
        if name.partition(".")[0] in needed and not later:
            yield Finding("files", f"{name} ({path})", _advice(name, path))
    if purposes.lasting(users):
        yield from _keys(settings.keys_dir, users)


def _named(value: BaseModel, name: str = "") -> Iterator[tuple[str, Path]]:
    for field in type(value).model_fields:
        inner, at = getattr(value, field), f"{name}.{field}".lstrip(".")
        if isinstance(inner, Path) and at != "keys_dir":
            yield at, inner
        elif isinstance(inner, BaseModel):
            yield from _named(inner, at)


def _advice(name: str, path: Path) -> str:
    try:
        mode = path.stat().st_mode
        content = b"-" if stat.S_ISDIR(mode) else path.read_bytes()
    except FileNotFoundError:
        return f"there is no such file: correct {name}, or put the file there"
    except OSError:
        return "this process may not read it: see to its owner and mode"
    if not content.strip():
        return "it is empty: write into it what it is for"
    if name.endswith(_SECRETS) and mode & stat.S_IROTH:
        return "everybody may read this secret: chmod o-rwx"
    return ""


def _keys(folder: Path, users: tuple[User, ...]) -> Iterator[Finding]:
    if not folder.is_dir():
        mend = "there is no such folder: activation keys init, or copy the keys"
        yield Finding("keys", f"keys_dir ({folder})", mend)
        return
    try:
        KeyRing(folder).require(*users)
    except KeyUnavailable as missing:
        yield Finding("keys", "each file is here and whole", str(missing))
    else:
        yield Finding("keys", "each file is here and whole")
    public = {folder / "active", *folder.glob("seal/*.pub")}
    files = [path for path in folder.rglob("*") if path.is_file() and path not in public]
    wide = sorted(str(path) for path in files if path.stat().st_mode & stat.S_IROTH)
    mend = f"everybody may read {', '.join(wide)}: chmod o-rwx" if wide else ""
    yield Finding("keys", "nobody else may read them", mend)
