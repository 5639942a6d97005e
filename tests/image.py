"""Builds the image of deploy/Containerfile and plays students with it: `python -m tests.image`.

It needs root, and Debian's buildah and debootstrap, whose Debian is the base where no registry can
be asked. The processes are those of deploy/compose.yml, with its commands, users, files, variables
and rights, each in the image's own read-only root. PostgreSQL, Temporal, the directory, the
registrar and the gateways are the demo's, on this machine's network. All stays in `.image/`.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx

from demo import walkthrough
from demo.part import run
from demo.place import HOST, Place
from demo.postgres import Postgres, find_binaries
from security.purposes import User
from tests.composed import DEPLOY, ROOT, Service, of_the_engine, rendered
from tests.contained import Contained
from tests.progress import say
from tests.release import build
from tests.stack import WholeStack
from tests.whole.student import until

FOLDER = ROOT / ".image"
BASE, IMAGE = "localhost/base", "localhost/activation"
DEBIAN = "trixie"
PACKAGES = "python3,python3-venv,ca-certificates,tzdata"
NOT_NEEDED = ("gcc", "cc", "c++", "g++", "clang", "ld", "as", "make", "tcc")
SERVED = ("worker-main", "worker-messaging", "worker-directory", "portal-1", "console", "alerts")
DOCTOR = {
    "portal-1": User.PORTAL,
    "worker-main": User.MAIN,
    "worker-messaging": User.MESSAGING,
    "worker-directory": User.DIRECTORY,
    "alerts": User.ALERTS,
    "commands": User.COMMANDS,
}
OF_COMPOSE = (
    *("LEDGER_DSN", "KEYS_DIR", "PASSWORD_FILE", "TOKEN_FILE", "OPERATORS_FILE"),
    "TEMPORAL_CONFIG_FILE",
)
INSTALLED = "/opt/activation/.venv/lib/python3.*/site-packages"


def buildah(*words: str) -> str:
    place = ("--root", str(FOLDER / "store"), "--runroot", str(FOLDER / "run"))
    return run(("buildah", "--storage-driver", "vfs", *place, *words), what=f"buildah {words[0]}")


def make_base() -> str:
    """Return the base's name: that which was asked for, or a Debian made here and kept."""
    if named := os.environ.get("BASE"):
        return named
    debian = FOLDER / DEBIAN
    if not (FOLDER / f"{DEBIAN}.done").exists():
        shutil.rmtree(debian, ignore_errors=True)
        words = ("--variant=minbase", f"--include={PACKAGES}", DEBIAN, str(debian))
        run(("debootstrap", *words), what="debootstrap")
        (FOLDER / f"{DEBIAN}.done").touch()
    container = buildah("from", "scratch").strip()
    buildah("add", container, str(debian), "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    return BASE


def build_image(base: str) -> None:
    """Build it as the documentation says; certificates are this machine's, by which pip goes on."""
    conf = os.environ.get("PIP_CONFIG_FILE", os.devnull)
    buildah(
        *("build", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={base}"),
        *("--secret", f"id=pip.conf,src={conf}"),
        *("--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "--tag", IMAGE),
        *("--file", str(DEPLOY / "Containerfile"), str(ROOT)),
    )


@contextmanager
def unpacked() -> Iterator[Contained]:
    """Give the image's root folder and what it says of itself."""
    config = json.loads(buildah("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    container = buildah("from", IMAGE).strip()
    try:
        yield Contained(Path(buildah("mount", container).strip()), config)
    finally:
        buildah("rm", container)


def check_content(image: Contained) -> None:
    """Look that it holds the release, and nothing that changes or compiles."""
    with tempfile.TemporaryDirectory() as name:
        built = build(Path(name))
        (installed,) = image.root.glob(INSTALLED.removeprefix("/"))
        files = built.in_wheel()
        with ZipFile(built.wheel) as wheel:
            for file in files:
                assert (installed / file).read_bytes() == wheel.read(file), file
    assert image.user == "10001:10001"
    own = [str(path) for path in image.root.rglob("*") if path.lstat().st_uid == image.uid]
    assert own == [], own
    places = [image.root / place for place in ("bin", "usr/bin", "usr/local/bin")]
    found = {name for name in NOT_NEEDED for place in places if (place / name).exists()}
    assert found == set(), found
    assert not (installed / "pip").exists()
    history = buildah("inspect", "--type", "image", IMAGE)
    assert "pip.conf" not in history
    sizes = run(("du", "-sm", str(image.root), str(FOLDER / DEBIAN)), what="du").split()
    say(f"built: {len(files)} files of the wheel, {sizes[0]} MB, base {sizes[2]} MB")


class EmptyPostgres(Postgres):
    """A server in which deploy/compose/databases.sh makes everything."""

    def finish(self) -> None:
        pass


class Installation:
    """The engine of compose.yml below this folder, with the demo's systems around it."""

    def __init__(self, folder: Path, demo: WholeStack, ledger: Postgres, image: Contained) -> None:
        self._folder, self._demo, self._ledger, self._image = folder, demo, ledger, image
        self._place = Place(folder / "place")
        self._services: dict[str, Service] = {}

    def prepare(self) -> None:
        """Do what the documentation asks for before the first start."""
        for name in ("secrets", "public", "tls"):
            (self._folder / name).mkdir()
        given = self._demo.folder / "secrets"
        shutil.copy(given / "ldap_service", self._folder / "secrets" / "directory")
        shutil.copy(given / "sms_token", self._folder / "secrets" / "sms")
        shutil.copy(self._demo.env["LDAP_CA_FILE"], self._folder / "public" / "ca.pem")
        password = self._ledger.place.secret("postgres_postgres")
        (self._folder / "secrets" / "postgres").write_text(password, "ascii")
        address = f"{HOST}:{self._ledger.place.port('postgres')}"
        self._give("secrets.sh", str(self._folder), LEDGER=address)
        for _ in range(2):
            self._give(
                "databases.sh",
                PATH=f"{find_binaries()}:{os.environ['PATH']}",
                SECRETS=str(self._folder / "secrets"),
                PGHOST=HOST,
                PGPORT=str(self._ledger.place.port("postgres")),
            )
        filled = {"LEDGER": address, **self._settings()}
        self._services = of_the_engine(rendered(self._folder, **filled))
        for name in ("ledger-migrate", "ledger-roles", "temporal-init"):
            self.once(name)
        self.once("owner", "keys", "init")
        for user in sorted(set(User) - {User.ALERTS}):
            self.once("owner", "keys", "copy", user, "--to", f"/etc/activation/keys/{user}")

    def once(self, service: str, *words: str) -> str:
        """Run a command of this service to its end, as `docker compose run --rm` does."""
        done = self._start(service, words, subprocess.PIPE)
        said, _ = done.communicate(timeout=120)
        assert done.returncode == 0, (service, words, said)
        return said

    @contextmanager
    def process(self, name: str) -> Iterator[None]:
        """Run a service until its probe is fine, look at its rights, and end it."""
        with (self._place.folder / f"{name}.log").open("w") as log:
            process = self._start(name, (), log.fileno())
        probe = f"http://{HOST}:{self._place.port(name)}/readyz"

        def is_ready() -> bool:
            assert process.poll() is None, (self._place.folder / f"{name}.log").read_text()
            try:
                return httpx.get(probe, timeout=5).is_success
            except httpx.TransportError:
                return False

        try:
            until(is_ready)
            self._image.look_at(self._services[name], process.pid)
            yield
        finally:
            process.terminate()
            process.wait(45)
        assert process.returncode in {0, -signal.SIGTERM}, process.returncode

    def _start(self, name: str, words: Sequence[str], stdout: int) -> subprocess.Popen[str]:
        """Start it; on one machine's network each process needs a port of its own for probes."""
        service, port = self._services[name], str(self._place.port(name))
        command = [port if word == "8500" else word for word in words or service["command"]]
        given = service["environment"].items()
        environ = {setting: port if value == "8500" else value for setting, value in given}
        environ["TEMPORAL_ADDRESS"] = self._demo.env["TEMPORAL_ADDRESS"]
        return self._image.start(service, command, environ, stdout)

    def _settings(self) -> dict[str, str]:
        """Return the demo's settings as variables, but for what compose.yml sets itself."""
        text = (self._demo.folder / "activation.toml").read_text("utf-8")
        found = dict(_variables(tomllib.loads(text)))
        for name in found:
            if name.endswith("_CA_FILE"):
                found[name] = "/etc/activation/public/ca.pem"
        own = ("LEDGER_DSN", "KEYS_DIR", "TEMPORAL_CONFIG_FILE", "PASSWORD_FILE", "TOKEN_FILE")
        return {
            name: value
            for name, value in found.items()
            if not name.endswith((*own, "OPERATORS_FILE"))
        } | {"ACTIVATION_TEMPORAL_NAMESPACE": "containers"}

    @staticmethod
    def _give(script: str, *words: str, **environ: str) -> None:
        run((str(DEPLOY / "compose" / script), *words), what=script, env=os.environ | environ)


def _variables(values: Mapping[str, Any], prefix: str = "ACTIVATION_") -> Iterator[tuple[str, str]]:
    """Name each value of the TOML file as a variable; what has names of its own is one of them."""
    for name, value in values.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(value, dict) and variable.count("__") == 0:
            yield from _variables(value, f"{variable}__")
        else:
            yield variable, value if isinstance(value, str) else json.dumps(value)


def play(image: Contained, folder: Path) -> None:
    """Install by compose.yml's own commands, and play two students and the desk."""
    for name in ("demo", "installation"):
        (folder / name).mkdir()
    demo, ledger = WholeStack(folder / "demo"), EmptyPostgres(Place(folder / "ledger"))
    with ExitStack() as ending:
        demo.begin()
        ending.callback(demo.end)
        for part in ("worker", "portal", "support", "alerts"):
            assert demo.demo("stop", part).returncode == 0
        ledger.start()
        ending.callback(ledger.stop)
        installation = Installation(folder / "installation", demo, ledger, image)
        installation.prepare()
        say("installed: roles, databases, tables, namespace, keys of each process")
        for name in SERVED:
            ending.enter_context(installation.process(name))
        say(f"serve, without rights and read-only: {', '.join(SERVED)}")
        for service, user in DOCTOR.items():
            installation.once(service, "doctor", "--only", user)
        for language in ("el", "en"):
            walkthrough.play(demo.folder, language, say, env=demo.env)
        say(installation.once("commands", "support", "list"))


def main() -> None:
    missing = [name for name in ("buildah", "debootstrap", "setpriv") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        raise SystemExit(f"This needs root, and of Debian: {' '.join(missing) or 'nothing more'}")
    FOLDER.mkdir(exist_ok=True)
    build_image(make_base())
    with unpacked() as image:
        check_content(image)
        with tempfile.TemporaryDirectory() as name:
            play(image, Path(name))
    say("The image works.")


if __name__ == "__main__":
    main()
