"""Static check of what no linter finds: `python -m tests.bans`.

Ruff bans whole names (`random`, `ssl.CERT_NONE`, `ldap3.Tls`, ...) in pyproject.toml. Here stand
the bans for which it has no rule:

- SQL that is not made of constants. What reaches a method that executes SQL is followed through
  names, f-strings, `+`, `%`, `format` and `join`; each part that is no constant stands in `PIECES`.
- LDAP filters with a value that is not escaped, whoever is given them.
- TLS whose verification is turned off by an argument, a dictionary or an attribute.
- Secrets, codes, tokens and MACs compared by `==`, `!=` or `in`, which takes a time that tells how
  much of a guess is right, instead of `hmac.compare_digest`. They are known by their names.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.composition import ROOT, Names, composed, scopes

_NOT_OURS = frozenset({"tests", "build", "docs", "requirements"})

PIECES = {
    ("adapters/registrar/view.py", "query"): "made by sql.py: names quoted, values as parameters",
    ("adapters/registrar/view.py", "self._statements.everything"): "as above",
    ("adapters/registrar/view_check.py", "query"): "as above",
    ("adapters/registrar/view_check.py", "registrar.view.split('.')"): "a name, checked there",
    ("ledger/forecast.py", "rows"): "made of the rules of retention.py, which are constants",
    ("ledger/forecast.py", "since"): "as above",
    ("ledger/migrate.py", "path.read_text('utf-8')"): "a migration of this package",
    ("ledger/persons.py", "_query(name)"): "made of the tables there, which are constants",
    ("ledger/persons.py", "statement"): "literals of this module",
    ("ledger/retention.py", "_batch(rule)"): "made of the rules there, which are constants",
    ("ledger/roles.py", "row[0]"): "made by the server's format(): names quoted",
    ("ledger/search.py", "range(9, 9 + len(named))"): "numbers of parameters",
    ("ledger/support_requests.py", "condition"): "literals of this module",
    ("ledger/support_requests.py", "since"): "as above",
    ("postgres.py", "rows"): "held to constants where `exists` is called",
    ("postgres.py", "planner"): "held to constants where `connect` is called",
    ("demo/crowd.py", "query"): "literals of this module",
    ("demo/postgres.py", "roles.OF"): "names of this package",
    ("demo/postgres.py", "self.place.secret(f'postgres_{role}')"): "has no quotes",
    ("demo/registrar.py", "SQL.read_text('utf-8')"): "the demo's tables",
    ("demo/registrar.py", "reader"): "a role of the demo",
    ("demo/supervisor.py", "part.prepare"): "a part of the demo, not a connection",
    ("bench/registrar.py", "SQL.read_text('utf-8')"): "the demo's tables",
    ("bench/registrar.py", "query"): "made by sql.py",
}
"""Parts of SQL that this check cannot follow, each with where it comes from."""
TERMS = {
    ("adapters/directory/ldap_directory.py", "name"): "an attribute's name, of the match rules",
    ("adapters/directory/ldap_directory.py", "query"): "a filter that was built there",
    ("adapters/directory/ldap_directory.py", "term"): "one of two filters without a value",
    ("adapters/directory/ldap_client.py", "having"): "an attribute's name, of the settings",
    ("starter/doctor/recognition.py", "name"): "as above",
    ("demo/walkthrough.py", "student.number"): "digits that the demo invented",
}
"""Parts of LDAP filters that are no values of a person."""
COMPARED = {
    ("adapters/directory/ldap_connections.py", "password == self._refused"): "both from one file",
    ("adapters/directory/ldap_directory.py", "answer.code in naming"): "a result code",
    ("adapters/directory/ldap_directory.py", "answer.code not in late"): "a result code",
    ("adapters/directory/ldap_results.py", "answer.code in (SUCCESS, *allowed)"): "a result code",
    ("domain/countries.py", "sound != code"): "the code of a country",
    ("domain/personal.py", "number in password"): "both typed by the student",
    ("support/console/console_request.py", "self.token != self._kept"): "the request's own, twice",
    ("workflows/account.py", "submission.shown_hash == shown.shown_hash"): "shown to the student",
    ("demo/crowd.py", "self.code() != first"): "a code of the demo's own inbox",
}
"""Comparisons in which nothing can be guessed."""

UNVERIFIED = {
    ("adapters/certificates.py", ""): "reads when a certificate ends, and says nothing",
}
"""Where TLS is not verified."""

_EXECUTE = frozenset(
    {"execute", "executemany", "fetch", "fetchrow", "fetchval", "fetchmany", "prepare", "cursor"}
)
_OURS = {"exists": (1, "rows"), "connect": (9, "planner")}
"""Our own functions whose argument, by its place or its name, is SQL."""
_ESCAPING = frozenset({"escape_filter_chars", "_filter_for"})
_FILTER = re.compile(r"\([&|!](?=[(\0])|\([\w.;:\0-]+[~<>:]?=")
_VERIFIES = frozenset(
    {
        *("verify", "verify_ssl", "ssl_verify", "verify_certs", "validate_certs", "ssl"),
        *("verify_mode", "check_hostname"),
    }
)
_SECRET = re.compile(
    r"(?:^|_)(?:token|secret|password|passwd|pin|code|mac|hmac|digest|hash|signature|seal|csrf|otp"
    r"|credential|passphrase|bearer|authorization|nonce|api_?key)s?"
    r"(?:$|_)",
    re.IGNORECASE,
)


class Found(NamedTuple):
    line: int
    what: str
    piece: str = ""


def violations(tree: ast.Module) -> Iterator[Found]:
    """Yield what is banned in a module; a piece is what an exception of `PIECES` would name."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for names in scopes(tree):
        for node in names.nodes:
            yield from _sql(node, names, called)
            yield from _filters(node, names)
            yield from _tls(node, names)
            yield from _compared(node)


