"""The Helm chart names what exists: commands, variables, key files and processes.

`make charts` renders it, which needs Helm.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import yaml

from security.purposes import BY_EPOCH, User, lasting
from settings import Settings
from starter.workbook import content
from tests.deployed import is_command, is_variable
from tests.prometheus import DEPLOY
from tests.units import units

CHART = DEPLOY / "helm" / "activation"
PROCESSES = {user.value for user in User} - {User.COMMANDS}
TEMPLATES = {file.name: file.read_text("utf-8") for file in (CHART / "templates").iterdir()}


def _processes() -> dict[str, Any]:
    (text,) = re.findall(
        r'define "activation.processes" -}}\n(.+?){{- end }}', TEMPLATES["_helpers.tpl"], re.DOTALL
    )
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_it_has_the_processes_that_there_are_with_commands_that_exist() -> None:
    assert _processes().keys() == PROCESSES
    assert [each["words"] for each in _processes().values() if not is_command(each["words"])] == []


def test_each_process_is_started_as_its_unit_starts_it() -> None:
    """But for addresses and ports, which differ in a container."""
    started = {unit.user.removeprefix("activation-"): unit.command[1:] for unit in units(("1",))}
    for name, process in _processes().items():
        assert _without_ports(process["words"]) == _without_ports(started[name])


def _without_ports(words: Sequence[str]) -> list[str]:
    return [word for word in words if not re.fullmatch(r"[\d.]+|--health-\w+", word)]


def test_each_process_gets_the_keys_that_it_needs_and_no_other() -> None:
    for name, process in _processes().items():
        user = User(name)
        rotating = {kind for kind, users in BY_EPOCH.items() if user in users}
        assert set(process.get("keys", [])) == set(lasting([user]))
        seal = {f"seal/*.{process['seal']}"} if "seal" in process else set()
        assert seal == rotating - {"epochs/*.key"}
        assert ("epochs/*.key" in rotating) is ("keys" in process)


def test_each_variable_is_one_that_is_read() -> None:
    named = set(re.findall(r"- name: ([A-Z][A-Z_]+)$", "\n".join(TEMPLATES.values()), re.MULTILINE))
    assert named == {
        *("ACTIVATION_CONFIG", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_CONFIG_FILE")
    }
    own = re.findall(r"- name: {{ \$prefix }}([A-Z_]+)$", TEMPLATES["_helpers.tpl"], re.MULTILINE)
    assert len(own) == 4
    for page in ("PORTAL", "CONSOLE"):
        assert all(is_variable(f"ACTIVATION_{page}__{name}") for name in own)


def _files_that_every_process_reads() -> set[str]:
    """Return the settings whose file or folder must be there when settings are loaded."""
    return {
        f"{section}.{name}"
        for section, field in Settings.model_fields.items()
        for name, inner in getattr(field.annotation, "model_fields", {}).items()
        if "PathType(" in repr(inner.annotation)
    }


def test_files_that_are_no_secrets_can_be_mounted_for_every_process() -> None:
    files = _files_that_every_process_reads()
    assert files >= {"institution.logo", "institution.replies_folder", "institution.texts_folder"}
    for template in ("processes.yaml", "prepare.yaml"):
        for part in ("publicMounts", "publicVolumes"):
            assert f'include "activation.{part}"' in TEMPLATES[template]
    values = (CHART / "values.yaml").read_text("utf-8")
    example = (DEPLOY / "compose" / "env.example").read_text("utf-8")
    told = (DEPLOY.parent / "docs" / "deployment.md").read_text("utf-8")
    for setting in files:
        assert f"`{setting}`" in values
        # By units, by containers and in Kubernetes.
        assert told.count(f"`{setting}`") >= 3
        variable = setting.replace(".", "__").upper()
        assert f"ACTIVATION_{variable}=/etc/activation/public/" in example


def test_a_workbook_of_the_audit_fits_into_the_consoles_temporary_files() -> None:
    """A pod whose folder grows beyond its limit is evicted, and the console is away meanwhile."""
    row = [
        7,
        "2026-11-30T17:18:09.123456+00:00",
        "maria",
        "case",
        "A-7K3F-92QD",
        "x" * 30,
        "a" * 64,
    ]
    with ZipFile(BytesIO(content([row] * 1000))) as book:
        size = sum(part.file_size for part in book.infolist())
    (limit,) = re.findall(r'eq \$name "console" }}(\d+)Mi', TEMPLATES["processes.yaml"])
    # Each row is there twice: as it is written, and in the sheet that is packed.
    assert 2 * size * 100 < int(limit) * 2**20


def test_what_prepares_an_installation_is_commands_that_exist() -> None:
    steps = re.findall(r'\(list "(\w+)" "(\w+)"\)', TEMPLATES["prepare.yaml"])
    assert steps == [("ledger", "migrate"), ("ledger", "roles"), ("temporal", "init")]
    assert all(map(is_command, steps))
