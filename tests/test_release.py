"""The wheel holds all that the code reads, and the sdist what it takes to build and test it."""

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.release import ROOT, Built, build, tracked
from translations.standing import HANDBOOK

NOT_INSTALLED = re.compile(r"demo/fresh\w*\.sh")
"""What plays `make fresh`, from a clone."""
ONLY_IN_GIT = {".ci/run", ".gitignore"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("release"))


def test_the_sdist_has_what_git_has(built: Built) -> None:
    assert built.in_sdist() == tracked() - ONLY_IN_GIT


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.long
def test_a_second_build_is_the_same_byte_by_byte(built: Built, tmp_path: Path) -> None:
    with umask(0o077):
        again = build(tmp_path)
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_the_wheel_has_every_file_of_its_packages(built: Built) -> None:
    wheel = built.in_wheel()
    packages = {name.partition("/")[0] for name in wheel if name.endswith(".py")} | {"templates"}
    ours = {name for name in tracked() if name.partition("/")[0] in packages}
    assert wheel - {"docs/support.md"} == {n for n in ours if not NOT_INSTALLED.fullmatch(n)}


def test_the_wheel_has_every_package_that_another_imports(built: Built) -> None:
    layers = (ROOT / "pyproject.toml").read_text("utf-8")
    (roots,) = re.findall(r"^root_packages = \[(.*)\]$", layers, re.MULTILINE)
    assert {*re.findall(r'"(\w+)"', roots)} - {"bench", "tests"} <= {
        name.partition("/")[0] for name in built.in_wheel()
    }


def test_the_wheel_has_each_place_that_the_code_names(built: Built) -> None:
    """Places outside a module's own package are named from `TREE`; one is below it."""
    wheel = built.in_wheel()
    modules = [Path(ROOT, name).read_text("utf-8") for name in wheel if name.endswith(".py")]
    named = re.findall(r'\bTREE((?: / "[\w.]+")+)', "\n".join(modules))
    places = {"/".join(re.findall(r'"([\w.]+)"', each)) for each in named} - {"pyproject.toml"}
    places.add(HANDBOOK.relative_to(ROOT).as_posix())
    assert "templates" in places
    for place in places:
        assert any(name == place or name.startswith(f"{place}/") for name in wheel), place


@pytest.mark.parametrize("lock", ["run", "demo", "dev"])
def test_each_lock_has_every_package_that_an_installation_needs(lock: str) -> None:
    """Whoever adds one and forgets `make lock` makes a release that does not start."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.split(r"[^\w.-]", each)[0].lower() for each in project["dependencies"]}
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("ascii")
    assert wanted - set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE)) == set()


def test_one_version_is_named_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    places = {
        "deploy/helm/activation/Chart.yaml": f'version: {version}\nappVersion: "{version}"\n',
        "deploy/compose/env.example": f"VERSION={version}\n",
        "docs/deployment.md": f"--tag activation:{version} ",
        "CHANGELOG.md": f"## [{version}] - ",
    }
    for place, text in places.items():
        assert text in (ROOT / place).read_text("utf-8"), place
