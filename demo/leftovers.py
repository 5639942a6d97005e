"""Ends parts that still run because their supervisor was killed, found by their pid files."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from demo.part import PartFailed

LEFTOVERS_WITHIN = 10.0
LOOK_AGAIN_SECONDS = 0.1


def end_leftovers(folder: Path) -> None:
    """End the parts of a killed supervisor that still run; they get a moment to end themselves."""
    deadline = time.monotonic() + LEFTOVERS_WITHIN
    for file in (folder / "pids").glob("*.pid"):
        pid = file.read_text("ascii").strip()
        while runs_in(folder, pid):
            if time.monotonic() > deadline:
                _end(file.stem, int(pid))
            time.sleep(LOOK_AGAIN_SECONDS)
        file.unlink()


def runs_in(folder: Path, pid: str) -> bool:
    """Whether the process is a part of this folder; its pid may have been reused."""
    process = Path("/proc", pid)
    with suppress(FileNotFoundError, ProcessLookupError):
        try:
            return process.joinpath("cwd").readlink().is_relative_to(folder)
        except PermissionError:
            # Another user's, such as root's PostgreSQL in a container: its command names its data.
            return os.fsencode(folder) in process.joinpath("cmdline").read_bytes()
    return False


def _end(name: str, pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        raise PartFailed(
            f"{name} of an earlier demo still runs, and only its owner may end it: kill {pid}"
        ) from None
