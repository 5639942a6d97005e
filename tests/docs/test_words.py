"""What the code calls things, the docs name; and the repository holds what belongs into it only."""

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from temporalio.workflow import _Definition

from domain.contracts.vocabulary import ActivityName, FailureType, TaskQueue
from ledger import forecast, retention
from settings import Settings
from settings.rules import Retention
from starter.client.namespace import SEARCH_ATTRIBUTES
from support.verbs import alerts, head_letters
from workflows.activation import Activation

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
HANDLERS = _Definition.must_from_class(Activation)
OURS_AMONG_HIDDEN = {".ci", ".gitignore"}
PICTURES = {".png", ".svg", ".ico", ".webp"}
MACHINE_PATH = re.compile(r"(?<![\w.}])/(work|root|home|tmp)/")
# The paths in this file are those of a throw-away Debian.
IN_THE_DEBIAN = {("demo/fresh_inside.sh", "home"), ("demo/fresh_inside.sh", "tmp")}
REGISTRY = re.compile(r"\b(pypi|pythonhosted|npmjs)\.(org|com)\b|index[-]url", re.IGNORECASE)


def files() -> Iterator[Path]:
    """Give the files that belong to the repository, by the habit that what is made is hidden."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if _ours(name)]
        yield from (Path(folder, name) for name in names if _ours(name))


def _ours(name: str) -> bool:
    made = name == "__pycache__" or name.endswith(".egg-info")
    return name in OURS_AMONG_HIDDEN or not (name.startswith(".") or made)


def texts() -> Iterator[tuple[str, str]]:
    for file in files():
        if file.suffix not in PICTURES:
            yield str(file.relative_to(ROOT)), file.read_text("utf-8")


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give each setting's name and its default as the reference writes it.

    A section that may be left out is there too; one like another section has no more.
    """
    sections = {field.annotation for field in model.model_fields.values()}
    for name, field in model.model_fields.items():
        kinds = set(get_args(field.annotation)) - sections if field.default is None else set()
        for kind in kinds - {type(None)}:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from settings_of(kind, f"{prefix}{name}.")
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of(field.annotation, f"{prefix}{name}.")
        elif field.is_required():
            yield prefix + name, "required"
        elif name != "kind":
            default = to_jsonable_python(field.get_default(call_default_factory=True), fallback=str)
            yield prefix + name, f"`{json.dumps(default, ensure_ascii=False)}`"


def test_the_reference_has_each_setting_with_its_default_and_a_meaning() -> None:
    reference = (REFERENCE / "settings.md").read_text("utf-8")
    rows = re.findall(
        r"^### `([\w.]+)`\n\n`(\w+)` · .+ · (?:default )?(`.*`|required)\n\n(.*)$",
        reference,
        re.MULTILINE,
    )
    assert {(name, default) for name, _, default, _ in rows} == set(settings_of(Settings))
    assert [name for name, _, _, meaning in rows if not meaning.strip()] == []
    assert len(rows) == len({name for name, *_ in rows})
    for name, variable, *_ in rows:
        assert variable == f"ACTIVATION_{'__'.join(name.split('.'))}".upper()


def test_each_required_setting_is_named_with_the_file() -> None:
    section = CONFIGURATION.partition("## The settings")[2].partition("\n\n|")[0]
    required = {name for name, default in settings_of(Settings) if default == "required"}
    assert required - {*re.findall(r"`([\w.]+)`", section)} == {
        # Of sections that may be left out.
        *(f"console.oidc.{name}" for name in ("issuer", "client_id", "client_secret_file"))
    }


@pytest.mark.parametrize(
    "name",
    [
        *ActivityName,
        *FailureType,
        *TaskQueue,
        *SEARCH_ATTRIBUTES,
        # None is the handler that drops what has another name.
        *sorted({*HANDLERS.signals, *HANDLERS.updates, *HANDLERS.queries} - {None}, key=str),
    ],
)
def test_what_temporal_shows_is_named_in_the_docs(name: str) -> None:
    docs = [
        file.read_text("utf-8")
        for folder in (ROOT / "docs", REFERENCE)
        for file in folder.glob("*.md")
    ]
    assert any(f"`{name}`" in text for text in docs)


def test_every_failure_type_has_its_advice() -> None:
    advice = (REFERENCE / "failure-types.md").read_text("utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \|.{20,}\|.{20,}\|$", advice, re.MULTILINE)
    assert set(rows) == set(FailureType)


def test_every_module_opens_with_what_it_promises() -> None:
    modules = [
        file for file in files() if file.suffix == ".py" and not file.is_relative_to(ROOT / "tests")
    ]
    silent = [
        str(file.relative_to(ROOT))
        for file in modules
        if file.stat().st_size and not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert modules
    assert silent == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    known = {(name, root) for name, text in texts() for root in MACHINE_PATH.findall(text)}
    assert known == IN_THE_DEBIAN


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in texts() if REGISTRY.search(text)] == []


def test_the_locks_hold_no_address() -> None:
    locks = list((ROOT / "requirements").glob("*.txt"))
    assert locks
    assert [lock.name for lock in locks if re.search("https?:", lock.read_text("utf-8"))] == []


def pages() -> list[Path]:
    top = [ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    # SQL in a block of code has brackets, too, and no links.
    written = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    targets = re.findall(r"\]\(([^)#]+)", written) + re.findall(r'src="([^"]+)"', written)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_is_on_the_map() -> None:
    map_of_docs = (ROOT / "docs" / "README.md").read_text("utf-8")
    lost = [
        page.name for page in (ROOT / "docs").glob("*.md") if f"({page.name})" not in map_of_docs
    ]
    assert lost == ["README.md"]


def test_decisions_are_numbered_without_a_gap_told_alike_and_listed() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [
        f"{number:04d}" for number in range(1, len(records) + 1)
    ]
    listed = (ROOT / "docs" / "README.md").read_text("utf-8")
    for record in records:
        headings = re.findall(r"^## (\w+)$", record.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], record.name
        assert f"decisions/{record.name}" in listed


def test_operators_read_of_every_cause_of_an_alert_and_every_rule_of_the_sweep() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = re.findall(r"^\| `([A-Z_]+)[^`]*` \|", text.partition("### Alerts")[2], re.MULTILINE)
    assert {*alerts._TEXTS, *head_letters.CAUSES} <= {*named}
    section = text.partition("## When data end")[2].partition("\n## ")[0]
    rules = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    swept = {retention._UNCLOSED, *(name for name, *_ in forecast._kinds(Retention()))}
    assert len(rules) == len(swept)
    assert {*rules} == swept
