"""Lets a running demo's directory store new passwords by another scheme than the demo's own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import pid_of
from demo.control import ask
from demo.listeners import listens

DEMO_SCHEME = "{ARGON2}"
SCHEMES = (DEMO_SCHEME, "{SSHA}")
_READY_SECONDS = 20.0


@contextmanager
def storing(folder: Path, scheme: str) -> Iterator[int]:
    """Let passwords be stored by this scheme during the block; yields the server's process id."""
    pid = pid_of(folder, "slapd")
    if scheme == DEMO_SCHEME:
        yield pid
        return
    words, environment = _started_by(pid)
    ask(folder, "stop", "slapd")
    # Beside the demo's own, which writes its settings anew at each start.
    config = folder / "data" / "slapd" / "slapd.conf"
    line = f"password-hash {DEMO_SCHEME}"
    text = config.read_text("utf-8")
    if line not in text:
        raise SystemExit(f"{config} does not say {line}")
    config.write_text(text.replace(line, f"password-hash {scheme}"), "utf-8")
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as server:  # noqa: S603 - the demo's own words
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


def _until_it_listens(pid: int, words: list[str]) -> None:
    (urls,) = (word for word in words if "ldaps://" in word)
    ports = [int(url.rstrip("/").rpartition(":")[2]) for url in urls.split()]
    deadline = time.monotonic() + _READY_SECONDS
    while not all(listens(pid, port) for port in ports):
        if time.monotonic() > deadline:
            raise SystemExit("slapd did not start again")
        time.sleep(0.05)
