"""Static check that workflow code is deterministic: `python -m tests.determinism`.

Running workers have no sandbox, so that what Temporal's sandbox would refuse is refused here. The
check covers `workflows/` and every module of `domain/` that it imports, directly or not. Imports
are an allow list; of allowed modules, what reads a clock, is random or depends on the process is
named below. Sets of texts have another order in each process, so that iterating over one is found
where its type can be seen in the same module.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[1]
ROOMS = ("workflows", "domain")
IMPORTS = frozenset(
    {
        *("__future__", "abc", "asyncio", "collections", "contextlib", "contextvars"),
        *("dataclasses", "datetime", "enum", "functools", "hashlib", "itertools", "json"),
        *("re", "string", "types", "typing", "unicodedata"),
        # Pure libraries: each answers by its arguments and its own tables alone.
        *("anyascii", "phonenumbers", "pydantic", "pydantic_core", "stdnum"),
        *("temporalio.common", "temporalio.exceptions", "temporalio.workflow"),
    }
)
EXCEPTED = frozenset({("domain.insurance", "importlib")})
"""The module of a foreign number's check digits is loaded when it is first needed."""
ALLOWED_OF = {
    "asyncio": frozenset({"CancelledError", "Future", "ensure_future", "gather"}),
    "pydantic": frozenset(
        {"BaseModel", "ConfigDict", "Field", "ValidationError", "model_validator"}
    ),
    "temporalio.workflow.unsafe": frozenset({"imports_passed_through"}),
}
"""Of asyncio, what Temporal's event loop makes deterministic and the workflows need.

Of pydantic, what no clock and no file decides, as they do `PastDate` and `FilePath`.
"""
FORBIDDEN = frozenset(
    {
        "hashlib.file_digest",
        *("__builtins__", "__import__", "breakpoint", "compile", "eval", "exec", "getattr"),
        *("globals", "hash", "id", "input", "open", "print", "setattr", "vars"),
    }
)
CLOCKS = frozenset({"fromtimestamp", "now", "timestamp", "today", "utcnow", "utctimetuple"})
"""Names of what reads a clock, or takes a time without a zone for one of the machine's."""
_OWN_CLOCK = "temporalio.workflow.now"
_CHANGES = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop"),
        *("popitem", "popleft", "remove", "setdefault", "update", "__next__"),
    }
)
_OF_SETS = frozenset({"difference", "intersection", "symmetric_difference", "union"})
_VIEWS = frozenset({"items", "keys"})
_SETS = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet"})
_ORDERED = frozenset(
    {
        *("list", "tuple", "iter", "next", "enumerate", "zip", "map", "filter", "reversed"),
        *("chain", "from_iterable", "deque", "dict", "extend", "fromkeys", "gather", "join"),
        *("accumulate", "batched", "combinations", "compress", "Counter", "cycle", "dropwhile"),
        *("groupby", "islice", "pairwise", "permutations", "product", "starmap", "takewhile"),
        *("repr", "str", "zip_longest"),
    }
)
"""Calls whose result has the order of what they are given."""
_ANY_ORDER = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})


def module_file(name: str) -> Path | None:
    """Return the file of a module of the two rooms; None if it is no module, or another's."""
    path = ROOT.joinpath(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.exists()), None) if _ours(name) else None


def _ours(name: str) -> bool:
    return name.partition(".")[0] in ROOMS


def reached() -> dict[str, ast.Module]:
    """Return the syntax trees of `workflows/`, and of what it imports from the two rooms."""
    found: dict[str, ast.Module] = {}
    waiting = [f"workflows.{path.stem}" for path in (ROOT / "workflows").glob("*.py")]
    while waiting:
        name = waiting.pop()
        if name in found or not _ours(name):
            continue
        # Of a name that is imported from a module, the module, and the packages that both are in.
        waiting += [name.rpartition(".")[0]]
        if file := module_file(name):
            found[name] = ast.parse(file.read_text("utf-8"))
            waiting += [origin for _, _, origin in imported(found[name])]
    return found


