"""What is banned is found however it is written: by ruff, by bandit, and by `tests/bans.py`."""

# ruff: noqa: S608 - planted on purpose

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from tests import bans

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SQL = "async def f(pool, name, table):\n    "
BY_BANS = {
    "f-string": SQL + 'await pool.fetch(f"SELECT a FROM b WHERE c = {name}")',
    "f-string without a keyword": SQL + 'await pool.execute(f"TRUNCATE {table}")',
    "format": SQL + 'await pool.fetchrow("SELECT a FROM {}".format(table))',
    "percent": SQL + 'await pool.fetchval("SELECT a FROM b WHERE c = %s" % name)',
    "percent by name": SQL + 'await pool.fetchval("SELECT %(c)s" % {"c": name})',
    "concatenated": SQL + 'await pool.execute("DELETE FROM " + table)',
    "joined": SQL + 'await pool.execute(" ".join(["DELETE FROM", table]))',
    "joined by a loop": SQL + 'await pool.execute(" ".join(f"DROP {x};" for x in table))',
    "a variable": SQL + 'query = f"SELECT {name}"\n    await pool.fetch(query)',
    "a variable that grows": SQL + 'q = "SELECT a"\n    q += name\n    await pool.fetch(q)',
    "a walrus": SQL + 'await pool.fetch(q if (q := f"SELECT {name}") else "")',
    "a parameter": "async def f(pool, query):\n    await pool.fetch(query)",
    "a parameter beside a constant": 'query = "SELECT 1"\nasync def f(pool, query):\n'
    "    await pool.fetch(query)",
    "a constant of another function": 'def g():\n    query = "SELECT 1"\n'
    "async def f(pool, read):\n    query = read()\n    await pool.fetch(query)",
    "a template of the module": 'Q = "SELECT a FROM {}"\n'
    "async def f(pool, table):\n    await pool.fetch(Q.format(table))",
    "replaced": SQL + 'await pool.fetch("SELECT a FROM _".replace("_", table))',
    "a template of string": SQL + 'await pool.fetch(Template("SELECT $a").substitute(a=name))',
    "dedented": SQL + 'await pool.fetch(dedent(f"SELECT {name}"))',
    "all arguments": "async def f(pool, *query):\n    await pool.fetch(*query)",
    "by keyword": SQL + 'await pool.fetch(query=f"SELECT {name}")',
    "a method under another name": SQL + 'run = pool.fetch\n    await run(f"SELECT {name}")',
    "a method by getattr": SQL + 'await getattr(pool, "fetch")(name)',
    "a method in a partial": SQL + "return partial(pool.execute, name)",
    "own function": SQL + 'await exists(pool, f"b WHERE c = {name}")',
    "unpacked": SQL + "for query, _ in table:\n        await pool.fetch(query)",
    "filter, f-string": "def f(name):\n    return f'(uid={name})'",
    "filter, format": "def f(name):\n    return '(uid={})'.format(name)",
    "filter, percent": "def f(name):\n    return '(uid=%s)' % name",
    "filter, concatenated": "def f(name):\n    return '(uid=' + name + ')'",
    "filter, joined": "def f(name):\n    return ''.join(['(', 'uid', '=', name, ')'])",
    "filter, replaced": "def f(name):\n    return '(uid={name})'.replace('{name}', name)",
    "filter, a template of string": "T = Template('(uid=$name)')\n"
    "def f(name):\n    return T.substitute(name=name)",
    "filter, format_map": "def f(names):\n    return '(uid={uid})'.format_map(names)",
    "filter, one of two": "from ldap3.utils.conv import escape_filter_chars\n"
    "def f(a, b):\n    return f'(&(uid={escape_filter_chars(a)})(mail={b}))'",
    "filter, by a variable": "def f(name):\n    term = '(mail=' + name\n    return term + ')'",
    "filter, not equal": "def f(name):\n    return f'(!{name})'",
    "filter, greater": "def f(day):\n    return f'(createTimestamp>={day})'",
    "context without host name": "context.check_hostname = False",
    "context without certificate": "import ssl\ncontext.verify_mode = ssl.VerifyMode(0)",
    "context by setattr": "setattr(context, 'check_hostname', False)",
    "context of one's own": "import ssl\ncontext = ssl.SSLContext()",
    "context under another name": "from ssl import SSLContext as Context\ncontext = Context()",
    "httpx without verification": "import httpx\nclient = httpx.AsyncClient(verify=False)",
    "httpx by a dictionary": "options = {'verify': False}",
    "httpx by dict()": "options = dict(verify=None)",
    "mail without verification": "import aiosmtplib\nm = aiosmtplib.SMTP(validate_certs=False)",
    "a client without verification": "import aiohttp\nc = aiohttp.TCPConnector(ssl=False)",
    "credentials": "def f(headers, kept):\n    return headers['authorization'] == kept",
    "token, equal": "def f(token, given):\n    return token == given",
    "token, not equal": "def f(self, given):\n    return given != self.token",
    "token among others": "def f(token, tokens):\n    return token in tokens",
    "token of a form": "def f(form, kept):\n    return form['csrf'] == kept",
    "code of a call": "def f(given):\n    return given == expected_code()",
    "mac, awaited": "async def f(given):\n    return given == await read_mac()",
    "password in a chain": "def f(a, password, b):\n    return a == password == b",
    "hash by its method": "def f(given, kept):\n    return given.__eq__(kept)",
}
BY_RUFF = {
    "S311": "import random as r\npin = r.choice('0123456789')",
    "S311 ": "from random import randint as draw\npin = draw(0, 9)",
    "TID251": "from random import sample",
    "TID251 ": "import random as r\npin = r.getrandbits(20)",
    "TID251  ": "import ssl as tls\nmode = tls.CERT_NONE",
    "TID251   ": "from ldap3 import Tls as Encryption",
    "TID251    ": "import ldap3\ntls = ldap3.Tls()",
    "TID251     ": "import ssl\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)",
    "TID251      ": "from operator import eq",
    "TID251       ": "from smtplib import SMTP_SSL as Mail",
    "S323": "import ssl\ncontext = ssl._create_unverified_context()",
    "S501": "import httpx\nanswer = httpx.get('https://x', verify=False)",
    "S608": "def f(name):\n    return 'SELECT a FROM b WHERE c = {}'.format(name)",
}
ALLOWED = {
    "a literal": SQL + 'await pool.fetch("SELECT a FROM b WHERE c = $1", name)',
    "a constant": '_Q = "SELECT 1"\nasync def f(pool):\n    await pool.fetch(_Q)',
    "composed of constants": '_C = "a, b"\n_Q = f"SELECT {_C} FROM d"\n'
    'async def f(pool):\n    await pool.fetch(f"{_Q} WHERE e = $1", 1)',
    "a constant of another module": "from ledger.activations import COLUMNS\n"
    'async def f(pool):\n    await pool.fetch(f"SELECT {COLUMNS} FROM activation")',
    "one of some": 'async def f(pool):\n    for table in ("a", "b"):\n'
    '        await pool.execute(f"DELETE FROM {table}")',
    "a number": 'async def f(pool, s):\n    await pool.execute(f"SET a = {round(s)}")',
    "a choice": SQL + 'q = "SELECT 1" if name else "SELECT 2"\n    await pool.fetch(q)',
    "an escaped filter": "from ldap3.utils.conv import escape_filter_chars\n"
    "def f(name):\n    return f'(uid={escape_filter_chars(name)})'",
    "a filter of filters": "def f(names):\n"
    "    return f\"(|{''.join(_filter_for(n) for n in names)})\"",
    "an address": "def f(name):\n    return f'https://x/?name={name}'",
    "words in brackets": "def f(name):\n    return f'refused ({name})'",
    "verified": "import httpx, ssl\nc = httpx.AsyncClient(verify=ssl.create_default_context())",
    "compared in constant time": "import hmac\n"
    "def f(token, given):\n    return hmac.compare_digest(token, given)",
    "compared with a constant": "def f(code):\n    return code == SUCCESS or code == 3",
    "no secret": "def f(name, other):\n    return name == other",
}


