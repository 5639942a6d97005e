"""Takes a fingerprint of the workflows' commands, which `make histories` writes down.

`commands.json` lists for every function of workflows/ that reaches a command of Temporal, in the
order of the source, which commands it issues, which activities it names and which such functions
it uses. Running activations repeat these commands when they are replayed. So a change is taken
only with a new id of `workflow.patched`, with a new workflow, or if it moves code between functions
and what each entry point does in the end stays as it was.

A changed condition is not seen here: that is what the replay of recorded histories is for.
"""

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "workflows"
COMMITTED = Path(__file__).with_name("commands.json")
COMMANDS = frozenset(
    {
        *("execute_activity", "start_activity", "execute_local_activity", "start_local_activity"),
        *("execute_child_workflow", "start_child_workflow", "get_external_workflow_handle"),
        *("sleep", "wait_condition", "continue_as_new", "upsert_search_attributes", "upsert_memo"),
    }
)
ENTRY_POINTS = frozenset({"run", "init", "signal", "update", "query"})

Fingerprint = dict[str, list[str]]
"""By the qualified name of a function: what it issues, names and uses."""


def fingerprint(sources: dict[str, str]) -> Fingerprint:
    """Read modules, by name, and return what of each of their functions reaches a command."""
    found = {
        name: node
        for module, source in sorted(sources.items())
        for name, node in _functions(module, ast.parse(source))
    }
    use = _uses([*found], sources)
    listed = {name: list(_listed(node, use)) for name, node in found.items()}
    reaching: set[str] = set()
    seen: set[str] = set()
    while more := {
        name
        for name, tokens in listed.items()
        if name not in reaching and any(each[0] != "." or each in seen for each in tokens)
    }:
        reaching |= more
        seen = {*_by_token(reaching)}
    return {
        name: [each for each in tokens if each[0] != "." or each in seen]
        for name, tokens in listed.items()
        if name in reaching
    }


def behaviour(taken: Fingerprint) -> Counter[tuple[str, ...]]:
    """Return what each entry point does in the end, wherever the functions' borders are."""
    entries = (name for name, tokens in taken.items() if tokens[0].startswith("entry "))
    targets = _by_token(taken)
    return Counter(tuple(_expanded(name, taken, targets, set())) for name in entries)


def refused(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Return the functions whose commands changed so that running activations cannot go on.

    A new entry point is no such change, as no history has it.
    """
    versions = {each for tokens in after.values() for each in tokens if each.startswith("version ")}
    known = {each for tokens in before.values() for each in tokens}
    if versions - known or behaviour(before) <= behaviour(after):
        return []
    return sorted(name for name in {*before, *after} if before.get(name, []) != after.get(name, []))


def sources() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in SOURCES.glob("*.py")}


def committed() -> Fingerprint:
    found: Fingerprint = json.loads(COMMITTED.read_text("utf-8"))
    return found


def write(taken: Fingerprint) -> None:
    COMMITTED.write_text(json.dumps(taken, indent=1) + "\n", "utf-8")


def _functions(prefix: str, tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(f"{prefix}.{node.name}", node)
            for each in node.decorator_list:
                yield f"{prefix}.{node.name}", ast.Expr(each)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}.{node.name}", node


def _uses(found: list[str], modules: dict[str, str]) -> Callable[[ast.AST], str]:
    """Return how to tell which function a name may stand for; an empty text for none."""
    own = {name for name in found if name.count(".") == 1}
    names = {name.partition(".")[2] for name in own}
    methods = {name.rpartition(".")[2] for name in found if name.count(".") == 2}

    def use(node: ast.AST) -> str:
        match node:
            case ast.Name(id=str(name)) if name in names:
                return f".{name}"
            case ast.Attribute(value=ast.Name(id=str(module)), attr=str(name)) if module in modules:
                return f".{name}" if f"{module}.{name}" in own else ""
            case ast.Attribute(attr=str(name)) if name in methods:
                return f".*.{name}"
        return ""

    return use


def _by_token(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the functions that a token `.function` or `.*.method` may stand for."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        _, *within = name.split(".")
        found["." + ".".join(["*", within[-1]] if len(within) > 1 else within)].append(name)
    return found


def _listed(node: ast.AST, use: Callable[[ast.AST], str]) -> Iterator[str]:
    """List in the order of the source what is issued, named and used."""
    match node:
        case ast.Call(func=ast.Attribute(attr="defn" | "patched" | "deprecate_patch" as kind)):
            given = [*node.args, *(each.value for each in node.keywords)]
            yield f"version {kind} {' '.join(map(ast.unparse, given))}"
            return
        case ast.Call(func=ast.Attribute(attr="wait_condition"), keywords=[]):
            for each in node.args:
                yield from _listed(each, use)
            return
        case ast.Attribute(value=ast.Name(id="workflow"), attr=str(name)):
            if name in ENTRY_POINTS:
                yield f"entry {name}"
            elif name in COMMANDS:
                yield name
            return
        case ast.Attribute(value=ast.Name(id="ActivityName"), attr=str(name)):
            yield f"activity {name}"
            return
    decorators = getattr(node, "decorator_list", [])
    for child in (*decorators, *(x for x in ast.iter_child_nodes(node) if x not in decorators)):
        yield from _listed(child, use)
    if used := use(node):
        yield used


def _expanded(
    name: str, taken: Fingerprint, targets: dict[str, list[str]], seen: set[str]
) -> Iterator[str]:
    seen.add(name)
    for token in taken[name]:
        if token[0] != ".":
            yield token
        for target in targets.get(token, ()):
            if target not in seen:
                yield from _expanded(target, taken, targets, seen)
            else:
                # By what it does, so that it may be renamed.
                again = " ".join(each for each in taken[target] if each[0] != ".")
                yield f"again {sha256(again.encode()).hexdigest()[:8]}"
