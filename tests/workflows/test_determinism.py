"""Running workers have no sandbox: the static check finds what the sandbox would refuse."""

import ast
import sys
from subprocess import run
from textwrap import dedent

import pytest

from tests.determinism import ROOT, reached, violations

_LOADED = """
import importlib, pathlib, sys
for path in pathlib.Path("workflows").glob("*.py"):
    importlib.import_module(f"workflows.{path.stem}")
print(*(name for name in sys.modules if name.partition(".")[0] in ("domain", "workflows")))
"""

PLANTED = {
    "clock of datetime": ("from datetime import datetime\nnow = datetime.now()", 2),
    "clock under another name": ("from datetime import datetime as d\nnow = d.utcnow()", 2),
    "clock of the module": ("import datetime\nnow = datetime.datetime.now(datetime.UTC)", 2),
    "clock as a default": ("from datetime import date\ndef f(day=date.today): ...", 2),
    "clock by getattr": ('from datetime import datetime\nnow = getattr(datetime, "now")()', 2),
    "getattr of anything": ("name = input\nnow = getattr(object, name)", 1),
    "local zone": ("def f(at):\n    return at.astimezone()", 2),
    "local zone of a number": ("from datetime import date\nday = date.fromtimestamp(0)", 2),
    "time": ("import time", 1),
    "time in a function": ("def f():\n    from time import monotonic", 2),
    "random": ("import random", 1),
    "secrets": ("from secrets import token_hex", 1),
    "uuid4": ("from uuid import uuid4", 1),
    "environment": ("import os\nhome = os.environ", 1),
    "open": ("def f():\n    with open('x'): ...", 2),
    "path": ("from pathlib import Path", 1),
    "socket": ("import socket", 1),
    "http": ("import urllib.request", 1),
    "a client": ("import httpx", 1),
    "thread": ("import threading", 1),
    "pool of threads": ("from concurrent.futures import ThreadPoolExecutor", 1),
    "process": ("import subprocess", 1),
    "thread of asyncio": ("import asyncio\nasync def f():\n    await asyncio.to_thread(f)", 3),
    "sleep of asyncio": ("from asyncio import sleep\nasync def f():\n    await sleep(1)", 3),
    "wait of asyncio": ("import asyncio as a\nasync def f(w):\n    await a.wait(w)", 3),
    "loop of asyncio": ("import asyncio\nloop = asyncio.get_running_loop", 2),
    "hash": ("place = hash('x') % 8", 1),
    "id": ("def f(x):\n    return id(x)", 2),
    "evaluated": ("eval('1')", 1),
    "imported by name": ("__import__('time')", 1),
    "importlib": ("import importlib", 1),
    "builtins": ("import builtins", 1),
    "relative import of anything": ("from . import x", 1),
    "out of the sandbox": (
        "from temporalio import workflow\nwith workflow.unsafe.sandbox_unrestricted(): ...",
        2,
    ),
    "global": ("n = 0\ndef f():\n    global n\n    n += 1", 3),
    "order of a set": ("for x in {'a', 'b'}: ...", 1),
    "order of a variable": ("found = set()\nfirst = [x for x in found]", 2),
    "order of an attribute": (
        "class A:\n    seen: set[str]\n    def f(self):\n        return ','.join(self.seen)",
        4,
    ),
    "order of a parameter": ("def f(x: frozenset[str]):\n    return tuple(x)", 2),
    "order of a difference": ("def f(x: set[str], y):\n    return [*(x - y)]", 2),
    "any of a set": ("def f(x: set[str]):\n    return x.pop()", 2),
    "clock of an assigned name": (
        "from datetime import date\nd = date\ndef f():\n    d.today()",
        4,
    ),
    "clock by an instance": ("def f(at):\n    return at.now(at.tzinfo)", 2),
    "clock by a call": ("def f(at):\n    return type(at).utcnow()", 2),
    "local zone by none": ("def f(at):\n    return at.astimezone(tz=None)", 2),
    "local zone of a stamp": ("def f(at):\n    return at.replace(tzinfo=None).timestamp()", 2),
    "clock of pydantic": ("from pydantic import PastDate\nclass A:\n    born: PastDate", 3),
    "file of pydantic": ("import pydantic\nclass A:\n    at: pydantic.types.FilePath", 3),
    "process of asyncio": ("from asyncio.subprocess import create_subprocess_exec as f\nf('x')", 2),
    "everything": ("from asyncio import *", 1),
    "a counter of the module": (
        "from itertools import count\nn = count()\ndef f():\n    return next(n)",
        4,
    ),
    "a cache of the module": ("known: dict[str, int] = {}\ndef f(x):\n    known[x] = 1", 3),
    "a list of the module": ("known = []\ndef f(x):\n    known.append(x)", 3),
    "an attribute of a class": ("class A:\n    n = 0\n    def f(self):\n        A.n += 1", 4),
    "order of a returned set": ("def f() -> set[str]: ...\nfor x in f(): ...", 2),
    "order of a property": (
        "class A:\n    @property\n    def a(self) -> set[str]: ...\ndef f(x):\n    yield from x.a",
        5,
    ),
    "order of an awaited set": (
        "async def g() -> set[str]: ...\nasync def f():\n    return list(await g())",
        3,
    ),
    "order of a set or none": ("def f(x: set[str] | None):\n    return list(x)", 2),
    "order of a constant": (
        "from typing import Final\nA: Final[frozenset[str]]\ndef f():\n    return list(A)",
        4,
    ),
    "order of a union": ("def f(x, y):\n    return list(x.union(y))", 2),
    "order of keys": ("def f(x, y):\n    return list(x.keys() - y)", 2),
    "order of the right": ("def f(x, y: set[str]):\n    return list(x & y)", 2),
    "order of the same key": ("def f(x: set[str]):\n    return sorted(x, key=len)", 2),
    "order in a text": ("def f(x: set[str]):\n    return f'{x}'", 2),
    "order in several names": ("def f(x: set[str]):\n    a, b = x\n    return a", 2),
    "order of a slice": (
        "from itertools import islice\ndef f(x: set[str]):\n    return islice(x, 1)",
        3,
    ),
}
ALLOWED = {
    "Temporal's clock": "from temporalio import workflow\nnow = workflow.now()",
    "Temporal's imports": (
        "from temporalio import workflow\nwith workflow.unsafe.imports_passed_through():\n"
        "    from domain import pins"
    ),
    "a task": "import asyncio\nasync def f(w: asyncio.Future):\n    await asyncio.gather(w)",
    "a sorted set": "for x in sorted({'a', 'b'}): ...",
    "a set of a set": "found = {x for x in {'a', 'b'}}",
    "counted": "any(x for x in {'a', 'b'})",
    "named attribute": "def f(x):\n    return getattr(x, 'literal', None)",
    "a list": "def f(x: list[str]):\n    return x.pop()",
    "the only one of a set": "def f(x: set[str]):\n    (only,) = x\n    return only",
    "a list of the function": "found = ()\ndef f(x):\n    found = []\n    found.append(x)",
    "a zone": "from datetime import UTC\ndef f(at):\n    return at.astimezone(UTC)",
}


def test_workflows_and_what_they_import_are_deterministic() -> None:
    found = {name: violations(name, tree) for name, tree in reached().items()}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_check_reaches_what_workflows_import() -> None:
    """In an interpreter of its own, as this one has imported the whole product."""
    command = [sys.executable, "-c", _LOADED]
    loaded = run(command, cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    modules = set(loaded.stdout.split())
    assert {"workflows.activation", "domain.contracts.views", "domain.masks"} <= modules
    assert modules <= reached().keys()


@pytest.mark.parametrize("planted", PLANTED)
def test_each_planted_violation_is_found(planted: str) -> None:
    code, line = PLANTED[planted]
    assert [int(each.partition(":")[0]) for each in _found(code)][:1] == [line], planted


@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_is_deterministic_passes(allowed: str) -> None:
    assert _found(ALLOWED[allowed]) == []


def _found(code: str) -> list[str]:
    return violations("workflows.planted", ast.parse(dedent(code)))
