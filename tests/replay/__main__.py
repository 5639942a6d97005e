"""Records histories and the fingerprint of the commands: `make histories`.

Of the histories of a run of tests/workflows, only those are kept that execute a branch of
workflows/ which no history recorded before executes. No recorded history is changed or taken away.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import typer
from coverage import Coverage

import workflows
from tests.replay import fingerprint
from tests.replay.corpus import HISTORIES, read, recorded, replay

Branch = tuple[str, int, int]
"""A module's path and the numbers of two lines that were executed one after the other."""

_SOURCES = Path(workflows.__file__).parent


def main() -> None:
    now = fingerprint.fingerprint(fingerprint.sources())
    if wrong := fingerprint.refused(fingerprint.committed(), now):
        sys.exit(
            f"The commands of {', '.join(wrong)} changed, so that a replay of running activations"
            " would stop. Keep the old commands beside the new ones by `workflow.patched` with a"
            " new id, or make a new workflow."
        )
    with TemporaryDirectory() as folder:
        new = Path(folder)
        # References are derived from the hash of a test's name.
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        options = ("-q", "-m", "not long", "-p", "tests.replay.recording", "--record-into", folder)
        ended = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "pytest", *options, "tests/workflows"],
            env=environment,
            check=False,
        )
        if ended.returncode:
            sys.exit(ended.returncode)
        known = {branch for path in recorded() for branch in executed(path)}
        kept = smallest({path: executed(path) - known for path in recorded(new)})
        for path in kept:
            target = HISTORIES / path.relative_to(new)
            target.parent.mkdir(exist_ok=True)
            copyfile(path, target)
            typer.echo(f"recorded {target.relative_to(HISTORIES)}")
    fingerprint.write(now)
    typer.echo(f"{len(kept)} histories added, {len(recorded())} in all")


def executed(path: Path) -> set[Branch]:
    """Replay the history and return which branches of workflows/ that executes."""
    coverage = Coverage(data_file=None, branch=True, include=[f"{_SOURCES}/*"])
    with coverage.collect():
        asyncio.run(replay(read(path)))
    found = coverage.get_data()
    return {(name, *branch) for name in found.measured_files() for branch in found.arcs(name) or ()}


def smallest(found: dict[Path, set[Branch]]) -> list[Path]:
    """Choose few files that together execute all that is found: greedily, the most new first."""
    kept: list[Path] = []
    while any(found.values()):
        best = max(found, key=lambda path: (len(found[path]), -path.stat().st_size))
        reached = found.pop(best)
        kept.append(best)
        found = {path: branches - reached for path, branches in found.items()}
    return kept


if __name__ == "__main__":
    main()
