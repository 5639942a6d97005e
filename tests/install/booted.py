"""An empty Debian that is booted as a machine, with its own systemd and its own network."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from demo.part import run
from tests.release import ROOT

DEBIAN = "bookworm"
KEPT = ROOT / ".fresh" / f"{DEBIAN}-server"
NEEDED = ("debootstrap", "systemd-nspawn", "slirp4netns", "nsenter")
_AUTHORITIES = "/usr/local/lib/authorities.pem"
_IS_DEBIANS = re.compile(rf"(^|[ :]){DEBIAN}( |-|$)", re.MULTILINE)
_BOOTED_WITHIN = 60
_SHELL = {"HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_debian() -> None:
    """Make what every machine begins as, and keep it for the next time."""
    done = KEPT.with_suffix(".done")
    if not done.exists():
        shutil.rmtree(KEPT, ignore_errors=True)
        KEPT.parent.mkdir(exist_ok=True)
        run(("debootstrap", DEBIAN, str(KEPT)), what="debootstrap")
        done.touch()


class Booted:
    """One machine in a folder, which ends with the stack."""

    def __init__(self, folder: Path, stack: ExitStack, hosts: Sequence[str]) -> None:
        self.root = folder / "root"
        self._stack = stack
        run(("cp", "-a", str(KEPT), str(self.root)), what="cp")
        self._environment = {**_SHELL, "PATH": _PATH, **self._carry()}
        with (self.root / "etc" / "hosts").open("a") as file:
            file.write("".join(f"127.0.0.1 {host}\n" for host in hosts))
        self._boot()

    def _carry(self) -> Mapping[str, str]:
        """Copy what apt and pip of this machine need to reach their sources; return variables."""
        for name in ("etc/apt", "etc/pip.conf", "etc/xdg/pip"):
            source, target = Path("/", name), self.root / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                shutil.copy(source, target)
        # Debian's own sources alone.
        for file in (self.root / "etc" / "apt").rglob("*"):
            if file.suffix in (".list", ".sources") and not _IS_DEBIANS.search(file.read_text()):
                file.unlink()
        # apt-get install ca-certificates writes Debian's own authorities over the others.
        own = Path("/etc/ssl/certs/ca-certificates.crt")
        shutil.copy(own, self.root / _AUTHORITIES[1:])
        carried = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return carried | {"PIP_CERT": _AUTHORITIES}

    def _boot(self) -> None:
        (self.root / "etc" / "resolv.conf").write_text("nameserver 10.0.2.3\n")
        Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
        shown = f"{os.environ} {(self.root / 'etc' / 'pip.conf').read_text()}"
        folders = {path for path in re.findall(r"/opt/[\w-]+", shown) if Path(path).is_dir()}
        words = (
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            *("--private-network", "--resolv-conf=off", "--directory", str(self.root)),
            *(f"--bind-ro={folder}" for folder in sorted(folders)),
        )
        covered = "mount -t tmpfs tmpfs /run/systemd/nspawn && exec " + " ".join(words)
        self._begin("/usr/bin/unshare", "--mount", "/bin/bash", "-c", covered, log="boot")
        deadline = time.monotonic() + _BOOTED_WITHIN
        while not self._is_up():
            if time.monotonic() > deadline:
                raise SystemExit(f"it did not boot: see {self.root.parent}/boot.log")
            time.sleep(0.5)
        slirp = ("slirp4netns", "--configure", "--disable-host-loopback", str(self._first), "host0")
        self._begin(*slirp, log="network")
        self.give("until ip route | grep -q default; do sleep 0.2; done")

    def _is_up(self) -> bool:
        children = Path(f"/proc/{self._booter.pid}/task/{self._booter.pid}/children").read_text()
        if not children.split():
            return False
        self._first = int(children.split()[0])
        asked = "systemctl is-system-running | grep -qE 'running|degraded'"
        return not self._inside(asked).returncode

    def _begin(self, *words: str, log: str) -> None:
        with (self.root.parent / f"{log}.log").open("wb") as file:
            self._booter = subprocess.Popen(  # noqa: S603 - our own words
                words, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self._stack.callback(self._booter.wait)
        self._stack.callback(self._booter.terminate)

    @property
    def network(self) -> Sequence[str]:
        """Return the words before a command that runs in its network, with its names of hosts."""
        named = f"mount --bind {self.root}/etc/hosts /etc/hosts && exec "
        enter = ("/usr/bin/nsenter", "--target", str(self._first), "--net")
        return (*enter, "/usr/bin/unshare", "--mount", "/bin/bash", "-c", named + '"$@"', "bash")

    def give(self, commands: str, folder: str = "/root") -> str:
        """Give commands to its root as a person would, and return what they print."""
        done = self._inside(f"cd {folder} && set -e -o pipefail\n{commands}")
        if done.returncode:
            journal = self._inside("journalctl --no-pager --lines=20 --output=cat").stdout
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}\n{journal}"
            raise SystemExit(f"{commands}\nended with {done.returncode}:\n{said}")
        return done.stdout

    def _inside(self, commands: str) -> subprocess.CompletedProcess[str]:
        words = ("/usr/bin/nsenter", "--target", str(self._first), "--all", "/bin/bash", "-c")
        return subprocess.run(  # noqa: S603 - the documentation's own commands
            (*words, commands),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
