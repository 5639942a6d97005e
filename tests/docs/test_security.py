"""The page on security names what exists: each threat's tests and modules, and every number."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from settings import Settings
from tests.docs.named import missing

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
POINTS = ("Feared", "Control", "Test", "Open")
THREATS = {
    title: dict(re.findall(r"^- \*\*(\w+):\*\* (.+)$", text, re.MULTILINE))
    for title, text in re.findall(r"^#### (T\d\d) .+\n\n((?:- .+\n)+)", PAGE, re.MULTILINE)
}
NUMBERS = re.findall(r"^\| .+ \| (.+) \| `([\w.]+)` \|$", PAGE, re.MULTILINE)
# Of the sections with limits, what limits nothing.
NO_LIMITS = {
    *(
        "portal.port",
        "portal.processes",
        "console.port",
        "policy.remind_after",
        "policy.notify_after",
    ),
    "policy.registrar_fresh_for",
    "policy.reread_disputed_every",
}
# Of the modules with limits, what limits nobody outside.
NO_LIMITS_OF_MODULES = {
    *(f"starter.portal.admission.{name}" for name in ("_FASTEST", "_RECENT", "_SLOWEST")),
    *("support.verbs.second_factor._STEP_SECONDS", "support.verbs.audit.AT_ONCE"),
    *("web.shield._TOO_LARGE", "web.shield._TOO_SLOW"),
    "starter.portal.tickets._TARGET_BYTES",
    *("domain.passwords.LONGEST_JUDGED", "domain.passwords.MOST_WORK"),
    *("domain.registrar.row_facts.MOST_ROWS", "domain.registrar.row_facts._FEWEST_IN_NUMBER"),
    *("domain.suggestions._TRIES", "web.serving.STOP_WITHIN", "web.serving._HUNG_AFTER"),
    *("web.serving._ROUNDS_OF_ACCEPTING", "web.serving._ATTACH_FILTER"),
    *("web.serving._HANDSHAKE_WITHIN",),
}


def written(value: object) -> str:
    """Return a value as the table has it."""
    if not isinstance(value, timedelta):
        return f"{value:g}" if isinstance(value, float) else str(value)
    seconds = round(value.total_seconds())
    unit, size = next(
        (unit, size) for unit, size in (("h", 3600), ("min", 60), ("s", 1)) if not seconds % size
    )
    return f"{seconds // size} {unit}"


def setting(name: str) -> object:
    """Return the default of a setting; raise KeyError if there is none of this name."""
    model: type[BaseModel] = Settings
    *sections, last = name.split(".")
    for section in sections:
        inner = model.model_fields[section].annotation
        assert isinstance(inner, type)
        assert issubclass(inner, BaseModel), name
        model = inner
    return model.model_fields[last].get_default(call_default_factory=True)


def in_code(name: str) -> object:
    """Return what stands in the code: the default of a setting, or a constant of a module."""
    try:
        return setting(name)
    except KeyError:
        module, _, constant = name.rpartition(".")
        return getattr(import_module(module), constant)


def limits_of(module: ModuleType) -> Iterator[str]:
    """Yield the numbers and times that a module itself sets by a name in capitals."""
    for node in ast.parse(Path(str(module.__file__)).read_text("utf-8")).body:
        if isinstance(node, ast.Assign):
            for name in (each.id for each in ast.walk(node) if isinstance(each, ast.Name)):
                value = getattr(module, name, None)
                if name.isupper() and type(value) in (int, float, timedelta):
                    yield f"{module.__name__}.{name}"


def test_each_threat_has_its_four_points() -> None:
    assert [*THREATS] == [f"T{number:02d}" for number in range(1, 48)]
    assert {title: points for title, points in THREATS.items() if (*points,) != POINTS} == {}


@pytest.mark.parametrize("threat", THREATS)
def test_each_test_of_a_threat_exists(threat: str) -> None:
    assert [*missing(THREATS[threat]["Test"])] == []


@pytest.mark.parametrize("threat", THREATS)
def test_each_control_of_a_threat_exists(threat: str) -> None:
    control = THREATS[threat]["Control"]
    files = re.findall(r"`([\w/]+\.(?:py|txt))`", control)
    assert [file for file in files if not (ROOT / file).exists()] == []
    sections = "|".join(Settings.model_fields)
    for name in re.findall(rf"`((?:{sections})(?:\.\w+)*)`", control):
        setting(name)


@pytest.mark.parametrize(("value", "name"), NUMBERS, ids=[name for _, name in NUMBERS])
def test_each_number_is_that_of_the_code(value: str, name: str) -> None:
    assert written(in_code(name)) == value


@pytest.mark.parametrize(
    "section", ["policy", "send_budget", "campaigns", "portal", "console", "limits"]
)
def test_each_limit_that_can_be_set_is_in_the_table(section: str) -> None:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    every = {f"{section}.{name}" for name in model.model_fields}
    limits = {name for name in every if type(setting(name)) in (int, float, timedelta)}
    assert limits - {name for _, name in NUMBERS} == NO_LIMITS & every


def test_each_limit_of_a_module_that_has_some_is_in_the_table() -> None:
    named = {name for _, name in NUMBERS}
    limiting = {name.rpartition(".")[0] for name in named} - {"web.times"}
    modules = [import_module(name) for name in sorted(limiting) if "." in name]
    every = {limit for module in modules for limit in limits_of(module)}
    assert every - named == NO_LIMITS_OF_MODULES


def test_no_number_stands_twice() -> None:
    names = [name for _, name in NUMBERS]
    assert len(names) > 60
    assert sorted(names) == sorted(set(names))


def test_a_wrong_number_would_be_found() -> None:
    assert written(timedelta(minutes=90)) == "90 min"
    assert written(0.5) == "0.5"
    with pytest.raises(AttributeError):
        in_code("web.forms.NO_SUCH_LIMIT")
