"""The times of portal and console: one table, with units and reasons, that fit together."""

import ast
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from web import serving, times

ROOT = Path(__file__).parents[2]
PAGES = ("starter/portal", "support/console")
PROMISED_SECONDS = 3.0


def table() -> dict[str, float | timedelta]:
    return {name: value for name, value in vars(times).items() if name.isupper()}


def test_names_tell_the_unit() -> None:
    for name, value in table().items():
        assert isinstance(value, float if name.endswith("_SECONDS") else timedelta), name


def test_each_has_its_reason() -> None:
    body = ast.parse(Path(times.__file__).read_text("utf-8")).body
    told = {
        target.id
        for each, after in pairwise(body)
        if isinstance(each, ast.Assign) and isinstance(after, ast.Expr)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    assert told == set(table())


def test_they_fit_into_the_pages_that_wait_for_them() -> None:
    assert times.ENGINE_SECONDS + times.ENGINE_LEAST_SECONDS < times.PAGE_SECONDS
    assert times.PAGE_SECONDS < PROMISED_SECONDS
    assert times.SUBMIT.total_seconds() < PROMISED_SECONDS
    assert times.HEDGE < times.QUERY < times.FIND_STATE < times.RPC
    assert timedelta(seconds=times.ENGINE_SECONDS) >= times.FIND_STATE + times.SIGNAL_RESERVE
    assert times.LOOKED_UP.total_seconds() < times.ANSWERED_SECONDS < times.PAGE_SECONDS
    assert times.CONCEALED_SECONDS < times.RECEIVED_SECONDS < times.PAGE_SECONDS
    assert times.CONSOLE_RPC.total_seconds() < times.CONSOLE_PAGE_SECONDS


def test_a_graceful_stop_waits_for_the_slowest_page() -> None:
    assert times.BUSY < times.BUSY_PAGE < timedelta(seconds=serving.STOP_WITHIN)


def test_no_page_has_a_time_out_of_its_own() -> None:
    own = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in PAGES
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("timeout", "timeout_at", "wait_for")
        and any(isinstance(each, ast.Constant) for each in node.args)
    ]
    assert own == []
