"""Debian's slapd: the installed one, else its packages unpacked inside the checkout.

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
from settings.section import CHECKOUT

UNPACKED = CHECKOUT / ".demo" / "software"
PACKAGES = ("slapd", "ldap-utils")
# Perl belongs to a back end of slapd that nobody here loads.
NOT_NEEDED = ("libperl", "libgdbm")
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
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    installed = shutil.which("slapd", path=path)
    if installed and Path("/usr/lib/ldap").is_dir():
        return Slapd(Path(installed).parent, Path("/usr/lib/ldap"), Path("/etc/ldap/schema"))
    root = UNPACKED / "slapd"
    if not root.exists():
        _unpack(root)
    libraries = [str(folder) for folder in (root / "usr" / "lib").glob("*-linux-gnu*")]
    return Slapd(
        root / "usr" / "sbin",
        root / "usr" / "lib" / "ldap",
        root / "etc" / "ldap" / "schema",
        {"LD_LIBRARY_PATH": os.pathsep.join(libraries)},
    )


def _unpack(root: Path) -> None:
    if not shutil.which("apt-get"):
        raise PartFailed("slapd was not found, and only Debian's apt can fetch it: install it")
    packages = _missing_packages()
    root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Unpacked elsewhere and renamed, so that an interrupted start leaves no incomplete server.
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        aside = Path(name)
        run(("apt-get", "download", *packages), what="apt-get download slapd", cwd=aside)
        for package in aside.glob("*.deb"):
            run(("dpkg", "-x", str(package), str(aside / "root")), what=f"dpkg -x {package.name}")
        if not root.exists():
            (aside / "root").rename(root)


def _missing_packages() -> Sequence[str]:
    try:
        return _simulate()
    except PartFailed:
        if os.geteuid() != 0:
            raise PartFailed(f"slapd needs Debian's package lists: sudo {LISTS_LINE}") from None
    print(f"Debian's package lists are missing: {LISTS_LINE}", flush=True)
    run(LISTS_LINE.split(), what=LISTS_LINE)
    return _simulate()


def _simulate() -> Sequence[str]:
    """Ask apt what an installation would bring here, and keep the server and its libraries."""
    install = ("apt-get", "--simulate", "install", "--no-install-recommends", *PACKAGES)
    answer = run(install, what="apt-get --simulate install slapd")
    named = [line.split()[1] for line in answer.splitlines() if line.startswith("Inst ")]
    return [
        name
        for name in named
        if name in PACKAGES or (name.startswith("lib") and not name.startswith(NOT_NEEDED))
    ]
