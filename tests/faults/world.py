"""The whole stack of real parts, with a link that can fail between every pair of them.

The world's parts are the demo's own programs; worker and portal reach everything through links,
students reach the portals through one. A part that is stopped refuses, as a dead one does.
"""

import base64
import itertools
import json
import random
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

import security.rotation
from demo.messages import Message
from demo.part import Part, aside, python, run
from demo.place import HOST, Place
from demo.programs import Portal, Support, Worker
from demo.slapd import PEOPLE_DN
from demo.stack import ANY_NUMBER, Stack, _toml, _write
from demo.students import Row
from ledger import migrate
from security.keys import KeyRing
from settings import Settings
from settings.section import TREE
from starter.client import connect, namespace
from tests.faults.crash import CRASH_FILE, Point
from tests.faults.proxy import Link, Proxy, Refuse
from tests.whole.student import Student, _insert
from worker import WorkerRole

Attributes = dict[str, list[str]]
BEHIND = {
    "postgres": ("worker-ledger", "worker-registrar", "portal-ledger"),
    "slapd": ("worker-slapd",),
    "sms": ("worker-sms",),
    "smtp": ("worker-smtp",),
    "temporal": ("worker-temporal", "portal-temporal"),
}


_COUNT_ENDS = """
CREATE TABLE end_recorded (reference text);
CREATE FUNCTION count_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO end_recorded VALUES (NEW.reference); RETURN NULL; END';
CREATE TRIGGER count_end AFTER UPDATE OF ended_at ON activation
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION count_end();
"""


class Person(Student):
    """A student who comes with a mobile, or with an e-mail."""

    def __init__(self, *, by_email: bool = False, named: bool = True, **given: Any) -> None:
        super().__init__(**given)
        self._named = named
        self.mailbox = f"{self.login}@mail.example"
        self.email = self.mailbox if by_email else ""
        self.to = self.email or f"+30{self.mobile}"

    def row(self) -> Row:
        contacts = {"extemail": self.email, "mobilephone": None} if self.email else {}
        return super().row() | contacts | ({} if self._named else {"loginname": None})

    @property
    def typed(self) -> dict[str, str]:
        return {"mobile": "" if self.email else self.mobile, "email": self.email}

    def index(self, keys: KeyRing) -> str:
        return keys.index("email" if self.email else "mobile", self.to)


class FaultyWorker(Worker):
    """The real worker, or one role of it, which dies where it is told to; `more` are settings."""

    def __init__(self, place: Place, name: str, only: WorkerRole | None = None) -> None:
        super().__init__(place)
        self.name = name
        self.more: dict[str, str] = {}
        self._only = only

    @property
    def crash_file(self) -> Path:
        return self.place.folder / f"{self.name}.crash"

    def command(self) -> Sequence[str]:
        only = ("--only", self._only) if self._only else ()
        return python("tests.faults.crash", *self.words, *only)

    def environment(self) -> Mapping[str, str]:
        return {
            "ACTIVATION_CONFIG": str(self.place.folder / "worker.toml"),
            "PYTHONPATH": str(TREE),
            CRASH_FILE: str(self.crash_file),
            **self.more,
        }

    def dies(self, activity: str, point: Point, action: str = "kill") -> None:
        """See to it that it dies there once."""
        with self.crash_file.open("a", encoding="ascii") as file:
            file.write(f"{activity} {point} {action}\n")


class OnePortal(Portal):
    """One of several portals behind one address; `more` are settings of its own."""

    def __init__(self, place: Place, name: str) -> None:
        super().__init__(place)
        self.name = name
        self.more: dict[str, str] = {}

    @property
    def port(self) -> int:
        return self.place.port(self.name)

    def environment(self) -> Mapping[str, str]:
        return {
            "ACTIVATION_CONFIG": str(self.place.folder / "portal.toml"),
            "ACTIVATION_PORTAL__PORT": str(self.port),
            **self.more,
        }


class Console(Support):
    """The console, where one name signs in once a scenario."""

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "ACTIVATION_LIMITS__SIGN_INS_PER_NAME": str(ANY_NUMBER),
        }


