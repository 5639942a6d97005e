"""Builds the files of a release into `.release/`: `python -m tests.release`.

Wheel, sdist, locked versions, list of components and checksums are the same byte by byte for one
commit and one version of Python.

`python -m tests.release try` also tries the wheel far from the checkout. It is installed with the
locked versions into an environment of its own. All commands are given in a folder with modules of
our names that must not be read. Without the extra `demo` each command shows its help; with it a
demo starts, and two students get their accounts.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from tests import authorities
from tests.progress import say

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".release"
LOCK = ROOT / "requirements" / "run.txt"
_LEADS_ELSEWHERE = re.compile(r"PYTHON|ACTIVATION_|TEMPORAL_|VIRTUAL_ENV|PG_BIN")
_SHOW_EACH_HELP = """
from typer.main import get_command
from starter.cli import with_commands

def show(command, *words):
    root.main([*words, "--help"], "activation", standalone_mode=False)
    for name, inner in getattr(command, "commands", {}).items():
        show(inner, *words, name)

root = get_command(with_commands())
show(root)
"""


class Built(NamedTuple):
    wheel: Path
    sdist: Path

    def in_wheel(self) -> set[str]:
        """Return the names of the wheel's files, but for its metadata."""
        names = ZipFile(self.wheel).namelist()
        return {name for name in names if not re.match(r"[^/]*\.dist-info/", name)}

    def in_sdist(self) -> set[str]:
        """Return the names of the sdist's files, but for its metadata."""
        with tarfile.open(self.sdist) as archive:
            names = {each.name.partition("/")[2] for each in archive if each.isfile()}
        return {name for name in names if ".egg-info/" not in name} - {"PKG-INFO", "setup.cfg"}


def tracked() -> set[str]:
    """Return the names of the files that git has, or would take."""
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = _run(*words, cwd=ROOT).rstrip("\0").split("\0")
    return {name for name in names if (ROOT / name).is_file()}


def build(folder: Path) -> Built:
    """Build the sdist from a copy of what git has, and the wheel from the sdist."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for file in tracked():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copy / file)
            (copy / file).chmod(_mode((ROOT / file).stat().st_mode))
        uv = str(Path(sys.executable).with_name("uv"))
        environ = {**os.environ, "SOURCE_DATE_EPOCH": str(_committed_at())}
        words = ("--no-build-isolation", "--offline", "--python", sys.executable)
        out = ("--out-dir", str(folder))
        _run(uv, "build", "--quiet", *words, *out, cwd=copy, environ=environ)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    _without_times(sdist)
    return Built(wheel, sdist)


def _mode(mode: int) -> int:
    """Return the mode of a file as git has it, whatever the umask of the clone was."""
    return 0o755 if mode & 0o100 else 0o644


def _committed_at() -> int:
    """Return the time of the commit in seconds since 1970, which all files of a build get."""
    return int(_run("git", "log", "-1", "--format=%ct", cwd=ROOT))


def _without_times(sdist: Path) -> None:
    """Write an sdist anew with one time, mode and owner for all: setuptools writes today's."""
    packed, at = io.BytesIO(), _committed_at()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w") as new:
        for each in sorted(old.getmembers(), key=lambda member: member.name):
            each.mtime, each.mode = at, _mode(each.mode)
            each.uid = each.gid = 0
            each.uname = each.gname = ""
            each.pax_headers = {}
            new.addfile(each, old.extractfile(each) if each.isfile() else None)
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=0))


def complete(built: Built, folder: Path) -> None:
    """Add the locked versions, the list of components and the checksums of all."""
    shutil.copy(LOCK, folder / LOCK.name)
    shutil.copy(ROOT / ".sbom.json", folder / "sbom.json")
    files = (built.wheel, built.sdist, folder / LOCK.name, folder / "sbom.json")
    sums = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    (folder / "SHA256SUMS").write_text("".join(lines), "ascii")


