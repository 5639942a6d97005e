"""The grammar of the fuzzing knows every form that portal and console take."""

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter
from fastapi.routing import APIRoute

from support.console.codec import DECODE
from tests.fuzz.grammar import CONSOLE, PORTAL, FormGrammar

ROOT = Path(__file__).parents[2]


def posted(folder: str) -> set[str]:
    """Return the paths that take a POST, with a star for each part that is not fixed."""
    modules = (import_module(f"{folder.replace('/', '.')}.{file.stem}") for file in files(folder))
    routers = (module.router for module in modules if isinstance(module.router, APIRouter))
    routes = (route for router in routers for route in router.routes)
    return {
        starred(route.path)
        for route in routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    }


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).glob("*.py"))
    return [file for file in found if "router = APIRouter()" in file.read_text("utf-8")]


def starred(path: str) -> str:
    return re.sub(r"\{\w+\}", "*", path)


def known(forms: Iterable[FormGrammar]) -> set[str]:
    fixed = "/(A-7K3F-92QD|DIRECTORY_DOWN|(?<=/hooks/sms/)sms|0123)(?=/|$)"
    return {re.sub(fixed, "/*", starred(form.path)) for form in forms}


def test_every_form_of_the_portal_is_known() -> None:
    assert posted("starter/portal") - known(PORTAL) == set()


def test_every_form_of_the_console_is_known() -> None:
    assert posted("support/console") - known(CONSOLE) - {DECODE} == set()
