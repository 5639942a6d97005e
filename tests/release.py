"""Builds wheel and sdist, and tries the wheel far from the checkout: `python -m tests.release`.

The wheel is installed with the locked versions into an environment of its own. All commands are
given in a folder with modules of our names that must not be read. Without the extra `demo` each
command shows its help; with it a demo starts, and two students get their accounts. Wheel and sdist
stay in `.release/`.
"""

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

from tests.progress import say

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".release"
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
        uv = str(Path(sys.executable).with_name("uv"))
        words = ("--no-build-isolation", "--offline", "--python", sys.executable)
        _run(uv, "build", "--quiet", *words, "--out-dir", str(folder), cwd=copy)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


class Installation:
    """An environment outside the checkout, and a folder to give commands in."""

    def __init__(self, folder: Path) -> None:
        self._venv, self._elsewhere = folder / "environment", folder / "elsewhere"
        self._environ = {
            name: value for name, value in os.environ.items() if not _LEADS_ELSEWHERE.match(name)
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
        words, cwd=cwd, env=environ, check=False, capture_output=True, text=True
    )
    if bool(done.returncode) is not fails:
        ended = f"{' '.join(words)} ended with {done.returncode}:\n"
        raise SystemExit(ended + done.stdout + done.stderr)
    return done.stdout + done.stderr


def try_everywhere(wheel: Path, folder: Path) -> None:
    """Install the wheel below this folder, and play it without and with the extra `demo`."""
    here = Installation(folder)
    here.pip("install", "--require-hashes", "-r", str(ROOT / "requirements" / "run.txt"))
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
    shutil.rmtree(FOLDER, ignore_errors=True)
    built = build(FOLDER)
    say(f"built: {built.wheel.name} ({len(built.in_wheel())} files), {built.sdist.name}")
    with tempfile.TemporaryDirectory() as name:
        try_everywhere(built.wheel, Path(name))
    say(f"The release in {FOLDER.name}/ works.")


if __name__ == "__main__":
    main()
