"""Manages one program of the stack: prepares it, starts it, checks that it is ready, ends it.

A started program dies with the process that started it. `start` must be called from a thread
that lives as long as the program should: Linux sends the parent's death signal when the *thread*
that forked ends.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from demo.listeners import listens
from demo.place import Place, is_free
from starter.output import Failed

T = TypeVar("T")


class PartFailed(Failed):
    """A part did not come up, or is missing; the message is one line for people."""


class PortTaken(PartFailed):
    """Other programs listen on ports that were free before; `ports` are these by name."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = ports
        ports_with_names = ", ".join(f"{port} ({name})" for name, port in ports.items())
        super().__init__(f"taken by another program meanwhile: port {ports_with_names}")


class Part(ABC):
    """A program in the foreground whose output goes to its own log."""

    name: str
    stop_signal = signal.SIGTERM
    # Sent when the supervisor was killed, so that nothing can wait for a graceful end.
    death_signal = "KILL"
    poll_seconds = 0.05
    ready_within = 60.0
    stopped_within = 8.0

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process: subprocess.Popen[bytes] | None = None
        self.given: Mapping[str, str] = {}
        """Settings of whoever starts it, over those of its file."""

    def prepare(self) -> None:  # noqa: B027 - many parts need nothing
        """Create the program's files, unless they exist."""

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @property
    def ports(self) -> Sequence[str]:
        """The names of the ports it listens on."""
        return (self.name,)

    def answers(self) -> bool:
        """Whether this part, and no other process, listens on all its ports."""
        pid = self.pid
        return pid is not None and all(listens(pid, self.place.port(name)) for name in self.ports)

    def is_ready(self) -> bool:
        """Whether it works, once it answers."""
        return True

    def environment(self) -> Mapping[str, str]:
        return {}

    def finish(self) -> None:  # noqa: B027 - many parts need nothing
        """Finish the set-up that needs the running program; idempotent."""

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.is_alive else None

    def spawn(self) -> None:
        with self.place.log(self.name).open("ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", self.death_signal, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.place.folder,
                env={**os.environ, **self.given, **self.environment()},
                # Ctrl-C at the terminal must reach only the owner, which stops parts in order.
                start_new_session=True,
            )
        self.place.pid(self.name).write_text(f"{self.process.pid}\n", encoding="ascii")

    def wait_ready(self) -> None:
        deadline = time.monotonic() + self.ready_within
        while not (self.answers() and self.is_ready()):
            if not self.is_alive:
                raise self._failure("ended while starting")
            if time.monotonic() > deadline:
                raise self._failure("was not ready in time")
            time.sleep(self.poll_seconds)
        self.finish()

    def _failure(self, what: str) -> PartFailed:
        """End it and return why it did not start."""
        self.kill()
        ports = {name: self.place.port(name) for name in self.ports}
        taken = {name: port for name, port in ports.items() if not is_free(port)}
        log = self.place.log(self.name)
        return PortTaken(taken) if taken else PartFailed(f"{self.name} {what}; see {log}")

    def start(self) -> None:
        self.prepare()
        self.spawn()
        self.wait_ready()

    def stop(self, within: float | None = None) -> None:
        self._end(self.stop_signal, within or self.stopped_within)

    def kill(self) -> None:
        self._end(signal.SIGKILL, self.stopped_within)

    def _end(self, by: signal.Signals, within: float) -> None:
        if self.process is not None and self.is_alive:
            self.process.send_signal(by)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.place.pid(self.name).unlink(missing_ok=True)


def python(module: str, *words: str) -> Sequence[str]:
    """Return the command that runs a module of this checkout with this interpreter."""
    return (sys.executable, "-m", module, *words)


def run(
    command: Sequence[str],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a short program and return its output; a failure is raised with one line."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        raise PartFailed(f"{what} failed: {last[0]}")
    return done.stdout


def aside(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from synchronous code, even if an event loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
