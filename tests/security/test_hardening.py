"""A process that holds secrets leaves none of its memory behind when it crashes."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CRASH = """
import os, resource
from security import hardening
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
hardening.harden("INFO")
print(resource.getrlimit(resource.RLIMIT_CORE), open("/proc/self/coredump_filter").read())
os.sys.stdout.flush()
os.abort()
"""


_COMMAND = """
import sys
from starter import cli
sys.argv = ["activation", "config", "--help"]
try:
    cli.main()
finally:
    print(open("/proc/self/limits").read(), open("/proc/self/coredump_filter").read())
"""


def ended(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of our own in this folder until it ends."""
    return subprocess.run(  # noqa: S603 - our own program
        (sys.executable, "-c", program),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_command_which_has_keys_as_well_leaves_no_dump(tmp_path: Path) -> None:
    done = ended(_COMMAND, tmp_path)
    (core,) = (line for line in done.stdout.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    assert done.stdout.endswith("\n 00000000\n\n")


def test_a_crash_leaves_no_dump_and_a_handler_of_dumps_gets_no_memory(tmp_path: Path) -> None:
    done = ended(_CRASH, tmp_path)
    assert done.returncode == -signal.SIGABRT, done.stderr
    assert done.stdout == "(0, 0) 00000000\n\n"
    assert [*tmp_path.iterdir()] == []
