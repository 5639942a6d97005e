"""Goes by docs/deployment.md alone from an empty Debian to the first student: `make fresh-root`.

The blocks of the page are given word for word and in its order on a machine that is booted in a
folder, with systemd, PostgreSQL, slapd and nginx of its own. What an operator has to fill in is
`REPLACED` and `_fill_in`. What the university has already is in around.py. It fails if a command
fails, `doctor` among them, or if the student cannot log in.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from demo.certificates import make_certificates
from tests.install import around
from tests.install.booted import NEEDED, Booted, make_debian
from tests.install.recipe import blocks
from tests.progress import say
from tests.release import ROOT, build

READER = "reader-of-the-registrar"
GATEWAY = f"sms.{around.DOMAIN}:{around.SMS_PORT}"
REPLACED = {
    "sms.university.example": GATEWAY,
    "university.example": around.DOMAIN,
    "dc=university,dc=example": around.BASE,
    "dc: university": "dc: campus",
    ":PASSWORD": f":{READER}",
    "activation_reader LOGIN PASSWORD '...'": f"activation_reader LOGIN PASSWORD '{READER}'",
    "STAFF_NETWORK=198.51.100.0/24": "STAFF_NETWORK=10.0.2.0/24",
}
DELIVERED = "/srv/activation"
REGISTRAR = ROOT / "docs" / "registrar.md"


class Operator:
    """Somebody who has the wheel, the files that the page names, and the page."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self.commands = 0
        self.machine = Booted(folder, stack, around.HOSTS)
        self._stack = stack
        self._delivered = self.machine.root / DELIVERED[1:]
        self._prepare_others()

    def _prepare_others(self) -> None:
        """Do what others at the university have done: certificates, gateway, relay."""
        tls = self._folder / "tls"
        tls.mkdir()
        make_certificates(tls, *around.HOSTS)
        (self._folder / around.TOKEN).write_text("secret-of-the-gateway")
        self._others(self._folder, "servers", wait=False)

    def _others(self, given: object, what: str, *, wait: bool) -> str:
        words = (sys.executable, "-m", "tests.install.around", what, str(given))
        environ = {**os.environ, "SSL_CERT_FILE": str(self._folder / "tls" / "ca.pem")}
        with (self._folder / f"{what}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own words
                (*self.machine.network, *words), cwd=ROOT, env=environ, stdout=log, stderr=log
            )
        if not wait:
            self._stack.callback(process.wait)
            self._stack.callback(process.terminate)
            return ""
        code, told = process.wait(), (self._folder / f"{what}.log").read_text()
        if code:
            raise SystemExit(f"{what} ended with {code}:\n{told[-3000:]}")
        return told

    def _give(self, *shown: str) -> None:
        """Give blocks of the page, with the operator's own names."""
        for block in shown:
            begun = time.monotonic()
            self.machine.give(self._filled(block), DELIVERED)
            lines = [line for line in block.splitlines() if line.strip()]
            self.commands += len(lines)
            say(f"{time.monotonic() - begun:6.1f} s: {lines[0][:60]} ... ({len(lines)} lines)")

    @staticmethod
    def _filled(text: str) -> str:
        for shown, own in REPLACED.items():
            text = text.replace(shown, own)
        return text

    def _write(self, name: str, text: str, mode: int = 0o644) -> None:
        file = self.machine.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._filled(text), "utf-8")
        file.chmod(mode)

    def _sql(self, shown: Sequence[str], database: str) -> None:
        for block in shown:
            self._write("root/given.sql", block)
            self._give(f"su postgres -c 'psql --quiet -v ON_ERROR_STOP=1 {database}' < ~/given.sql")

    def install(self) -> None:
        """Give all blocks down to the proxy."""
        self._deliver()
        self._give(*blocks("What you need", "sh"))
        self._trust()
        self._give(*blocks("Install", "sh"))
        self._sql(blocks("The ledger", "sql"), "postgres")
        self._give(blocks("The ledger", "sh")[0])
        self._publish_records()
        self._sql(blocks("The role", "sql", REGISTRAR), "sis")
        self._sql(blocks("Indexes", "sql", REGISTRAR), "sis")
        self._make_directory()
        self._give(blocks("Temporal", "sh")[0])
        self._fill_in()
        self._give(*blocks("As units of systemd", "sh"))
        self._give(*blocks("The proxy", "sh"))

    def _deliver(self) -> None:
        """Put into one folder what the page says to copy to the server."""
        self._delivered.mkdir()
        shutil.copy(build(self._folder / "built").wheel, self._delivered)
        for name in ("run.txt", "demo.txt"):
            shutil.copy(ROOT / "requirements" / name, self._delivered)
        shutil.copytree(ROOT / "deploy" / "systemd", self._delivered / "systemd")
        shutil.copytree(ROOT / "demo" / "schema", self._delivered / "schema")
        shutil.copy(ROOT / "deploy" / "nginx.conf", self._delivered)
        access = (ROOT / "demo" / "openldap-access.conf").read_text("utf-8")
        self._write(f"{DELIVERED[1:]}/openldap-access.conf", access)

    def _trust(self) -> None:
        """Put the university's authority and certificates where the page says."""
        tls = self._folder / "tls"
        own = "usr/local/share/ca-certificates/campus.crt"
        shutil.copy(tls / "ca.pem", self.machine.root / own)
        for name in ("ldap/tls/server", "nginx/tls/activation", "nginx/tls/desk"):
            for kind, mode in (("pem", 0o644), ("key", 0o640)):
                self._write(f"etc/{name}.{kind}", (tls / f"server.{kind}").read_text(), mode)
        self._give("update-ca-certificates", "chgrp openldap /etc/ldap/tls/server.key")

    def _publish_records(self) -> None:
        """Let the registrar, here on the same server, have its table."""
        self._sql([f"CREATE ROLE sis LOGIN PASSWORD '{READER}'; CREATE DATABASE sis OWNER sis"], "")
        self._others(f"postgresql://sis:{READER}@127.0.0.1/sis", "records", wait=True)

    def _make_directory(self) -> None:
        (lines,) = blocks("The directory", "slapd")
        self._write("etc/ldap/activation.conf", lines)
        self._give(*blocks("The directory", "sh"))

    def _fill_in(self) -> None:
        """Write the files that the page has to be filled in by hand."""
        (least,) = blocks("The least settings", "toml")
        self._write("etc/activation/activation.toml", least)
        self._write("etc/activation/temporal.env", "TEMPORAL_ADDRESS=127.0.0.1:7233\n", 0o600)
        secret = (self._folder / around.TOKEN).read_text()
        self._write("etc/activation/messaging/sms", secret, 0o600)

    def meet_a_student(self) -> None:
        """Let a student come who has no account yet, and log in with the new password."""
        inside = self.machine.root / "etc" / "activation" / "directory" / "password"
        shutil.copy(inside, self._folder / around.PASSWORD)
        say(self._others(self._folder, "student", wait=True).splitlines()[-1])

    def kill_all(self) -> None:
        """Kill each process of the engine, and wait until systemd has started all of them again."""
        listed = "systemctl list-units --state=active --plain --no-legend 'activation-*' | wc -l"
        self.machine.give(
            f"before=$({listed}); systemctl kill --signal=KILL 'activation-*'; sleep 2\n"
            f"until [ $({listed}) = $before ]; do sleep 1; done; test $before -gt 0"
        )


def main() -> None:
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        raise SystemExit(f"make fresh-root needs root, and of Debian: {', '.join(missing)}")
    make_debian()
    with tempfile.TemporaryDirectory(dir=ROOT / ".fresh") as name, ExitStack() as stack:
        operator = Operator(Path(name), stack)
        say("an empty Debian is booted; the clock runs")
        begun = time.monotonic()
        operator.install()
        operator.meet_a_student()
        minutes = (time.monotonic() - begun) / 60
        say(f"first student after {minutes:.1f} minutes and {operator.commands} lines of commands")
        operator.kill_all()
        operator.meet_a_student()
        say("systemd started all processes again after they were killed, and a student came")


if __name__ == "__main__":
    main()
