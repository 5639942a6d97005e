"""The containers' files are right by their own programs, and name only what is there."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger import roles
from security.purposes import User
from tests.composed import DEPLOY, ROOT, Service, of_the_engine, rendered, tool
from tests.deployed import is_command, is_variable
from tests.prometheus import CONFIG, RULES, promtool

JOB = re.compile(r"job_name: (\w+)")
EXAMPLE = (DEPLOY / "compose" / "env.example").read_text("utf-8")
HARDENED = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "read_only": True}
WRITES_BESIDE_ITSELF = {"temporal-ui"}


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return rendered(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="module")
def services(composed: Mapping[str, Any]) -> Mapping[str, Service]:
    return of_the_engine(composed)


def test_hadolint_finds_nothing_in_the_recipe_of_the_image() -> None:
    assert tool("hadolint", "--failure-threshold", "style", "deploy/Containerfile") == ""


def test_every_container_is_confined(composed: Mapping[str, Any]) -> None:
    for name, service in composed["services"].items():
        wanted = {**HARDENED, "read_only": name not in WRITES_BESIDE_ITSELF}
        assert {key: service.get(key, False) for key in wanted} == wanted, name
        assert "privileged" not in service


def test_only_the_proxy_listens_beyond_this_machine(composed: Mapping[str, Any]) -> None:
    for name, service in composed["services"].items():
        ports = {(each.get("host_ip"), each["published"]) for each in service.get("ports", [])}
        assert name == "proxy" or {host for host, _ in ports} <= {"127.0.0.1"}, name


def test_what_is_mounted_is_in_the_sources_or_made_for_the_installation(
    composed: Mapping[str, Any],
) -> None:
    own = Path(composed["services"]["portal-1"]["volumes"][0]["source"]).parent
    mounted = {
        Path(each["source"])
        for service in composed["services"].values()
        for each in service.get("volumes", [])
        if each["type"] == "bind"
    } | {Path(each["file"]) for each in composed["secrets"].values()}
    made = (DEPLOY / "compose" / "secrets.sh").read_text("utf-8")
    for path in mounted:
        if path.is_relative_to(own):
            words = {path.name, path.name.removesuffix(path.suffix), path.parent.name}
            assert any(re.search(rf"\b{re.escape(word)}\b", made) for word in words), path
        else:
            assert path.is_file(), path


def test_no_secret_is_mounted_that_nobody_has(composed: Mapping[str, Any]) -> None:
    used = {
        each["source"]
        for service in composed["services"].values()
        for each in service.get("secrets", [])
    }
    assert used == composed["secrets"].keys()


def test_each_variable_is_a_setting(services: Mapping[str, Service]) -> None:
    in_comments = re.findall(r"^# (ACTIVATION_\w+)=", EXAMPLE, re.MULTILINE)
    named = {name for each in services.values() for name in each["environment"]}
    ours = {name for name in named if name.startswith("ACTIVATION_")} | set(in_comments)
    assert len(ours) > 30
    assert {name for name in ours if not is_variable(name)} == set()


def test_each_command_exists(services: Mapping[str, Service]) -> None:
    for name, service in services.items():
        if command := service["command"]:
            assert is_command(command), name
        else:
            assert service["profiles"] == ["commands"], name


def test_each_process_has_its_own_role_and_keys(services: Mapping[str, Service]) -> None:
    found: dict[str, str] = {}
    for name, service in services.items():
        dsn = service["environment"]["ACTIVATION_LEDGER_DSN"]
        (role,) = re.findall(r"//(\w+)@", dsn)
        keys = [each for each in service.get("volumes", []) if "/keys" in each["source"]]
        user = role.removeprefix("activation_")
        if user in roles.OF:
            passfile = next(s for s in service["secrets"] if s["target"] == "pgpass")
            assert passfile["source"] == f"pgpass-{user}"
            assert [Path(each["source"]).name for each in keys] == [user] * (user != User.ALERTS)
            assert all(each["read_only"] for each in keys)
            found[user] = name
        else:
            assert role == "activation"
    assert found.keys() == set(User)


def test_each_role_of_the_database_is_made() -> None:
    script = (DEPLOY / "compose" / "secrets.sh").read_text("utf-8")
    (with_passwords,) = re.findall(r"for process in (.+?); do", script)
    without = (DEPLOY / "compose" / "databases.sh").read_text("utf-8")
    made = {f"activation_{name}" for name in with_passwords.split()}
    made |= set(re.findall(r"CREATE ROLE (activation_\w+)", without))
    assert {f"activation_{name}" for name in roles.OF} <= made


def test_prometheus_reads_every_process_by_the_jobs_of_the_rules(
    services: Mapping[str, Service], tmp_path: Path
) -> None:
    file = DEPLOY / "compose" / "prometheus.yml"
    shutil.copy(file, tmp_path)
    shutil.copy(RULES, tmp_path)
    promtool("check", "config", "--lint-fatal", "prometheus.yml", folder=tmp_path)
    text = file.read_text("utf-8")
    assert JOB.findall(text) == JOB.findall(CONFIG.read_text("utf-8"))
    named = {name for names in re.findall(r"names: \[(.+?)\]", text) for name in names.split(", ")}
    assert named == {name for name, each in services.items() if "healthcheck" in each}


def test_the_image_takes_only_what_a_wheel_is_built_from() -> None:
    kept = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("ascii"), re.MULTILINE)
    for name in kept:
        assert (ROOT / name).exists(), name
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (packages,) = re.findall(r"^packages = \[\n(.+?)^\]", project, re.MULTILINE | re.DOTALL)
    assert {name.partition(".")[0] for name in re.findall(r'"(.+?)"', packages)} - {"docs"} <= {
        *kept
    }