class World:
    def __init__(self, folder: Path, proxy: Proxy) -> None:
        self.stack = Stack(Place(folder))
        self.stack.directory.log_level = "stats"  # Scenarios wait for what its log tells.
        self.place = self.stack.place
        self.workers = (FaultyWorker(self.place, "worker"), FaultyWorker(self.place, "worker-2"))
        self.roles = tuple(FaultyWorker(self.place, role, only=role) for role in WorkerRole)
        self.portals = (OnePortal(self.place, "portal"), OnePortal(self.place, "portal-2"))
        self.console = Console(self.place)
        self.clocks: dict[str, int] = {}
        self.links: dict[str, Link] = {}
        self._proxy = proxy
        self._messages: dict[str, Message] = {}
        self._reading = threading.Lock()
        self.everybody: list[Person] = []

    @property
    def worker(self) -> FaultyWorker:
        return self.workers[0]

    @property
    def parts(self) -> Mapping[str, Part]:
        stack = self.stack
        outside = (stack.temporal, stack.postgres, stack.directory, stack.sms, stack.smtp)
        return {part.name: part for part in (*outside, *self.programs)}

    @property
    def programs(self) -> Sequence[Part]:
        """The engine's own."""
        return (*self.workers, *self.roles, *self.portals, self.console)

    @property
    def resting(self) -> Sequence[Part]:
        """What is called for by the scenarios that need it."""
        return (self.workers[1], self.portals[1], *self.roles, self.console)

    @property
    def always(self) -> Sequence[Part]:
        """What runs unless a scenario ends it."""
        return [part for part in self.parts.values() if part not in self.resting]

    # --- up and down -------------------------------------------------------------------------

    def begin(self) -> None:
        self.stack.write_files()
        security.rotation.create(self.place.keys, "2026-11")
        self._link()
        outside = [part for part in self.always if part not in (self.worker, self.portals[0])]
        for part in outside:
            part.prepare()
            part.spawn()
        for part in outside:
            part.wait_ready()
        aside(migrate.migrate(self.stack.postgres.ledger_dsn, prefix="activation_"))
        aside(self.ledger(_COUNT_ENDS))
        aside(self._prepare_namespace())
        for program in (self.worker, self.portals[0]):
            program.spawn()
        for program in (self.worker, self.portals[0]):
            program.wait_ready()

    def end(self) -> None:
        for part in reversed(tuple(self.parts.values())):
            part.stop()

    def stop(self, name: str) -> None:
        self.parts[name].stop()
        self._refuse(name)

    def kill(self, name: str) -> None:
        self.parts[name].kill()
        self._refuse(name)

    def start(self, name: str) -> None:
        self.parts[name].start()
        for link in BEHIND.get(name, ()):
            self.links[link].heal()

    def mend(self) -> None:
        """Bring everything back to health, whatever a scenario left; clocks stay as they are."""
        for worker in (*self.workers, *self.roles):
            worker.crash_file.unlink(missing_ok=True)
        for part in self.always:
            if not part.is_alive:
                part.start()
        for part in self.resting:
            part.stop()
        for link in self.links.values():
            link.heal()

    def run_with_clocks(self, names: Collection[str], seconds: Mapping[str, int]) -> None:
        """Run these programs of the engine and no other, each part with a clock so far off."""
        for name, part in self.parts.items():
            off = seconds.get(name, 0)
            runs = name in names or part not in self.programs
            if part.is_alive and (not runs or self.clocks.get(name, 0) != off):
                # Whether a program goes in peace is another scenario.
                (part.kill if part in self.programs else part.stop)()
            if runs and not part.is_alive:
                with clock_off(off):
                    part.start()
                self.clocks[name] = off

    def _refuse(self, name: str) -> None:
        for link in BEHIND.get(name, ()):
            self.links[link].suffer(Refuse())

    def _link(self) -> None:
        postgres, temporal = self.place.port("postgres"), self.place.port("temporal")
        targets = {
            "worker-ledger": postgres,
            "worker-registrar": postgres,
            "worker-slapd": self.place.port("ldaps"),
            "worker-sms": self.place.port("sms"),
            "worker-smtp": self.place.port("smtp"),
            "worker-temporal": temporal,
            "portal-ledger": postgres,
            "portal-temporal": temporal,
            "students-portal": self.portals[0].port,
        }
        for name, port in targets.items():
            self.links[name] = self._proxy.link(port)
        for who in ("worker", "portal"):
            self._write_settings(who)

    def _write_settings(self, who: str) -> None:
        """Write the settings of a program that reaches everything through its own links."""
        port = {name: link.port for name, link in self.links.items()}
        stack, settings = self.stack, dict(self.stack.settings())
        del settings["policy"]  # The demo's: here the defaults are played.
        address = f"{HOST}:{port[f'{who}-temporal']}"
        profile = {"address": address, "namespace": self.settings.temporal_namespace}
        temporal_file = self.place.folder / f"{who}-temporal.toml"
        _write(temporal_file, _toml({"profile.default": profile}))
        reader = _through(stack.postgres.registrar_reader_dsn, port["worker-registrar"])
        settings |= {
            "ledger_dsn": _through(stack.postgres.process_dsn(who), port[f"{who}-ledger"]),
            "temporal_config_file": str(temporal_file),
            "registrar": {"dsn": reader},
            "directory": {
                **_table(settings["directory"]),
                "urls": [f"ldaps://{HOST}:{port['worker-slapd']}"],
            },
            "sms": {
                **_table(settings["sms"]),
                "url": f"http://{HOST}:{port['worker-sms']}/messages",
                "per_second": 200,
                "ok_pattern": '"status": ?"accepted"',
            },
            "mail": {**_table(settings["mail"]), "port": port["worker-smtp"]},
            # Three seeds of all scenarios send more than a university's hour may cost.
            "send_budget": {
                "sms_per_hour": ANY_NUMBER,
                "sms_per_day": ANY_NUMBER,
                "mail_per_hour": ANY_NUMBER,
                "mail_per_day": ANY_NUMBER,
            },
            "portal": {
                **_table(settings["portal"]),
                "public_url": self.url,
            },
        }
        _write(self.place.folder / f"{who}.toml", _toml(settings))

    async def _prepare_namespace(self) -> None:
        await namespace.make_ready(await self.client(), timedelta(days=30), set_retention=True)

    # --- looking in, past all links ------------------------------------------------------------

    @property
    def url(self) -> str:
        """The one address students know."""
        return f"http://{HOST}:{self.links['students-portal'].port}"

    @property
    def settings(self) -> Settings:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ACTIVATION_CONFIG", str(self.place.settings_file))
            return Settings()

    @property
    def keys(self) -> KeyRing:
        return KeyRing(self.place.keys)

    @property
    def ledger_dsn(self) -> str:
        return self.stack.postgres.ledger_dsn

    async def client(self) -> Client:
        return await connect.connect(self.settings, self.keys)

    def messages(self, to: str) -> list[Message]:
        """Give what a contact received, newest last; files are read once."""
        with self._reading:
            for file in self.place.inbox.glob("*.json"):
                if file.name not in self._messages:
                    self._messages[file.name] = json.loads(file.read_bytes())
            found = [message for message in self._messages.values() if message["to"] == to]
        return sorted(found, key=lambda message: message["received_at"])

    def entries(self) -> dict[str, Attributes]:
        """Give every person's entry as it is stored, hashed password and times included."""
        directory = self.stack.directory
        tool = directory._software.tool("slapcat")
        words = (tool, "-f", str(directory.config), "-a", "(objectClass=inetOrgPerson)")
        read = dict(_ldif(run(words, what="slapcat", env=directory.environment())))
        return {dn: entry for dn, entry in read.items() if dn.lower().endswith(PEOPLE_DN)}

    def logs(self) -> list[Path]:
        return [self.place.log(part.name) for part in self.programs]

    async def registrar(self, statement: str, *values: object) -> None:
        """Change the registrar's records as the secretariat would."""
        await _execute(self.stack.postgres.registrar_dsn, statement, *values)

    async def ledger(self, statement: str, *values: object) -> None:
        await _execute(self.ledger_dsn, statement, *values)

    def directory_log(self) -> str:
        return self.place.log("slapd").read_text("utf-8", "replace")

    def modify_directory(self, dn: str, attribute: str, value: str) -> None:
        """Change an entry as the directory's owner would: with the server at rest."""
        directory = self.stack.directory
        ldif = self.place.folder / "change.ldif"
        ldif.write_text(
            f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        )
        self.stop("slapd")
        tool = directory._software.tool("slapmodify")
        words = (tool, "-f", str(directory.config), "-l", str(ldif))
        run(words, what="slapmodify", env=directory.environment())
        self.start("slapd")

    # --- students ------------------------------------------------------------------------------

    def students(self, draw: random.Random, number: int, **given: Any) -> list[Person]:
        """Draw students nobody else plays and enrol them."""
        drawn = (Person(draw=draw, **given) for _ in itertools.count())
        taken = {student.mobile for student in self.everybody}
        new = (student for student in drawn if student.mobile not in taken)
        students = list(itertools.islice(new, number))
        self.everybody += students
        aside(_insert(self.stack.postgres.registrar_dsn, *(each.row() for each in students)))
        return students

    @property
    def environment(self) -> Mapping[str, str]:
        return self.stack.environment()


@contextmanager
def clock_off(seconds: int) -> Iterator[None]:
    """Let programs that start here have a clock that is so far off; intervals stay right."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    assert found, "Debian's package faketime is missing: `make setup-dev` installs it"
    wrong = {
        "LD_PRELOAD": str(found),
        "FAKETIME": f"{seconds:+}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in wrong.items() if seconds else ():
            patch.setenv(name, value)
        yield


async def _execute(dsn: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


def _through(dsn: str, port: int) -> str:
    return re.sub(r":\d+/", f":{port}/", dsn)


def _table(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value


def _ldif(text: str) -> Iterator[tuple[str, Attributes]]:
    """Read entries; a value after two colons is base64, a line that begins with a space goes on."""
    for block in text.replace("\n ", "").split("\n\n"):
        entry: Attributes = {}
        for line in block.splitlines():
            name, _, value = line.partition(":")
            if value.startswith(":"):
                value = base64.b64decode(value[1:]).decode("utf-8", "replace")
            entry.setdefault(name.partition(";")[0].lower(), []).append(value.strip())
        if "dn" in entry:
            yield entry["dn"][0], entry
