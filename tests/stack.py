"""Real parts for tests, in a folder and on ports of their own; nothing knows of a running demo.

`TestStack` is PostgreSQL, slapd and the two sinks, started from here. `WholeStack` is everything,
started as a person would: by the demo's supervisor in a process of its own.
"""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from temporalio.service import RPCError

import ledger.migrate
import security.keys
import security.rotation
from demo.messages import Message, all_messages
from demo.part import Part, aside
from demo.place import Place
from demo.programs import activation
from demo.samples import SAMPLES, Sample
from demo.slapd import Directory
from demo.stack import Stack
from security.purposes import User
from settings import Settings
from starter.client.connect import connect
from tests.commandline import run

ROLES = "activation_"


class _QuickDirectory(Directory):
    """A directory whose hashes cost a thousandth, because tests make and check thousands of them.

    Passwords of its own accounts are not hashed. `WholeStack` has the hashes of the demo.
    """

    def _filled(self, name: str, **more: str) -> str:
        return super()._filled(name, **more).replace(" m=19456 t=2 p=1", " m=64 t=1 p=1")

    def _hash(self, password_file: Path) -> str:
        return password_file.read_text("ascii")


class TestStack:
    """The started parts and how code under test reaches them; parts may be stopped and started."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = Stack(Place(folder))
        self._stack.directory = _QuickDirectory(self._stack.place)
        self.samples: Mapping[str, Sample] = {sample.key: sample for sample in SAMPLES}

    @property
    def _parts(self) -> Sequence[Part]:
        stack = self._stack
        return (stack.postgres, stack.directory, stack.sms, stack.smtp)

    def begin(self) -> None:
        """Bring all parts up, the ledger migrated, the keys made, the registrar filled."""
        self._stack.write_files()
        # Settings are read from the file named here, never from a demo beside the tests.
        os.environ["ACTIVATION_CONFIG"] = str(self._stack.place.settings_file)
        # All tests of a run are few members of staff to the limits.
        for name in ("SEARCHES", "LOOK_UPS", "DECODES"):
            os.environ[f"ACTIVATION_LIMITS__{name}_PER_STAFF"] = "1000000"
        security.rotation.create(self._stack.place.keys, "2026-11")
        for user in User:
            security.rotation.copy(self._stack.place.keys, self._keys_of(user), [user])
        for part in self._parts:
            part.prepare()
            part.spawn()
        for part in self._parts:
            part.wait_ready()
        aside(ledger.migrate.migrate(self._stack.postgres.ledger_dsn, prefix=ROLES))

    def end(self) -> None:
        for part in reversed(self._parts):
            part.stop()

    def end_runs(self) -> None:
        """Terminate every workflow that runs, where Temporal was started."""
        if self._stack.temporal.is_alive:
            aside(self._end_runs())

    async def _end_runs(self) -> None:
        client = await connect(self.settings, self.keys)
        async for open_ in client.list_workflows("ExecutionStatus = 'Running'"):
            with suppress(RPCError):  # It may just have ended.
                await client.get_workflow_handle(open_.id).terminate()

    def stop(self, name: str) -> None:
        self._stack.parts[name].stop()

    def start(self, name: str) -> None:
        self._stack.parts[name].start()

    @cached_property
    def settings(self) -> Settings:
        return Settings()

    @cached_property
    def keys(self) -> security.keys.KeyRing:
        return security.keys.KeyRing(self._stack.place.keys)

    def keys_of(self, user: User) -> security.keys.KeyRing:
        """Return the keys that a process of this kind is given, and no other."""
        return security.keys.KeyRing(self._keys_of(user))

    def _keys_of(self, user: User) -> Path:
        return self.folder / f"keys of {user}"

    @property
    def registrar_dsn(self) -> str:
        """The owner of the records, who may insert rows."""
        return self._stack.postgres.registrar_dsn

    @property
    def ledger_dsn(self) -> str:
        return self._stack.postgres.ledger_dsn

    def ledger_dsn_of(self, user: User) -> str:
        """Return the ledger as a process of this kind may use it."""
        return self._stack.postgres.process_dsn(user)

    @property
    def inbox(self) -> Path:
        return self._stack.place.inbox

    def messages(self, to: str | None = None) -> list[Message]:
        return all_messages(self.inbox, to)


class WholeStack:
    """The demo itself in this folder; `command` runs its command line against it.

    `environ` are settings that differ from the demo's.
    """

    ports: Sequence[str] = ("--any-ports",)

    ready_within = 90.0
    ended_within = 30.0

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self._environ = environ
        self.output = folder.with_suffix(".txt")
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it and wait for the address table."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        words = ("demo", "up", "--folder", str(self.folder), *self.ports)
        with self.output.open("wb") as output:
            # It must not outlive a test run that is killed.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                ("/usr/bin/setpriv", "--pdeathsig", "TERM", *activation(*words)),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=os.environ | self._environ,
            )

    def await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self.ready_within
        while "The demo is ready" not in self.output.read_text("utf-8"):
            assert self._process.poll() is None, self.output.read_text("utf-8")
            assert time.monotonic() < deadline, self.output.read_text("utf-8")
            time.sleep(0.1)

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """End it and give its exit code."""
        assert self._process is not None
        self._process.send_signal(by)
        return self._process.wait(self.ended_within)

    @property
    def env(self) -> dict[str, str]:
        lines = (self.folder / "env").read_text("utf-8").splitlines()
        return dict(word.split("=", 1) for line in lines for word in shlex.split(line))

    @property
    def pids(self) -> dict[str, int]:
        return {file.stem: int(file.read_text()) for file in (self.folder / "pids").glob("*.pid")}

    def demo(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.command("demo", *words, "--folder", str(self.folder))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        named = {"ACTIVATION_CONFIG": str(self.folder / "activation.toml")}
        return run(*words, environ=os.environ | self._environ | named)
