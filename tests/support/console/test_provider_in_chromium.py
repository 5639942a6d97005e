"""A sign-in by the provider in a real browser, which decides on cookies and on leaving the site."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser

from demo.place import any_port
from settings import Settings
from settings.pages import Oidc
from tests.browser.conftest import Looker, chromium
from tests.openid.running import CLIENT, PASSWORD, running

__all__ = ["chromium"]


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.mark.few(1)
@pytest.mark.parametrize("way", [("localhost", True), ("127.0.0.1", False)])
async def test_staff_sign_in_and_out_by_another_site_and_by_the_same(
    chromium: Browser,
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    tmp_path: Path,
    way: tuple[str, bool],
) -> None:
    host, scripts = way
    port = any_port()
    url = f"http://127.0.0.1:{port}"
    with running(tmp_path, url, host=host) as provider:
        provider.says("anna", groups=["helpdesk"])
        oidc = Oidc(
            issuer=provider.issuer,
            client_id=CLIENT,
            client_secret_file=provider.secret_file,
            groups={"helpdesk": "helpdesk"},
        )
        console = settings.console.model_copy(update={"oidc": oidc, "public_url": url})
        app = make_app(settings.model_copy(update={"console": console}))
        context = await chromium.new_context(locale="en-GB", java_script_enabled=scripts)
        async with served(app, port), context:
            page = await context.new_page()
            looker = Looker(page)
            await page.goto(f"{url}/search")
            await looker.look(scripts=scripts)
            assert looker.noticed == []
            await page.get_by_text("Sign in with the university account").click()
            await page.locator("[name=username]").fill("anna")
            await page.locator("[name=password]").fill(PASSWORD)
            await page.locator("button").click()
            await page.wait_for_url(f"{url}/search")
            kept = {each["name"]: each for each in await context.cookies(url)}
            assert "desk-flow" not in kept
            assert (kept["desk"]["sameSite"], kept["desk"]["httpOnly"]) == ("Strict", True)
            await page.get_by_text("Sign out").click()
            await page.wait_for_url(f"{provider.issuer}/logout/**")
            await page.locator("[name=allow]").click()
            await page.get_by_text("Sign in with the university account").wait_for()
            assert not [each for each in looker.noticed if "Content Security Policy" in each]
            await page.goto(f"{url}/search")
            await page.get_by_text("Sign in with the university account").click()
            assert await page.locator("[name=username]").is_visible()
