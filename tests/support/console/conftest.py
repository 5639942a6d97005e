"""The console as an application in this process: real ledger, directory, Temporal and keys."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from fastapi import FastAPI
from temporalio.client import Client

from postgres import Pool
from settings import Settings
from support.console.app import assemble, create
from tests.server import client, reference, working, world
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser

__all__ = ["client", "reference", "working", "world"]

HOST = "http://127.0.0.1:8001"
SignedIn = Callable[[str], Awaitable[Browser]]
MakeApp = Callable[[Settings], FastAPI]


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    console = stack.settings.console.model_copy(update={"public_url": HOST})
    names = ("", "_without_cookie", "_elsewhere")
    many = {f"sign_ins_per_name{name}": 1000 for name in names}
    limits = stack.settings.limits.model_copy(update=many)
    return stack.settings.model_copy(update={"console": console, "limits": limits})


@pytest.fixture
def make_app(stack: TestStack, pool: Pool, client: Client) -> MakeApp:
    def make(settings: Settings) -> FastAPI:
        return create(assemble(settings, stack.keys, pool, client))

    return make


@pytest.fixture
def app(make_app: MakeApp, settings: Settings) -> FastAPI:
    return make_app(settings)


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    return Browser(app, HOST)


async def sign_in_to(app: FastAPI, stack: TestStack, name: str) -> Browser:
    browser = Browser(app, HOST)
    await browser.get("/sign-in")
    password = stack._stack.place.secret(name)
    answer = await browser.post("/sign-in", name=name, password=password)
    assert answer.status_code == 303, answer.text
    return browser


@pytest.fixture
def signed_in(app: FastAPI, stack: TestStack) -> SignedIn:
    """Return how somebody of the demo's staff signs in, in a browser of their own."""
    return partial(sign_in_to, app, stack)
