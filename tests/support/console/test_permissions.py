"""Every route against every role: whoever may not is told so, and nothing happens."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from postgres import Pool
from settings import Settings
from support.verbs.staff import ALLOWED, Action, StaffRole
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import SignedIn

FOR_ALL = {
    *("/", "/handbook", "/healthz", "/readyz", "/sign-in", "/sign-in/code", "/sign-out"),
    *("/sign-in/provider", "/sign-in/back"),
}
FILLED = {"raw": "A-7K3F-92QD", "reference": "A-7K3F-92QD", "wait_reason": "DIRECTORY_DOWN"}
GUARDED = 40


def calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def guarded(app: FastAPI) -> Iterator[tuple[str, str, Action]]:
    """Give method, path and action of each route that not everybody has."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or route.path in FOR_ALL:
            continue
        if route.methods == {"OPTIONS"}:
            continue  # What a browser asks first, without a cookie.
        actions = [call.action for call in calls(route.dependant) if hasattr(call, "action")]
        assert len(actions) == 1, f"{route.path} names no action, or several"
        names = {parameter.name for parameter in route.dependant.path_params}
        path = route.path.format(**{name: FILLED.get(name, "1") for name in names})
        for method in {"GET", "POST"} & set(route.methods or ()):
            yield method, path, actions[0]


async def ask(browser: Browser, method: str, path: str, origin: str) -> httpx.Response:
    if path == "/codec/decode":  # Only Temporal's own page may ask this.
        return await browser.http.post(path, headers={"Origin": origin}, json={})
    return await (browser.get(path) if method == "GET" else browser.post(path))


async def rows(pool: Pool) -> dict[str, int]:
    tables = await pool.fetch(
        # Each form that is sent counts in `budget`, also one that is refused.
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'budget'"
    )
    return {
        table: await pool.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - its own name
        for (table,) in tables
        if table != "budget"  # Each form counts, in a row of its moment.
    }


@pytest.mark.parametrize("role", StaffRole)
async def test_a_role_has_its_pages_and_no_other(
    app: FastAPI, signed_in: SignedIn, pool: Pool, settings: Settings, role: StaffRole
) -> None:
    origin = settings.console.temporal_ui_url
    browser = await signed_in(role)
    await browser.http.get("/")
    # Pages come first: each brings the fields that a form of this session carries.
    routes = sorted(guarded(app))
    assert len(routes) >= GUARDED
    answered: dict[tuple[str, str], bool] = {}
    refused = [route for route in routes if route[2] not in ALLOWED[role]]
    before = await rows(pool)
    for method, path, _ in refused:
        answer = await ask(browser, method, path, origin)
        answered[method, path] = answer.status_code != 403
    assert await rows(pool) == before
    for method, path, action in routes:
        if action in ALLOWED[role]:
            answer = await ask(browser, method, path, origin)
            answered[method, path] = answer.status_code != 403
    assert answered == {(method, path): action in ALLOWED[role] for method, path, action in routes}


def test_every_action_but_those_of_commands_has_its_page(app: FastAPI) -> None:
    commands = {Action.EXPORT, Action.SWEEP, Action.CUT, Action.CAMPAIGN_START}
    assert {action for _, _, action in guarded(app)} == set(Action) - commands


async def test_a_page_about_a_form_alone_is_there_in_the_other_language(
    app: FastAPI, signed_in: SignedIn
) -> None:
    """Its address takes forms only: nobody can open it, or come back to it."""
    browser, routes = await signed_in("supervisor"), [*guarded(app)]
    opened = {path for method, path, _ in routes if method == "GET"}
    for path in {path for method, path, _ in routes if method == "POST"} - opened:
        answer = await browser.http.post(path)
        assert answer.status_code == 403
        (link,) = re.findall(r'href="([^"]*)\?lang=en"', answer.text)
        assert (await browser.http.get(link)).status_code != 405, path
