"""Rules that no linter holds: one class name has one meaning; modules and rooms have a size."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("activities", "adapters", "domain", "ledger", "recognition", "security", "settings"),
    *("starter", "support", "translations", "web", "workflows"),
)
MOST_LINES = 350
A_QUARTER = 4


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))
    yield from (ROOT / "worker.py", ROOT / "postgres.py")


def test_no_class_name_stands_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in ast.parse(module.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(module.relative_to(ROOT)))
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def lines(module: Path) -> int:
    return len(module.read_text("utf-8").splitlines())


def test_no_module_is_too_long_to_read() -> None:
    sizes = {str(module.relative_to(ROOT)): lines(module) for module in modules()}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_no_room_has_more_than_a_quarter_of_all_lines() -> None:
    total = sum(map(lines, modules()))
    sizes = {room: sum(map(lines, (ROOT / room).rglob("*.py"))) for room in ROOMS}
    assert {room: size for room, size in sizes.items() if size * A_QUARTER > total} == {}


def test_every_route_of_the_portal_is_kept_from_tables_by_a_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = (each for each in contracts["contracts"] if each["name"].startswith("Routes of"))
    portal = ROOT / "starter/portal"
    routes = {file.stem for file in portal.glob("*.py") if "APIRouter()" in file.read_text("utf-8")}
    assert {*contract["source_modules"]} == {f"starter.portal.{name}" for name in routes}
