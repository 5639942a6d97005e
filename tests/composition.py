"""What the texts of a module are made of, for checks of SQL and filters: constants, and the rest.

Names are followed to their assignments in the function, in the module, and in the module of this
repository that they are imported from. Where a name has several, all of them count.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
HOLE = "\0"
_FILLS = frozenset({"format", "format_map", "replace", "safe_substitute", "substitute"})
_PLACE = re.compile(
    r"\$\{?\w+\}?|%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]|(?<!\{)\{[^{}]*\}(?!\})"
)
_NUMBERS = frozenset({"int", "len", "round"})
_Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


class Names:
    """What each name of a scope may stand for: its assignments, or what it is imported from."""

    def __init__(self, scope: ast.AST, outer: "Names | None" = None) -> None:
        self.outer = outer
        self.nodes = list(_own(scope))
        self.values: defaultdict[str, list[ast.expr]] = defaultdict(list)
        self.unknown: set[str] = set()
        self.origins: dict[str, tuple[str, str]] = {}
        for node in (scope, *self.nodes):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:  # noqa: C901 - a case for each kind of binding
        match node:
            case ast.Assign():
                for target in node.targets:
                    self._take(target, node.value)
            case ast.AnnAssign(value=ast.expr() as value) | ast.AugAssign(value=value):
                self._take(node.target, value)
            case ast.NamedExpr():
                self._take(node.target, node.value)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                self._take(node.target, node.iter)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._take(target, node.context_expr)
            case ast.ImportFrom():
                for each in node.names:
                    self.origins[each.asname or each.name] = (node.module or "", each.name)
            case ast.arguments():
                given = (*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg)
                self.unknown |= {each.arg for each in given if each}
            case ast.MatchAs(name=str() as name) | ast.ExceptHandler(name=str() as name):
                self.unknown.add(name)

    def _take(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.values[target.id].append(value)
        elif isinstance(value, ast.Tuple | ast.List) and _is_flat(value):
            for each in _named(target):
                self.values[each].append(value)
        else:
            self.unknown.update(_named(target))

    def origin(self, name: str) -> str:
        """Return what a name is called where it is imported from; itself if it is not."""
        return self.scope_of(name).origins.get(name, ("", name))[1]

    def scope_of(self, name: str) -> "Names":
        """Return the innermost scope that binds a name; the module's, if none does."""
        bound = name in self.values or name in self.unknown or name in self.origins
        return self if bound or self.outer is None else self.outer.scope_of(name)


def _named(target: ast.expr) -> list[str]:
    """Return the names that an assignment to several binds."""
    return [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]


def _is_flat(value: ast.Tuple | ast.List) -> bool:
    """Return whether this holds nothing but constants, in tuples perhaps."""
    parts = (each.elts if isinstance(each, ast.Tuple) else [each] for each in value.elts)
    return all(isinstance(part, ast.Constant) for each in parts for part in each)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, and of a function in it the definition alone."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _Functions):
            yield from _own(node)


def scopes(scope: ast.AST, outer: Names | None = None) -> Iterator[Names]:
    """Yield the names of a module, then those of each function, however deep."""
    names = Names(scope, outer)
    yield names
    for node in names.nodes:
        if isinstance(node, _Functions):
            yield from scopes(node, names)


@cache
def _of_module(name: str) -> Names | None:
    path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
    return Names(ast.parse(path.read_text("utf-8"))) if path.exists() else None


class Text(NamedTuple):
    """A text with a hole for each part that is no constant, and these parts."""

    skeleton: str
    holes: tuple[ast.expr, ...]


def composed(node: ast.expr, names: Names, seen: frozenset[str] = frozenset()) -> Text:  # noqa: C901, PLR0911, PLR0912 - a case for each kind of expression
    """Return what a text is made of, as far as the module and those it imports from tell."""
    match node:
        case ast.Constant():
            return Text(str(node.value), ())
        case ast.FormattedValue() | ast.Starred() | ast.Await():
            return composed(node.value, names, seen)
        case ast.JoinedStr():
            return _joined("", node.values, names, seen)
        case ast.Tuple() | ast.List() | ast.Set():
            return _joined(" ", node.elts, names, seen)
        case ast.BinOp(op=ast.Add()):
            return _joined("", [node.left, node.right], names, seen)
        case ast.BinOp(op=ast.Mod()):
            return _filled(node.left, [node.right], names, seen)
        case ast.IfExp():
            return _joined(" ", [node.body, node.orelse], names, seen)
        case ast.BoolOp():
            return _joined(" ", node.values, names, seen)
        case ast.GeneratorExp() | ast.ListComp():
            return composed(node.elt, names, seen)
        case ast.Call(func=ast.Attribute(attr="join", value=between), args=[parts]):
            text = composed(between, names, seen)
            each = parts.elts if isinstance(parts, ast.List | ast.Tuple) else [parts]
            joined = _joined(text.skeleton, each, names, seen)
            return Text(joined.skeleton, text.holes + joined.holes)
        case ast.Call(func=ast.Attribute(attr=method, value=template)) if method in _FILLS:
            given = [*node.args, *(each.value for each in node.keywords)]
            return _filled(template, given, names, seen)
        case ast.Call(func=ast.Name(id="Template"), args=[template]):
            return composed(template, names, seen)
        case ast.Call(func=ast.Name(id=function)) if function in _NUMBERS:
            return Text("0", ())
        case ast.Attribute(value=ast.Name(id=kind)) if node.attr.isupper() and kind[0].isupper():
            return Text("0", ())
        case ast.Name() if node.id not in seen:
            return _of_name(node, names, seen | {node.id})
    return Text(HOLE, (node,))


def _joined(between: str, parts: list[ast.expr], names: Names, seen: frozenset[str]) -> Text:
    texts = [composed(part, names, seen) for part in parts]
    holes = tuple(hole for text in texts for hole in text.holes)
    return Text(between.join(text.skeleton for text in texts), holes)


def _filled(template: ast.expr, given: list[ast.expr], names: Names, seen: frozenset[str]) -> Text:
    """Return a template whose places are filled with what is given."""
    text, values = composed(template, names, seen), _joined(" ", given, names, seen)
    return Text(_PLACE.sub(HOLE, text.skeleton), text.holes + values.holes)


def _of_name(node: ast.Name, names: Names, seen: frozenset[str]) -> Text:
    scope = names.scope_of(node.id)
    if values := scope.values.get(node.id) if node.id not in scope.unknown else None:
        return _joined(" ", values, scope, seen)
    module, name = scope.origins.get(node.id, ("", ""))
    there = _of_module(module)
    if there is not None and (values := there.values.get(name)):
        return _joined(" ", values, there, seen - {node.id} | {name})
    return Text(HOLE, (node,))