def found(code: str) -> list[bans.Found]:
    return list(bans.violations(ast.parse(dedent(code))))


@pytest.mark.parametrize("planted", BY_BANS)
def test_each_planted_violation_is_found(planted: str) -> None:
    assert found(BY_BANS[planted]) != []


@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_is_safe_passes(allowed: str) -> None:
    assert found(ALLOWED[allowed]) == []


def test_the_tree_has_none_but_what_the_lists_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert bans.main() == 0, capsys.readouterr().out


@pytest.mark.long
def test_an_exception_that_nothing_needs_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bans, "COMPARED", {**bans.COMPARED, ("worker.py", "a == b"): "gone"})
    assert bans.main() == 1
    assert "worker.py: nothing needs the exception a == b" in capsys.readouterr().out


@pytest.mark.parametrize("rule", BY_RUFF)
def test_ruff_finds_what_it_has_a_rule_for(rule: str) -> None:
    command = (
        BIN / "ruff",
        "check",
        "--output-format=json",
        "--stdin-filename=web/planted.py",
        "-",
    )
    done = subprocess.run(  # noqa: S603 - our own program
        command, input=BY_RUFF[rule], text=True, capture_output=True, check=False, cwd=ROOT
    )
    assert rule.strip() in {each["code"] for each in json.loads(done.stdout)}


def test_bandit_runs_with_our_settings_and_finds_what_is_planted(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import pickle\npickle.loads(b'')\n# \u202e\n", "utf-8")
    command = (BIN / "bandit", "-q", "-f", "json", "-c", ROOT / "pyproject.toml", planted)
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    assert {each["test_id"] for each in json.loads(done.stdout)["results"]} >= {"B301", "B613"}


def test_bandit_skips_only_what_ruff_judges_line_by_line() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    lint = tools["ruff"]["lint"]
    skipped = {f"S{each.removeprefix('B')}" for each in tools["bandit"]["skips"]}
    assert lint["select"] == ["ALL"]
    assert not skipped & {*lint["ignore"]}
    assert lint["per-file-ignores"].keys() == {"tests/**", "settings/**", "demo/**"}
