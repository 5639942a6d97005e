"""Debian's slapd: the installed one, else its packages unpacked inside the demo's folder.

Tests find nginx and Prometheus by the same way.

Nothing is installed and no service is created. Unpacking needs no root, only apt's package lists:
if they are missing, root downloads them, and another user is shown the command to run.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.part import PartFailed, run
from settings.section import DEMO

UNPACKED = DEMO / "software"
PACKAGES = ("slapd", "ldap-utils")
# Perl belongs to a back end of slapd that nobody here loads, JavaScript to pages nobody looks at.
NOT_NEEDED = ("libperl", "libgdbm", "libjs")
LISTS_LINE = "apt-get update"


@dataclass(frozen=True)
class Slapd:
    """Where the server's programs, modules and schemas are, and what its processes need."""

    sbin: Path
    modules: Path
    schemas: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def tool(self, name: str) -> str:
        return str(self.sbin / name)


def find_slapd() -> Slapd:
    program = installed("slapd")
    if program and Path("/usr/lib/ldap").is_dir():
        return Slapd(program.parent, Path("/usr/lib/ldap"), Path("/etc/ldap/schema"))
    root = unpacked(*PACKAGES)
    return Slapd(
        root / "usr" / "sbin",
        root / "usr" / "lib" / "ldap",
        root / "etc" / "ldap" / "schema",
        libraries(root),
    )


def installed(server: str) -> Path | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(server, path=path)
    return Path(found) if found else None


def unpacked(server: str, *more: str) -> Path:
    """Return the folder with these packages of Debian, which have no configuration there."""
    root = UNPACKED / server
    if not root.exists():
        _unpack(root, (server, *more))
    return root


def libraries(root: Path) -> Mapping[str, str]:
    """Return the environment in which what was unpacked there finds its libraries."""
    folders = [str(folder) for folder in (root / "usr" / "lib").glob("*-linux-gnu*")]
    return {"LD_LIBRARY_PATH": os.pathsep.join(folders)}


def _unpack(root: Path, wanted: Sequence[str]) -> None:
    if not shutil.which("apt-get"):
        raise PartFailed(f"{wanted[0]} was not found, and only Debian's apt can fetch it")
    packages = _missing_packages(wanted)
    root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Unpacked elsewhere and renamed, so that an interrupted start leaves no incomplete server.
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        aside = Path(name)
        run(("apt-get", "download", *packages), what=f"apt-get download {wanted[0]}", cwd=aside)
        for package in aside.glob("*.deb"):
            run(("dpkg", "-x", str(package), str(aside / "root")), what=f"dpkg -x {package.name}")
        if not root.exists():
            (aside / "root").rename(root)


def _missing_packages(wanted: Sequence[str]) -> Sequence[str]:
    try:
        return _simulate(wanted)
    except PartFailed:
        if os.geteuid() != 0:
            raise PartFailed(
                f"{wanted[0]} needs Debian's package lists: sudo {LISTS_LINE}"
            ) from None
    print(f"Debian's package lists are missing: {LISTS_LINE}", flush=True)
    run(LISTS_LINE.split(), what=LISTS_LINE)
    return _simulate(wanted)


def _simulate(wanted: Sequence[str]) -> Sequence[str]:
    """Ask apt what an installation would bring here, and keep the server and its libraries."""
    install = ("apt-get", "--simulate", "install", "--no-install-recommends", *wanted)
    answer = run(install, what=f"apt-get --simulate install {wanted[0]}")
    named = [line.split()[1] for line in answer.splitlines() if line.startswith("Inst ")]
    return [
        name
        for name in named
        if name in wanted or (name.startswith("lib") and not name.startswith(NOT_NEEDED))
    ]
