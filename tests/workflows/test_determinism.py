"""Running workers have no sandbox: the static check finds what the sandbox would refuse."""

import ast
from textwrap import dedent

import pytest

from tests.determinism import reached, violations

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
    "a zone": "from datetime import UTC\ndef f(at):\n    return at.astimezone(UTC)",
}


def test_workflows_and_what_they_import_are_deterministic() -> None:
    found = {name: violations(name, tree) for name, tree in reached().items()}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_check_reaches_what_workflows_import() -> None:
    """One module of workflows, one that it imports, and one that only `domain/` imports."""
    assert {"workflows.activation", "domain.consent", "domain.masks"} <= reached().keys()


@pytest.mark.parametrize("planted", PLANTED)
def test_each_planted_violation_is_found(planted: str) -> None:
    code, line = PLANTED[planted]
    assert [int(each.partition(":")[0]) for each in _found(code)][:1] == [line], planted


@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_is_deterministic_passes(allowed: str) -> None:
    assert _found(ALLOWED[allowed]) == []


def _found(code: str) -> list[str]:
    return violations("workflows.planted", ast.parse(dedent(code)))
