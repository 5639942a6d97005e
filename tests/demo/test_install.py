"""Set-up says in one line what a machine lacks, and uses no environment of another folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

from settings.section import TREE

TOOLS = ("bash", "dirname", "id", "cat", "cut", "sha256sum", "grep", "rm", "setpriv")
FINE = "#!/bin/sh\nexit 0\n"
OLD = '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n'
NO_VENV = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1; esac\n'


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Machine:
    """A checkout on a machine with few programs; `python3` and others are added by a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my checkout"
        self.programs = folder / "programs"
        self.programs.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.programs / tool).symlink_to(found)
        (self.folder / "requirements").mkdir(parents=True)
        shutil.copy(TREE / "requirements" / "install.sh", self.folder / "requirements")
        for name in ("requirements/demo.txt", "pyproject.toml"):
            (self.folder / name).touch()

    def has(self, name: str, text: str) -> None:
        _script(self.programs / name, text)

    def install(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            (self.folder / "requirements" / "install.sh", "demo"),
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
        )

    def environment_of(self, folder: Path) -> Path:
        """Make an environment as `venv` does for that folder, and return a file in it."""
        venv = self.folder / ".venv"
        _script(venv / "bin" / "python", FINE)
        (venv / "pyvenv.cfg").write_text(f"command = /bin/python3 -m venv {folder}/.venv\n")
        mark = venv / "mark"
        mark.touch()
        return mark


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({}, "python3 is missing"),
        ({"python3": OLD}, "Python 3.11 or newer is needed; python3 is Python 3.9.2"),
        ({"python3": NO_VENV}, "Missing: python3-venv, by Debian's names"),
        ({"python3": NO_VENV, "apt-get": "#!/bin/sh\nexit 1\n"}, "python3-venv"),
    ],
)
def test_what_is_missing_is_said_in_words(
    machine: Machine, programs: dict[str, str], said: str
) -> None:
    for name, text in programs.items():
        machine.has(name, text)
    done = machine.install()
    assert done.returncode == 1
    assert said in done.stderr
    assert "line " not in done.stderr


def test_an_environment_of_this_folder_is_used(machine: Machine) -> None:
    machine.has("python3", FINE)
    mark = machine.environment_of(machine.folder)
    assert machine.install().returncode == 0
    assert mark.exists()
    assert machine.install().stdout == ""


@pytest.mark.parametrize("lost", ["moved", "no pip"])
def test_an_environment_that_was_moved_or_lost_its_python_is_made_anew(
    machine: Machine, lost: str
) -> None:
    machine.has("python3", FINE)
    mark = machine.environment_of(machine.folder.parent if lost == "moved" else machine.folder)
    if lost == "no pip":
        _script(machine.folder / ".venv" / "bin" / "python", "#!/bin/sh\nexit 1\n")
    assert "making it anew" in machine.install().stdout
    assert not mark.exists()
