"""Lets a running demo's directory work otherwise: another scheme for new passwords, or a log.

The demo's own server stops meanwhile, because the demo writes its settings anew at each start.
"""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.processes import pid_of
from demo.control import ask
from demo.listeners import listens

DEMO_SCHEME = "{ARGON2}"
SCHEMES = (DEMO_SCHEME, "{SSHA}")
_READY_SECONDS = 20.0
_OPERATION = re.compile(r" (conn=\d+ op=\d+) (BIND|SRCH|ADD|MOD|MODRDN|CMP|DEL|EXT) ")


@contextmanager
def storing(folder: Path, scheme: str) -> Iterator[int]:
    """Let passwords be stored by this scheme during the block; yields the server's process id."""
    words, environment = _started_by(pid_of(folder, "slapd"))
    if scheme == DEMO_SCHEME:
        yield pid_of(folder, "slapd")
        return
    ask(folder, "stop", "slapd")
    config = folder / "data" / "slapd" / "slapd.conf"
    line = f"password-hash {DEMO_SCHEME}"
    text = config.read_text("utf-8")
    if line not in text:
        raise SystemExit(f"{config} does not say {line}")
    config.write_text(text.replace(line, f"password-hash {scheme}"), "utf-8")
    with _serving(words, environment, Path("/dev/null")) as pid:
        yield pid


@contextmanager
def logging(folder: Path) -> Iterator[Path]:
    """Let it log each operation during the block; yields the log."""
    words, environment = _started_by(pid_of(folder, "slapd"))
    log = folder / "logs" / "operations.log"
    ask(folder, "stop", "slapd")
    # The level is the last word.
    try:
        with _serving((*words[:-1], "stats"), environment, log):
            yield log
    finally:
        ask(folder, "start", "slapd")


def operations(log: Path, since: int = 0) -> list[str]:
    """Return the kinds of the operations that were logged after this place of the log.

    Some are logged by two lines. EXT is the change of a password.
    """
    text = log.read_bytes()[since:].decode("utf-8", "replace")
    return list(dict(_OPERATION.findall(text)).values())


@contextmanager
def _serving(words: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    with (
        log.open("wb") as said,
        subprocess.Popen(words, env=environment, stderr=said) as server,  # noqa: S603 - the demo's own words
    ):
        try:
            _until_it_listens(server.pid, words)
            yield server.pid
        finally:
            server.terminate()


def _started_by(pid: int) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment of a process."""
    of = Path("/proc") / str(pid)
    words, variables = (
        (of / name).read_bytes().decode().split("\0")[:-1] for name in ("cmdline", "environ")
    )
    return words, dict(each.split("=", 1) for each in variables)


def _until_it_listens(pid: int, words: Sequence[str]) -> None:
    (urls,) = (word for word in words if "ldaps://" in word)
    ports = [int(url.rstrip("/").rpartition(":")[2]) for url in urls.split()]
    deadline = time.monotonic() + _READY_SECONDS
    while not all(listens(pid, port) for port in ports):
        if time.monotonic() > deadline:
            raise SystemExit("slapd did not start again")
        time.sleep(0.05)
