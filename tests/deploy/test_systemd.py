"""The units in deploy/systemd are right by systemd's own judgement, and name what exists."""

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import worker
from demo import software
from security.purposes import User
from tests.deployed import is_command, is_variable
from tests.prometheus import CONFIG
from tests.units import SYSTEMD, Unit, files, units
from web import serving

MOST_EXPOSED = 16
"""Tenths, by `systemd-analyze security`; a service without any of its directives has 96."""
PROGRAM = "/opt/activation/.venv/bin/activation"
CONFIGURED = "/etc/activation/"
PROCESSES = set(User) - {User.COMMANDS}
EACH = pytest.mark.parametrize("unit", units(), ids=lambda unit: unit.name)


def _unpacked() -> Path | None:
    """Return where Debian's systemd was unpacked, None where it is installed."""
    return None if software.installed("systemd-analyze") else software.unpacked("systemd")


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    root, environ = _unpacked(), dict(os.environ)
    program = software.installed("systemd-analyze")
    if root:
        (program,) = root.glob("**/bin/systemd-analyze")
        folders = {str(file.parent) for file in root.rglob("lib*.so*")}
        environ["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
    return subprocess.run(  # noqa: S603 - our own words
        (str(program), *words), env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the root of a machine that has systemd's own units, ours, and our program."""
    root = tmp_path_factory.mktemp("machine")
    program = root / PROGRAM[1:]
    shutil.copytree(SYSTEMD, root / "etc" / "systemd" / "system")
    installed = _unpacked() or Path("/")
    places = (installed / each / "systemd" / "system" for each in ("lib", "usr/lib"))
    own = next(place for place in places if place.is_dir())
    shutil.copytree(own, root / "usr" / "lib" / "systemd" / "system", symlinks=True)
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    return root


def test_systemd_finds_nothing_wrong(machine: Path) -> None:
    names = [unit.name for unit in units()]
    done = _analyze("verify", f"--root={machine}", "--man=no", *names)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_no_unit_has_more_rights_than_it_needs(machine: Path) -> None:
    names = [unit.name for unit in units(("1",))]
    limits = ("--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager")
    done = _analyze("security", f"--root={machine}", *limits, *names)
    judged = re.findall(r"exposure level for (\S+): ([\d.]+)", done.stdout)
    assert (done.returncode, [name for name, _ in judged]) == (0, names), judged


def test_each_process_has_a_user_of_its_own() -> None:
    users = Counter(unit.user for unit in units(("1",)))
    assert users == {f"activation-{process}": 1 for process in PROCESSES}
    made = re.findall(r"^u (\S+)", (SYSTEMD / "sysusers.conf").read_text("utf-8"), re.MULTILINE)
    members = re.findall(
        r"^m (\S+) activation$", (SYSTEMD / "sysusers.conf").read_text("utf-8"), re.MULTILINE
    )
    assert set(made) == set(members) == set(users)


@EACH
def test_its_command_and_variables_exist(unit: Unit) -> None:
    program, *words = unit.command
    assert program == PROGRAM
    assert is_command(words), words
    assert [name for name in unit.environment if not is_variable(name)] == []


@EACH
def test_it_reads_keys_and_files_of_its_own_user_alone(unit: Unit) -> None:
    process = unit.user.removeprefix("activation-")
    assert unit.environment_files == [f"{CONFIGURED}{process}.env", f"{CONFIGURED}temporal.env"]
    folder = f"{CONFIGURED}{process}"
    owners = (SYSTEMD / "tmpfiles.conf").read_text("utf-8").splitlines()
    assert f"Z {folder} ~0700 {unit.user} {unit.user}" in owners
    assert unit.environment["ACTIVATION_KEYS_DIR"] == f"{folder}/keys"


@EACH
def test_it_may_stop_as_long_as_the_process_may_take(unit: Unit) -> None:
    takes = {"portal": serving.STOP_WITHIN, "console": serving.STOP_WITHIN, "alerts": 3}
    process = unit.user.removeprefix("activation-")
    graceful = takes.get(process, worker._GRACE.total_seconds())
    assert unit.seconds("TimeoutStopSec") >= graceful + 10


def test_prometheus_reads_the_ports_of_all_units() -> None:
    read = re.findall(r'"127\.0\.0\.1:(85\d+)"', CONFIG.read_text("utf-8"))
    assert sorted(map(int, read)) == sorted(unit.health_port for unit in units())


def test_each_file_of_the_folder_is_played() -> None:
    others = {"activation-.service.d", "sysusers.conf", "tmpfiles.conf"}
    assert {each.name for each in SYSTEMD.iterdir()} == {each.name for each in files()} | others