def _sql(node: ast.AST, names: Names, called: set[int]) -> Iterator[Found]:
    if isinstance(node, ast.Attribute) and node.attr in _EXECUTE and id(node) not in called:
        yield Found(node.lineno, "a method that executes SQL as a value", ast.unparse(node))
    if not isinstance(node, ast.Call):
        return
    if _last(node.func) == "getattr" and any(_text(each) in _EXECUTE for each in node.args):
        yield Found(node.lineno, "a method that executes SQL as a value", ast.unparse(node))
    for query in _queries(node):
        for hole in composed(query, names).holes:
            yield Found(node.lineno, "SQL that is no constant", ast.unparse(hole))


def _queries(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that are executed as SQL."""
    name = _last(call.func)
    if isinstance(call.func, ast.Attribute) and name in _EXECUTE:
        yield from call.args[:1]
        yield from (each.value for each in call.keywords if each.arg in ("query", "command"))
    elif isinstance(call.func, ast.Name) and name in _OURS:
        place, keyword = _OURS[name]
        yield from call.args[place : place + 1]
        yield from (each.value for each in call.keywords if each.arg == keyword)


def _filters(node: ast.AST, names: Names) -> Iterator[Found]:
    if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call):
        text = composed(node, names)
        if _FILTER.search(text.skeleton):
            for hole in text.holes:
                if not (isinstance(hole, ast.Call) and _last(hole.func) in _ESCAPING):
                    yield Found(node.lineno, "unescaped in an LDAP filter", ast.unparse(hole))


def _tls(node: ast.AST, names: Names) -> Iterator[Found]:
    given: list[tuple[str | None, ast.expr]] = []
    match node:
        case ast.Call():
            given = [(each.arg, each.value) for each in node.keywords]
            if _last(node.func) == "setattr" and len(node.args) > 1 and _changes(node.args[1]):
                yield Found(node.lineno, "TLS without verification")
            if names.origin(_last(node.func)) == "SSLContext":
                yield Found(node.lineno, "TLS without verification")
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            given = [(_text(key), value) for key, value in pairs]
        case ast.Assign(targets=targets) if any(map(_changes, targets)):
            yield Found(node.lineno, "TLS without verification")
    for name, value in given:
        if name in _VERIFIES and isinstance(value, ast.Constant) and not value.value:
            yield Found(value.lineno, "TLS without verification")


def _changes(target: ast.expr) -> bool:
    """Return whether this sets the verification of a context, to whatever value."""
    name = target.attr if isinstance(target, ast.Attribute) else _text(target)
    return name in ("check_hostname", "verify_mode")


def _compared(node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Attribute) and node.attr in ("__eq__", "__ne__"):
        yield Found(node.lineno, "a secret compared", ast.unparse(node))
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    equality = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
    secret = any(_SECRET.search(_last(each)) for each in sides)
    if equality and secret and not any(map(_is_constant, sides)):
        yield Found(node.lineno, "a secret compared", ast.unparse(node))


def _is_constant(node: ast.expr) -> bool:
    """Return whether this is a literal, or a name in capitals."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(map(_is_constant, node.elts))
    return isinstance(node, ast.Constant) or _last(node).isupper()


def _last(node: ast.expr) -> str:
    """Return the last part of what names a value: of a variable, attribute, call or key."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call() | ast.Await():
            return _last(node.func if isinstance(node, ast.Call) else node.value)
        case ast.Subscript():
            return _text(node.slice) or _last(node.value)
    return ""


def _text(node: ast.expr | None) -> str:
    constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(ast.literal_eval(node)) if constant and node else ""


def modules() -> Iterator[Path]:
    """Yield every module but those of the tests."""
    for path in sorted(ROOT.rglob("*.py")):
        first = path.relative_to(ROOT).parts[0]
        if first not in _NOT_OURS and not first.startswith("."):
            yield path


def found_in_tree() -> Iterator[tuple[str, Found]]:
    for path in modules():
        name = path.relative_to(ROOT).as_posix()
        for found in violations(ast.parse(path.read_text("utf-8"))):
            yield name, found


def main() -> int:
    """Print what is found in the tree, and exceptions that nothing needs; return the exit code."""
    excepted = {**PIECES, **TERMS, **COMPARED, **UNVERIFIED}
    found = sorted(set(found_in_tree()))
    bad = [
        f"{name}:{each.line}: {each.what}: {each.piece}"
        for name, each in found
        if (name, each.piece) not in excepted
    ]
    needed = {(name, each.piece) for name, each in found}
    bad += [
        f"{name}: nothing needs the exception {piece}" for name, piece in excepted.keys() - needed
    ]
    sys.stdout.writelines(f"{each}\n" for each in bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
