"""Whatever a command lacks, it ends with one line that says so, and without a traceback."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.commandline import begun, run
from tests.starter.test_long_commands import (
    NO_TERMINAL,
    WAITS,
    by_group,
    environ,
    prepared,
    words,
)
from tests.whole.test_commands_by_role import COMMANDS

NOBODY = 1
"""A port on which nothing listens."""
WORK_WITHOUT = {
    "systems": {"keys init", "keys distribute", "keys rotate", "support operations"},
    "keys": {"keys init", "support operations"},
}
"""What is right to succeed: keys are made before there is a ledger, and the state is shown."""
LINES = {"doctor", "support test-alerts"}
"""What prints a line for each system that is away."""
LACKS = {
    "systems": {},
    "keys": {"ACTIVATION_KEYS_DIR": "none"},
    "keys, for there is a file": {"ACTIVATION_KEYS_DIR": "empty.toml"},
    "settings that are TOML": {"ACTIVATION_CONFIG": "broken.toml"},
    "settings that exist": {"ACTIVATION_CONFIG": "odd.toml"},
    "the settings' file": {"ACTIVATION_CONFIG": "none.toml"},
}
PRINTS = (
    "templates preview",
    "campaign preview",
    "capacity --students 5000",
    "support operations",
)
CASE = "A-7K3F-92QD"
WITHOUT_EFFECT = {
    f"support unlock {CASE} --reason asked --channel email": "--channel goes with --send",
    f"support registrar --case {CASE} --number 1": "--case or --number",
    f"support caller {CASE} --mobile 6912345678 --birth-date 2000-01-01": "--mobile and --email",
    "support alerts --health-host 0.0.0.0": "--health-host goes with --health-port",
    "worker --health-host 0.0.0.0": "--health-host goes with --health-port",
    "restore --in-place --replace": "--replace",
    "campaign prepare --department 401 --by email --reason asked --sms-parts 9": "--sms-parts",
    "accounts match --csv one --xlsx one": "one file",
    "registrar not-activated --department 401 --csv one --xlsx one": "one file",
}
"""Commands with an option that would be ignored beside the others, and what their line says."""
TAKES_REFERENCE = {
    path for path, more in COMMANDS if re.match(r"\{(done|opened|disputed|stopped)\}", more)
}


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(set(WAITS) - NO_TERMINAL - LINES))
@pytest.mark.parametrize("lack", LACKS)
def test_a_command_that_lacks_something_says_so_in_one_line(
    tmp_path: Path, path: str, lack: str
) -> None:
    prepared(tmp_path)
    (tmp_path / "broken.toml").write_text("[registrar")
    (tmp_path / "odd.toml").write_text("nonsense = 1")
    lacks = {name: str(tmp_path / value) for name, value in LACKS[lack].items()}
    given = environ(tmp_path, NOBODY) | lacks
    del given["COLUMNS"]
    done = run(*words(path, tmp_path), environ=given, given="word\n")
    if path in WORK_WITHOUT.get(lack, ()):
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("path", by_group(TAKES_REFERENCE))
def test_what_is_no_reference_is_told_in_one_line(path: str) -> None:
    group, verb = path.split()
    done = run(group, verb, "nonsense", "--reason", "asked")
    if done.returncode == 2:
        done = run(group, verb, "nonsense")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "that is not a reference: one looks like A-7K3F-92QD\n"


@contextmanager
def closed_pipe() -> Iterator[IO[bytes]]:
    """Yield a pipe as `| head -1` leaves it: nobody reads it any more."""
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as pipe:
        yield pipe


@contextmanager
def full_disk() -> Iterator[IO[bytes]]:
    with Path("/dev/full").open("wb") as disk:
        yield disk


@pytest.mark.parametrize("path", PRINTS)
@pytest.mark.parametrize("output", [closed_pipe, full_disk])
def test_an_output_that_takes_no_more_is_told_in_one_line(
    tmp_path: Path, path: str, output: object
) -> None:
    prepared(tmp_path)
    assert callable(output)
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as errors, output() as taken:
        files = [typed, taken, errors]
        with begun(*path.split(), environ=environ(tmp_path, NOBODY), files=files) as command:
            assert command.code() == 1
        errors.seek(0)
        (line,) = errors.read().decode().splitlines()
        assert line.startswith("the output was not written to its end: ")


@pytest.mark.parametrize("command", WITHOUT_EFFECT)
def test_an_option_without_effect_is_refused_before_anything_is_done(
    tmp_path: Path, command: str
) -> None:
    prepared(tmp_path)
    done = run(*command.split(), environ=environ(tmp_path, NOBODY))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert WITHOUT_EFFECT[command] in done.stderr
