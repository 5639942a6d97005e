"""Runs for each mutant of security, in a copy, the test that kills it: `python -m tests.mutants`.

Words name mutants to try by a part of their name; without any, all are tried. Exits with 1 if one
survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_suffix(".toml")
_FAILED_TESTS = 1
_LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Mutant:
    """One change of a file, and the test that fails by it."""

    name: str
    file: str
    old: str
    new: str
    test: str

    @property
    def text(self) -> str:
        return (ROOT / self.file).read_text("utf-8")

    @property
    def mutated(self) -> str:
        """Return the file with the change; raises `ValueError` unless its place is the only one."""
        if self.text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its place occurs {self.text.count(self.old)} times")
        return self.text.replace(self.old, self.new)


def table() -> list[Mutant]:
    given = tomllib.loads(TABLE.read_text("utf-8"))
    return [Mutant(**each) for each in given["mutant"]]


def main(words: Sequence[str]) -> int:
    """Try the mutants; print for each what became of it, and return the exit code."""
    wanted = [each for each in table() if all(word in each.name for word in words)]
    alive = []
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(Path(folder) / "tree")
        for each in wanted:
            began = time.monotonic()
            (copy / each.file).write_text(each.mutated, encoding="utf-8")
            killed = _fails(copy, each.test)
            (copy / each.file).write_text(each.text, encoding="utf-8")
            alive += [] if killed else [each]
            took = time.monotonic() - began
            sys.stdout.write(f"{'killed' if killed else 'ALIVE '} {took:5.1f} s  {each.name}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(wanted) - len(alive)} of {len(wanted)} mutants were killed\n")
    return int(bool(alive))


def _copied(copy: Path) -> Path:
    listed = ("/usr/bin/git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S603 - constants
    for name in files.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


def _fails(copy: Path, test: str) -> bool:
    """Return whether the test fails there; raises where it does not even run."""
    # Before the installed checkout on the path, also for the programs that a test starts.
    environ = os.environ | {"PYTHONPATH": str(copy)}
    words = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test)
    done = subprocess.run(  # noqa: S603 - our own program
        words,
        cwd=copy,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECONDS,
    )
    if done.returncode not in (0, _FAILED_TESTS) or " error" in done.stdout.splitlines()[-1]:
        raise RuntimeError(f"{test} did not run:\n{done.stdout[-2000:]}")
    return done.returncode == _FAILED_TESTS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
