"""Authenticates staff by a bind to the directory, or by an account in the operators' file.

A source returns the staff member, None when name or password are wrong, or raises
`AdapterError` while the directory is away. With OpenID Connect (`support.verbs.oidc`) the settings
say who may still sign in by a password.
"""

import asyncio
import os
import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from adapters.directory.port import StaffGroups
from settings.pages import Console
from starter.output import Failed
from support.verbs.staff import Staff, StaffRole
from translations import N_

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_PASSWORD = 256
_SHORTEST_PASSWORD = 12
NO_ROLE = N_("Your account has no role at the desk")


class NoRole(Exception):
    """The name and password are right, but the person has no staff role."""

    def __init__(self, name: str) -> None:
        super().__init__(NO_ROLE)
        self.name = name


class ByDirectory:
    """Authenticates by a bind as the person, and reads their groups over that connection."""

    def __init__(self, directory: StaffGroups, console: Console) -> None:
        self._directory = directory
        self._console = console

    async def staff(self, name: str, password: str) -> Staff | None:
        console = self._console
        groups = dict.fromkeys([*console.groups.values(), *console.departments])
        found = await asyncio.to_thread(
            self._directory.groups_of, name, password.encode(), tuple(groups)
        )
        if found is None:
            return None
        limits = [console.departments[group] for group in found if group in console.departments]
        return Staff(
            name.lower(),
            frozenset(StaffRole(role) for role, group in console.groups.items() if group in found),
            frozenset().union(*limits) if limits else None,
        )


class ByFile:
    """Authenticates operators, also while the directory is away, by `name:role,role:hash` lines.

    The file is read at each sign-in, so removing an account takes effect at once.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    async def staff(self, name: str, password: str) -> Staff | None:
        line = self._lines().get(name.lower())
        if line is None:
            return None
        _, roles, kept = line.split(":", 2)
        try:
            await asyncio.to_thread(Argon2id.verify_phc_encoded, password.encode(), kept)
        except InvalidKey:
            return None
        return Staff(name.lower(), frozenset(map(StaffRole, roles.split(","))))

    def knows(self, name: str) -> bool:
        return name.lower() in self._lines()

    def names(self) -> Iterable[str]:
        return self._lines()

    def _lines(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        lines = self._file.read_text("utf-8").splitlines()
        return {line.split(":", 1)[0]: line for line in lines if line}

    def put(self, name: str, roles: Iterable[StaffRole], password: str) -> None:
        """Add or replace an account with its password and roles; raises `Failed`."""
        if not _NAME.fullmatch(name):
            raise Failed("a name has letters, digits, dots and hyphens, 64 at most")
        if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise Failed(f"a password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
        line = f"{name.lower()}:{','.join(roles)}:{_hash(password)}"
        lines = self._lines() | {name.lower(): line}
        self._file.touch(mode=0o600)
        self._file.write_text("".join(f"{each}\n" for each in lines.values()), encoding="utf-8")


class SignIn:
    """Asks the sources in order: a name in the operators' file never reaches the directory."""

    def __init__(self, directory: StaffGroups, console: Console) -> None:
        who = console.oidc.passwords if console.oidc else "everybody"
        file = console.operators_file if who != "nobody" else None
        self._file = ByFile(file) if file else None
        self._directory = ByDirectory(directory, console) if who == "everybody" else None
        self.takes_passwords = bool(self._file or self._directory)

    def is_local(self, name: str) -> bool:
        """Return whether this is an account of the operators' file, which no directory locks."""
        return self._file is not None and self._file.knows(name)

    async def staff(self, name: str, password: str) -> Staff | None:
        """Return the staff member, None when name or password are wrong.

        Raises `NoRole`, and `AdapterError` while the directory is away. An empty password is
        refused here: a directory would accept it as an anonymous bind.
        """
        if not _NAME.fullmatch(name) or not 0 < len(password) <= _LONGEST_PASSWORD:
            return None
        source: ByDirectory | ByFile | None = self._directory
        if self.is_local(name):
            source = self._file
        staff = await source.staff(name, password) if source else None
        if staff and not staff.roles:
            raise NoRole(staff.name)
        return staff


def _hash(password: str) -> str:
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=19_456)
    return kdf.derive_phc_encoded(password.encode())