class Installation:
    """An environment outside the checkout, and a folder to give commands in."""

    def __init__(self, folder: Path) -> None:
        self._venv, self._elsewhere = folder / "environment", folder / "elsewhere"
        environ = os.environ | authorities.SYSTEMS
        self._environ = {
            name: value for name, value in environ.items() if not _LEADS_ELSEWHERE.match(name)
        }
        self._elsewhere.mkdir()
        for name in (*(each.stem for each in ROOT.glob("*.py")), *_packages()):
            trap = 'raise SystemExit("read from the current folder")\n'
            (self._elsewhere / f"{name}.py").write_text(trap, "ascii")
        _run(sys.executable, "-m", "venv", str(self._venv), cwd=folder)

    def pip(self, *words: str) -> None:
        pip = ("-I", "-m", "pip", "--disable-pip-version-check", "-qq", *words)
        _run(self._program("python"), *pip, cwd=self._elsewhere, environ=self._environ)

    def python(self, text: str) -> str:
        words = (self._program("python"), "-I", "-c", text)
        return _run(*words, cwd=self._elsewhere, environ=self._environ)

    def activation(self, *words: str, fails: bool = False) -> str:
        command = (self._program("activation"), *words)
        return _run(*command, cwd=self._elsewhere, environ=self._environ, fails=fails)

    @contextmanager
    def demo(self) -> Iterator[None]:
        """Run a demo, which must not leave anything running."""
        command = (self._program("activation"), "demo", "up", "--any-ports")
        with subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=self._elsewhere, env=self._environ, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                said = []
                for line in process.stdout:
                    said.append(line)
                    if "The demo is ready" in line:
                        break
                else:
                    raise SystemExit("".join(["the demo did not start:\n", *said]))
                yield
            finally:
                process.terminate()
                process.communicate()

    def _program(self, name: str) -> str:
        return str(self._venv / "bin" / name)


def _packages() -> set[str]:
    return {file.parent.name for file in ROOT.glob("*/__init__.py")}


def _run(*words: str, cwd: Path, environ: dict[str, str] | None = None, fails: bool = False) -> str:
    """Run a program and return what it prints; ends this one unless it does as it must."""
    done = subprocess.run(  # noqa: S603 - programs of this file
        words, cwd=cwd, env=environ, umask=0o022, check=False, capture_output=True, text=True
    )
    if bool(done.returncode) is not fails:
        ended = f"{' '.join(words)} ended with {done.returncode}:\n"
        raise SystemExit(ended + done.stdout + done.stderr)
    return done.stdout + done.stderr


def try_everywhere(wheel: Path, folder: Path) -> None:
    """Install the wheel below this folder, and play it without and with the extra `demo`."""
    here = Installation(folder)
    here.pip("install", "--require-hashes", "-r", str(LOCK))
    here.pip("install", "--no-index", str(wheel))
    here.pip("check")
    helps = here.python(_SHOW_EACH_HELP).count("Usage: activation")
    here.activation("--help")
    here.activation("doctor", fails=True)
    incomplete = here.activation("demo", "up", fails=True)
    say(f"installed: {helps} commands show their help; without the extra: {incomplete.strip()}")
    here.pip("install", "--require-hashes", "-r", str(ROOT / "requirements" / "demo.txt"))
    here.pip("install", "--no-index", f"{wheel}[demo]")
    here.pip("check")
    with here.demo():
        for words in ("config check", "ledger migrate", "doctor", "templates preview"):
            here.activation(*words.split())
        for language in ("el", "en"):
            say(here.activation("demo", "walkthrough", "--lang", language).splitlines()[-1])
        here.activation("support", "list")


def main() -> None:
    tries = sys.argv[1:] == ["try"]
    if not tries and _run("git", "status", "--porcelain", cwd=ROOT):
        raise SystemExit("a release is built from a commit: there are uncommitted changes")
    shutil.rmtree(FOLDER, ignore_errors=True)
    built = build(FOLDER)
    complete(built, FOLDER)
    say(f"built: {built.wheel.name} ({len(built.in_wheel())} files), {built.sdist.name}")
    if not tries:
        return
    with tempfile.TemporaryDirectory() as name:
        try_everywhere(built.wheel, Path(name))
    say(f"The release in {FOLDER.name}/ works.")


if __name__ == "__main__":
    main()
