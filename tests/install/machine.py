"""A machine in mounts of its own, installed by the documentation's commands and files."""

import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from demo.place import HOST, Place
from demo.slapd import PEOPLE_DN, SERVICE_DN
from demo.stack import Stack
from security.purposes import User
from tests.install import nginx
from tests.install.crowd import Crowd
from tests.install.recipe import OWNER, READER, DocumentedDirectory, DocumentedPostgres, blocks
from tests.install.services import Service
from tests.progress import say
from tests.release import FOLDER, ROOT, build
from tests.units import units

ETC, OPT = Path("/etc"), Path("/opt")
CONFIGURED = ETC / "activation"
PATH = "/opt/activation/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PUBLIC = "https://127.0.0.1:8443"
DESK = "https://127.0.0.1:8444"
BETWEEN_RESTARTS = 1
ONLY_IN_SYSTEMD = ("systemctl", "journalctl")


class Machine:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._logs = ROOT / ".release" / "logs"
        self.commands = 0
        self._cover()
        self.place = Place(folder / "around")
        self.postgres = DocumentedPostgres(self.place)
        self.directory = DocumentedDirectory(self.place)
        demo = Stack(self.place)
        self.temporal, self.inbox, self.sms, self.smtp = (
            *(demo.temporal, demo.inbox),
            *(demo.sms, demo.smtp),
        )
        self.services: list[Service] = []

    def _cover(self) -> None:
        """Mount folders over /etc and /opt that have what is there, and take what is written."""
        for place in (ETC, OPT):
            upper, work = self._folder / place.name, self._folder / f"{place.name}.work"
            upper.mkdir(mode=0o755)
            work.mkdir()
            layers = f"lowerdir={place},upperdir={upper},workdir={work}"
            mount = ("/usr/bin/mount", "-t", "overlay", "overlay", "-o", layers, str(place))
            subprocess.run(mount, check=True)  # noqa: S603 - our own folders

    def install(self) -> None:
        """Do what the page says, in its order, up to what starts the processes."""
        self._start_what_is_around()
        delivered = self._deliver()
        (commands,) = (each for each in blocks("Install", "sh") if "pip install" in each)
        self._run(commands, delivered)
        say("the wheel is in /opt/activation")
        self._write_settings()
        for block in blocks("As units of systemd", "sh"):
            self._run(block, delivered)

    def _start_what_is_around(self) -> None:
        for part in (
            *(self.postgres, self.directory, self.temporal),
            *(self.inbox, self.sms, self.smtp),
        ):
            part.start()
            self._stack.callback(part.stop)
        say("PostgreSQL, slapd, Temporal, gateway and relay answer")

    def _deliver(self) -> Path:
        """Put into one folder what the page says to copy to the server."""
        folder = self._folder / "delivered"
        shutil.copytree(ROOT / "deploy" / "systemd", folder / "systemd")
        shutil.rmtree(FOLDER, ignore_errors=True)
        self._logs.mkdir(parents=True)
        shutil.copy(build(FOLDER).wheel, folder)
        shutil.copy(ROOT / "requirements" / "run.txt", folder)
        return folder

    def _run(self, block: str, folder: Path) -> None:
        """Give the commands of a block of the page, but for those that ask systemd."""
        lines = [line for line in block.splitlines() if not line.startswith(ONLY_IN_SYSTEMD)]
        text = "set -e\n" + "\n".join(lines)
        self.commands += sum(bool(line.strip()) for line in lines)
        environ = {
            **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
            **{n: v for n, v in os.environ.items() if n.lower().startswith(("pip_", "http"))},
            "PATH": PATH,
        }
        done = subprocess.run(  # noqa: S603 - the documentation's own commands
            ("/bin/bash", "-c", text),
            cwd=folder,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{text}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def _write_settings(self) -> None:
        """Write the files of /etc/activation that the page has in its tables."""
        postgres = self.postgres
        shutil.copy(self.place.ca_file, self._inside("ca.pem"))
        self._inside("temporal.env").write_text(
            f"TEMPORAL_ADDRESS={self.temporal.address}\nTEMPORAL_NAMESPACE=students\n"
        )
        self._inside("activation.toml").write_text(self._toml(), "utf-8")
        for process in (*(each for each in User if each != User.COMMANDS), "owner"):
            role = OWNER if process == "owner" else f"activation_{process}"
            pgpass = "owner.pgpass" if process == "owner" else f"{process}/pgpass"
            dsn = postgres.without_password(role, "ledger")
            file = self._inside(pgpass)
            self._inside(f"{process}.env").write_text(
                f"ACTIVATION_LEDGER_DSN={dsn}\nPGPASSFILE={file}\n"
            )
            lines = postgres.line(role, "ledger")
            file.write_text(lines + postgres.line(READER, "registrar"))
            file.chmod(0o600)
        secrets = {
            "directory/password": self.directory.service_password_file,
            "messaging/sms": self.sms.token_file,
        }
        for name, source in secrets.items():
            shutil.copy(source, self._inside(name))

    def _inside(self, name: str) -> Path:
        file = CONFIGURED / name
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        return file

    def _toml(self) -> str:
        return f"""
ledger_dsn = "{self.postgres.without_password("activation_commands", "ledger")}"
keys_dir = "{CONFIGURED}/keys"
[registrar]
dsn = "{self.postgres.without_password(READER, "registrar")}"
[directory]
urls = ["{self.directory.ldaps_url}"]
ca_file = "{CONFIGURED}/ca.pem"
bind_dn = "{SERVICE_DN}"
bind_password_file = "{CONFIGURED}/directory/password"
people_dn = "{PEOPLE_DN}"
[sms]
url = "{self.sms.url}"
token_file = "{CONFIGURED}/messaging/sms"
[mail]
host = "{HOST}"
port = {self.place.port("smtp")}
ca_file = "{CONFIGURED}/ca.pem"
[portal]
public_url = "{PUBLIC}"
[console]
public_url = "{DESK}"
[limits.networks]
"127.0.0.0/8" = 100000
"""

    def start(self) -> None:
        """Start nginx and every unit, two instances of each template."""
        mounts = (ETC, OPT)
        self.services = [Service(unit, self._logs, mounts) for unit in units()]
        for service in self.services:
            self._stack.callback(service.end)
            service.start()
            say(f"{service.unit.name} is ready after {service.starts[-1]:.1f} s")
        self._stack.enter_context(nginx.running(self._folder, self.place.tls, self._logs))

    def check(self) -> None:
        """Let students come while each process is restarted; raise if anything is lost."""
        self.start()
        crowd = Crowd(self.place, self.postgres, self.directory, PUBLIC)
        rounds = 0
        while crowd.is_walking or not rounds:
            rounds += 1
            for service in self.services:
                crowd.come(1 / len(self.services))
                service.stop()
                service.start()
                time.sleep(BETWEEN_RESTARTS)
                if rounds > 1 and not crowd.is_walking:
                    break
        crowd.wait()
        for service in self.services:
            unit, stops, starts = service.unit, service.stops, service.starts
            say(
                f"{unit.name:39} restarted {len(stops)} times, stopped within {max(stops):4.1f} s"
                f" of {unit.seconds('TimeoutStopSec')}, ready within {max(starts):4.1f} s"
            )
        crowd.tell()
        if any(service.killed or not service.is_alive for service in self.services):
            raise SystemExit("a process was killed or ended by itself")
