"""What holds for every response, whatever it is."""

import re

import httpx
import pytest
import structlog
from fastapi import FastAPI

from domain.contracts.vocabulary import Step, WaitReason
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine, at
from web.forms import origins
from web.view import STATIC, static_path


async def _responses(browser: Browser, engine: MemoryEngine) -> list[httpx.Response]:
    gets = ("/", "/who", "/contact", "/pin", "/help", "/problem", "/nope", "/healthz")
    found = [await browser.get(path) for path in (*gets, f"{static_path()}/site.css")]
    found.append(await browser.post("/who"))
    found.append(await browser.http.post("/who"))
    found.append(await browser.http.post("/contact", content=b"x" * 20_000))
    found.append(await browser.http.put("/contact"))
    found.append(await browser.http.get("/progress.json"))
    found.append(await browser.http.get("/", headers={"Host": "evil.example"}))
    await browser.give_contact()
    engine.away = ValueError("a bug")
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logged:
        found.append(await browser.get("/pin"))
    assert [(entry["event"], entry["status"]) for entry in logged] == [("request failed", 500)]
    assert [entry["reference"] for entry in logged] == [*engine.activations]
    return found


async def test_every_response_carries_the_security_headers(
    browser: Browser, engine: MemoryEngine
) -> None:
    responses = await _responses(browser, engine)
    statuses = {response.status_code for response in responses}
    assert statuses == {200, 303, 400, 401, 403, 404, 405, 413, 422, 500}
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in response.headers
        kept = response.url.path.startswith("/static/")
        assert response.headers["cache-control"] == (
            "public, max-age=31536000, immutable" if kept else "no-store"
        )


async def test_every_failure_has_a_page_in_words(browser: Browser, engine: MemoryEngine) -> None:
    for response in await _responses(browser, engine):
        if response.status_code in (400, 403, 404, 405, 413, 500):
            assert "<h1" in response.text
            assert "Traceback" not in response.text
            assert "a bug" not in response.text


async def test_a_body_without_a_length_is_cut_off(browser: Browser) -> None:
    await browser.begin()

    async def endless() -> object:
        for _ in range(100):
            yield b"x" * 1000

    response = await browser.http.post("/contact", content=endless())  # type: ignore[arg-type] # an iterator
    assert response.status_code == 413


async def test_probes_are_answered_under_any_host_name(browser: Browser) -> None:
    for path in ("/healthz", "/readyz"):
        response = await browser.http.get(path, headers={"Host": "10.0.0.7:8000"})
        assert response.status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1:8001", "127.0.0.1", ""])
async def test_a_foreign_host_name_is_turned_away(browser: Browser, name: str) -> None:
    response = await browser.http.get("/", headers={"Host": name})
    assert response.status_code == 400


async def test_redirects_never_name_a_host(browser: Browser) -> None:
    browser.http.headers["X-Forwarded-Host"] = "evil.example"
    response = await browser.give_contact()
    assert response.headers["location"] == "/pin"


def test_origins_of_a_public_address_are_that_one() -> None:
    assert origins("https://register.example.gr") == {"https://register.example.gr"}
    assert origins("https://register.example.gr:443") == {"https://register.example.gr"}
    assert origins("http://localhost:8000") == {"http://localhost:8000", "http://127.0.0.1:8000"}


def test_no_font_or_crest_of_others_is_served() -> None:
    css = (STATIC / "govuk-frontend.css").read_text("utf-8")
    assert "GDS" not in css
    assert "url(" not in css


def test_every_component_of_the_pages_has_its_style() -> None:
    css = (STATIC / "govuk-frontend.css").read_text("utf-8")
    pages = "".join(file.read_text("utf-8") for file in STATIC.parent.rglob("*.html"))
    used = set(re.findall(r"govuk_frontend_jinja/components/([a-z-]+)/", pages))
    assert [name for name in sorted(used) if f".govuk-{name}" not in css] == []
    adjusted = set(re.findall(r"govuk-!(-[a-z0-9-]+)", pages))
    assert [name for name in sorted(adjusted) if f".govuk-\\!{name}{{" not in css] == []


async def test_head_is_answered_as_get_is_without_a_body(
    app: FastAPI, student: Browser, engine: MemoryEngine
) -> None:
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    paths = {path for path in paths if "{" not in path} | {"/nowhere", f"{static_path()}/site.css"}
    places = (
        at(Step.PIN, WaitReason.WAITING_PIN),
        at(Step.REVIEW, WaitReason.WAITING_CONSENT),
        at(Step.PASSWORD, WaitReason.WAITING_PASSWORD),
        at(Step.ACTIVE),
    )
    for place in places:
        engine.put(engine.started[0].reference, place)
        for path in paths:
            got, head = await student.get(path), await student.http.head(path)
            assert head.status_code == got.status_code, path
            # The suggestions of this page are drawn anew each time.
            varies = {"content-length"} if path == "/password" else set()
            assert _told(head, varies) == _told(got, varies), path
            assert head.content == b""


def _told(response: httpx.Response, varies: set[str]) -> dict[str, str]:
    return {name: text for name, text in response.headers.items() if name not in varies}
