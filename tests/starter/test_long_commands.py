"""Commands whose systems never answer show at a terminal that they wait, and end by Ctrl-C.

Each system is a port that takes connections and says nothing. A command that a person may wait for
is in `WAITS`; all others ask no system.
"""

import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import IO

import pytest
from _pytest.mark import ParameterSet
from typer.main import get_command

from security import rotation
from starter.cli import with_commands
from starter.program import BY_INTERRUPT, INTERRUPTED
from tests.commandline import begun
from tests.starter.commands.test_templates import NOWHERE
from tests.whole.test_commands_by_role import COMMANDS, TEXTS, WHY, WITH_REASON, paths

SERVERS = {"portal", "support serve", "support alerts", "worker"}
ASK_NOTHING = {
    *("templates preview", "brand preview", "campaign preview", "campaign poster", "capacity"),
    *("config check", "keys copy", "keys activate", "support operator"),
}
NO_TERMINAL = {"mail bounce"}
"""What a mail server runs."""
GIVEN = {
    **dict.fromkeys(("done", "opened", "disputed", "stopped"), "A-7K3F-92QD"),
    "answered": "ABCD",
    "closed": "ABCD",
    "person": "SIS/1",
    "born": "2000-01-01",
    "campaign": "C-7K3F-92QD",
    "department": "401",
    "posters": "none",
    "folder": "none",
}
MORE = {
    "ledger migrate": "",
    "ledger roles": "",
    "backup": "{new}",
    "restore": "--in-place",
    "keys init": "",
    "keys distribute": "--early",
    "keys rotate": "",
    "doctor": "",
    "temporal init": "",
    "temporal use": "1",
}
WAITS: Mapping[str, str] = {path: more for path, more in COMMANDS if path not in ASK_NOTHING} | MORE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("long")
    prepared(made)
    return made


def prepared(folder: Path) -> None:
    """Make what commands need of files."""
    (folder / "empty.toml").touch()
    (folder / "password").write_text("none")
    rotation.create(folder / "keys", "2026-11")
    (folder / "erased").touch()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Take connections on a port and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield listening


def environ(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "ACTIVATION" not in name}
    away = "127.0.0.1:1"
    here = {name: value.replace(away, f"127.0.0.1:{port}") for name, value in NOWHERE.items()}
    return {
        **kept,
        **here,
        "ACTIVATION_CONFIG": str(folder / "empty.toml"),
        "ACTIVATION_KEYS_DIR": str(folder / "keys"),
        "ACTIVATION_DIRECTORY__BIND_PASSWORD_FILE": str(folder / "password"),
        "TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
        "ACTIVATION_ALERTS__WEBHOOK_URL": f"http://127.0.0.1:{port}",
        "TERM": "xterm",
        "COLUMNS": "80",
    }


def port_of(silent: socket.socket) -> int:
    return int(silent.getsockname()[1])


def words(path: str, folder: Path) -> list[str]:
    files = {"new": folder / f"new {token_hex(4)}", "erased": folder / "erased"}
    more = [word.format(**GIVEN, **files) for word in WAITS[path].split()]
    reason = WHY if path in WITH_REASON else ()
    return [*path.split(), *more, *reason, *(TEXTS if path == "support pause" else ())]


def by_group(tried: Iterable[str]) -> list[ParameterSet]:
    """Return commands as parameters; `make test` tries the first of each group."""
    first = {path.split()[0]: path for path in sorted(tried, reverse=True)}.values()
    return [
        pytest.param(path, marks=[] if path in first else [pytest.mark.long])
        for path in sorted(tried)
    ]


def test_each_command_that_asks_a_system_is_tried() -> None:
    there = {path for path in paths(get_command(with_commands())) if not path.startswith("demo ")}
    assert there - SERVERS - ASK_NOTHING - NO_TERMINAL == set(WAITS) - NO_TERMINAL


@pytest.mark.parametrize("path", by_group(set(WAITS) - NO_TERMINAL))
def test_a_terminal_shows_that_it_waits_until_ctrl_c(
    path: str, folder: Path, silent: socket.socket
) -> None:
    ours, its = os.openpty()
    with (
        tempfile.TemporaryFile() as typed,
        tempfile.TemporaryFile() as output,
        os.fdopen(its, "wb", buffering=0) as terminal,
    ):
        typed.write(b"word\n")
        typed.seek(0)
        files: list[IO[bytes]] = [typed, output, terminal]
        with begun(
            *words(path, folder), environ=environ(folder, port_of(silent)), files=files
        ) as command:
            shown = ""
            while "\x1b[?25l" not in shown:
                assert select.select([ours], [], [], 20)[0], f"nothing is shown, only: {shown}"
                shown += os.read(ours, 4096).decode()
                assert "\n" not in shown
            assert select.select([silent], [], [], 20)[0], "no system was asked"
            command.interrupt()
            code = command.code()
        while select.select([ours], [], [], 0)[0]:
            shown += os.read(ours, 4096).decode()
        output.seek(0)
        assert output.read() == b""
    os.close(ours)
    assert code == BY_INTERRUPT
    assert "\x1b[?25h" in shown
    # After the line with the progress was deleted.
    assert shown.rpartition("\x1b[2K")[2] == f"{INTERRUPTED}\r\n"


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(set(WAITS) - NO_TERMINAL))
def test_a_pipe_has_nothing_but_the_sentence_of_ctrl_c(
    path: str, folder: Path, silent: socket.socket
) -> None:
    with (
        tempfile.TemporaryFile() as typed,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        typed.write(b"word\n")
        typed.seek(0)
        files = [typed, output, errors]
        with begun(
            *words(path, folder), environ=environ(folder, port_of(silent)), files=files
        ) as command:
            assert select.select([silent], [], [], 20)[0], "no system was asked"
            command.interrupt()
            code = command.code()
        output.seek(0)
        errors.seek(0)
        assert output.read() == b""
        assert (code, errors.read().decode()) == (BY_INTERRUPT, f"{INTERRUPTED}\n")


WHILE_LOADED = """
import sys
from starter import program

class Interrupts:
    def find_spec(self, name, *_):
        if name == "starter.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
program.main()
"""


def test_ctrl_c_while_the_program_is_loaded_is_told_in_one_line() -> None:
    loads = (sys.executable, "-c", WHILE_LOADED)
    done = subprocess.run(loads, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    assert (done.returncode, done.stdout) == (BY_INTERRUPT, "")
    assert done.stderr == f"{INTERRUPTED}\n"
