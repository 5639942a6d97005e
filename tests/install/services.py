"""Starts and stops the units of deploy/systemd as systemd does, which does not run here."""

import grp
import json
import pwd
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from tests.units import Unit

CONFINED = Path(__file__).with_name("confined.py")
READY_WITHIN = 90
"""Seconds: systemd's own default."""


class Service:
    """One unit; keeps how long its starts and stops took."""

    def __init__(self, unit: Unit, logs: Path, mounts: Sequence[Path]) -> None:
        self.unit = unit
        self.starts: list[float] = []
        self.stops: list[float] = []
        self.killed = 0
        self._log: IO[bytes] = (logs / f"{unit.name}.log").open("ab")
        self._mounts = [str(each) for each in mounts]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        begun = time.monotonic()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind("")  # Linux draws an abstract name, which needs no file.
            told.settimeout(1)
            name = told.getsockname().replace(b"\0", b"@").decode()
            environment = {**self._environment(), "NOTIFY_SOCKET": name}
            self._process = subprocess.Popen(  # noqa: S603 - the unit's own command
                ("/usr/bin/python3", str(CONFINED), self._given(environment), *self.unit.command),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
            while not self._is_told(told):
                if self._process.poll() is not None or time.monotonic() > begun + READY_WITHIN:
                    raise SystemExit(f"{self.unit.name} did not start: see {self._log.name}")
        self.starts.append(time.monotonic() - begun)

    def stop(self) -> None:
        """Stop it as `systemctl stop` does, and count it if it had to be killed."""
        assert self._process is not None
        begun = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(self.unit.seconds("TimeoutStopSec"))
        except subprocess.TimeoutExpired:
            self.killed += 1
            self._process.kill()
            code = self._process.wait()
        if code not in (0, -signal.SIGTERM):
            raise SystemExit(f"{self.unit.name} ended with {code}: see {self._log.name}")
        self.stops.append(time.monotonic() - begun)

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @staticmethod
    def _is_told(told: socket.socket) -> bool:
        try:
            return told.recv(100) == b"READY=1"
        except TimeoutError:
            return False

    def _environment(self) -> Mapping[str, str]:
        read: dict[str, str] = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"}
        for file in reversed(self.unit.environment_files):
            for line in Path(file).read_text("utf-8").splitlines():
                name, _, value = line.partition("=")
                read[name] = "".join(shlex.split(value))
        # As for systemd, the files take precedence.
        return {**self.unit.environment, **read}

    def _given(self, environment: Mapping[str, str]) -> str:
        user, given = pwd.getpwnam(self.unit.user), self.unit.directives
        groups = [grp.getgrnam(each).gr_gid for each in given["SupplementaryGroups"]]
        (families,) = given["RestrictAddressFamilies"]
        return json.dumps(
            {
                "mounts": self._mounts,
                "folder": given["WorkingDirectory"][-1],
                "uid": user.pw_uid,
                "gid": user.pw_gid,
                "groups": groups,
                "calls": sorted(_allowed(tuple(given["SystemCallFilter"]))),
                "families": families.split(),
                "environment": environment,
            }
        )


@cache
def _allowed(filters: tuple[str, ...]) -> frozenset[str]:
    """Return the system calls that these lines allow: the first allows, others with ~ refuse."""
    allowed: set[str] = set()
    for line in filters:
        named = {call for word in line.lstrip("~").split() for call in _expanded(word)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return frozenset(allowed | {*_expanded("@default")})


def _expanded(word: str) -> Iterator[str]:
    """Yield the system calls of a set, by `systemd-analyze`, or the one that is named."""
    if not word.startswith("@"):
        yield word
        return
    words = ("systemd-analyze", "syscall-filter", "--no-pager", word)
    listed = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    for name in re.findall(r"^ +(@?\w[\w-]*)$", listed.stdout, re.MULTILINE):
        yield from _expanded(name)