def imported(tree: ast.AST) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield each import at any depth: its node, the local name, and what that stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                local = each.asname or each.name.partition(".")[0]
                yield node, local, each.name if each.asname else local
                yield node, each.name, each.name
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                yield node, each.asname or each.name, f"{node.module}.{each.name}"


def violations(name: str, tree: ast.AST) -> list[str]:
    """Return what is not deterministic in a module, as `line: what`, in the order of lines."""
    found = {
        *_imports(name, tree),
        *_names(tree),
        *((node, "global") for node in ast.walk(tree) if isinstance(node, ast.Global)),
        *_local_times(tree),
        *_shared(tree),
        *_orders(tree),
    }
    return [f"{line}: {what}" for line, what in sorted((_line(node), what) for node, what in found)]


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _imports(name: str, tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield imports of modules that are not on the list, relative ones included."""
    for node, _, origin in imported(tree):
        parts = origin.split(".")
        leading = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        listed = _ours(origin) or leading & IMPORTS or (name, origin) in EXCEPTED
        if parts[-1] == "*" or not listed:
            yield node, f"import of {origin}"


def _names(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield uses of forbidden names, under whatever name they were imported."""
    origins = {local: origin for _, local, origin in imported(tree)}
    named = {id(node.func) for node in ast.walk(tree) if _named_attribute(node)}
    for node in ast.walk(tree):
        name = _origin(node, origins)
        clock = name.rpartition(".")[2] in CLOCKS and "." in name and name != _OWN_CLOCK
        if clock or _is_foreign(name) or (name in FORBIDDEN and id(node) not in named):
            yield node, name


def _is_foreign(name: str) -> bool:
    """Return whether a name belongs to a module of which only some names are allowed."""
    return any(
        name.startswith(f"{module}.")
        and name.removeprefix(f"{module}.").partition(".")[0] not in allowed
        for module, allowed in ALLOWED_OF.items()
    )


def _named_attribute(node: ast.AST) -> TypeGuard[ast.Call]:
    """Return whether this is `getattr` with the attribute's name as it stands."""
    return (
        isinstance(node, ast.Call)
        and _called(node.func) == "getattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    )


def _origin(node: ast.AST, origins: dict[str, str]) -> str:
    """Return the dotted name that an expression stands for, by the module's imports."""
    if isinstance(node, ast.Name):
        return origins.get(node.id, node.id)
    if _named_attribute(node):
        return f"{_origin(node.args[0], origins)}.{ast.literal_eval(node.args[1])}"
    if isinstance(node, ast.Attribute):
        before = _origin(node.value, origins)
        return f"{before}.{node.attr}"
    return ""


def _local_times(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield conversions to the time zone of the machine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "astimezone":
            zones = [*node.args, *(each.value for each in node.keywords)]
            if all(isinstance(zone, ast.Constant) for zone in zones):
                yield node, "astimezone without a zone"


def _shared(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield changes of a module's variable or class, which all runs of a worker share."""
    body = tree.body if isinstance(tree, ast.Module) else []
    shared = {
        _called(target)
        for each in body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
    } | {each.name for each in body if isinstance(each, ast.ClassDef)}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                changed = _changed(node)
                if isinstance(changed, ast.Name) and changed.id in shared - _locals(function):
                    yield node, f"change of the module's {changed.id}"


def _locals(function: ast.AST) -> set[str]:
    nodes = list(ast.walk(function))
    stored = {each.id for each in nodes if isinstance(each, ast.Name) and _is_stored(each)}
    return stored | {each.arg for each in nodes if isinstance(each, ast.arg)}


def _is_stored(node: ast.Name | ast.Attribute | ast.Subscript) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _changed(node: ast.AST) -> ast.expr | None:
    """Return what a node changes: by an item, an attribute, a method, or `next`."""
    if isinstance(node, ast.Attribute | ast.Subscript) and _is_stored(node):
        return node.value
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            return node.func.value
        if _called(node.func) == "next":
            return next(iter(node.args), None)
    return None


def _orders(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield what depends on the order of a set."""
    sets = set(_set_names(tree))
    anyhow = {id(each) for node in ast.walk(tree) for each in _unordered(node)}
    for node in ast.walk(tree):
        if id(node) not in anyhow:
            for each in _taken_in_order(node):
                if _is_set(each, sets):
                    yield each, "order of a set"


def _unordered(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that may come in any order without another result."""
    if isinstance(node, ast.SetComp):
        yield from node.generators
    elif isinstance(node, ast.Set):
        yield from node.elts
    elif isinstance(node, ast.Call) and _called(node.func) in _ANY_ORDER:
        for each in node.args:
            if isinstance(each, ast.GeneratorExp):
                yield from each.generators


def _taken_in_order(node: ast.AST) -> list[ast.expr]:
    """Return the expressions whose values this node takes one after another."""
    if isinstance(node, ast.For | ast.comprehension):
        return [node.iter]
    if isinstance(node, ast.Starred | ast.YieldFrom | ast.FormattedValue):
        return [node.value]
    if isinstance(node, ast.Assign) and any(map(_takes_several, node.targets)):
        return [node.value]
    if isinstance(node, ast.Call):
        if _called(node.func) in _ORDERED or any(each.arg == "key" for each in node.keywords):
            return node.args  # Of two with the same key, the order decides.
        if isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and not node.args:
            return [node.func.value]
    return []


def _takes_several(target: ast.expr) -> bool:
    return isinstance(target, ast.Tuple | ast.List) and len(target.elts) > 1


def _set_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names of variables, parameters, attributes and functions that give a set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_set_type(node.returns):
            yield node.name
        if isinstance(node, ast.AnnAssign) and _is_set_type(node.annotation):
            yield _called(node.target)
        elif isinstance(node, ast.arg) and _is_set_type(node.annotation):
            yield node.arg
        elif isinstance(node, ast.Assign) and _is_set(node.value, set()):
            yield from map(_called, node.targets)


def _is_set_type(annotation: ast.expr | None) -> bool:
    """Return whether an annotation is a set's, perhaps with None, `Final` or the like."""
    if isinstance(annotation, ast.BinOp):
        return _is_set_type(annotation.left) or _is_set_type(annotation.right)
    if isinstance(annotation, ast.Subscript):
        outer = annotation.value
        return _is_set_type(outer) or (
            _called(outer) in {"Annotated", "ClassVar", "Final", "Optional"}
            and any(map(_is_set_type, getattr(annotation.slice, "elts", [annotation.slice])))
        )
    return annotation is not None and _called(annotation) in _SETS


def _is_set(node: ast.expr, sets: set[str]) -> bool:
    """Return whether an expression is a set, as far as this module tells."""
    if isinstance(node, ast.BinOp):
        sides = [node.left] if isinstance(node.op, ast.Sub) else [node.left, node.right]
        return any(_is_set(side, sets) or _is_view(side) for side in sides)
    if isinstance(node, ast.Await):
        return _is_set(node.value, sets)
    if isinstance(node, ast.Call):
        return _called(node.func) in _SETS | _OF_SETS | sets
    return isinstance(node, ast.Set | ast.SetComp) or _called(node) in sets


def _is_view(node: ast.expr) -> bool:
    """Return whether this is a view of a dict, of which an operation gives a set."""
    return isinstance(node, ast.Call) and _called(node.func) in _VIEWS and not node.args


def _called(node: ast.expr) -> str:
    """Return the last part of a name; empty for what is none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def main() -> int:
    """Print what is found in the tree; return the exit code."""
    found = [
        f"{name}:{each}"
        for name, tree in sorted(reached().items())
        for each in violations(name, tree)
    ]
    sys.stdout.writelines(f"{each}\n" for each in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
