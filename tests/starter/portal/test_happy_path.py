"""The happy path through the real workflow: what it asks, and what clicks too many do to it.

Temporal, the ledger and the workflow are real; the outside world is the workflow tests' own.
"""

import asyncio
import re
from collections import Counter

import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from domain.contracts.account_io import ProvisionAccount, RecordConsent
from domain.contracts.message_io import SendPin
from domain.contracts.people import Person
from postgres import Pool
from settings import Settings
from starter.client.activations import Activations
from starter.portal.app import assemble, create
from tests.people import MARIA
from tests.server import client, working
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, healthy
from tests.workflows.engine import World, pin_of

__all__ = ["client"]

FIELD = re.compile(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]* name="(\w+)"')
WITHOUT_NUMBER = MARIA.model_copy(update={"insurance_scheme": None, "insurance_number": None})
ASKED = {"who", "mobile", "email", "pin", "choice", "password", "suggestion"}
ANSWERS = {
    "/who": {"who": "student"},
    "/contact": {"mobile": "6912345678", "email": ""},
    "/insurance": {"number": "01010500013"},
    "/review": {"decision": "agree"},
    "/password": {"password": "vrasto-kerasi-plateia-9"},
}


class Walker:
    """A student who answers whatever is asked, and notes what that was."""

    def __init__(self, browser: Browser, world: World) -> None:
        self.browser = browser
        self._world = world
        self.asked: set[str] = set()
        self.sent: list[tuple[str, dict[str, str]]] = []

    async def walk(self) -> None:
        """Go from the first page to the last."""
        path = "/who"
        while path != "/done":
            page = await self.browser.get(path)
            if page.status_code == 200 and path == "/progress":
                await asyncio.sleep(0.1)
            elif page.status_code == 200:
                self.asked |= {*FIELD.findall(page.text)}
                page = await self._answer(path)
            path = page.headers.get("location", path).partition("?")[0]

    async def _answer(self, path: str) -> httpx.Response:
        answer = ANSWERS.get(path) or {"pin": await self._code()}
        self.sent.append((path, self.browser.hidden | answer))
        return await self.browser.post(path, **answer)

    async def _code(self) -> str:
        async with asyncio.timeout(20):
            while not self._world.made(SendPin):  # noqa: ASYNC110 - the world notes, and tells nobody
                await asyncio.sleep(0.05)
        return pin_of(self._world.made(SendPin)[-1].code_no)


class Nervous(Walker):
    """Loads each page again, and clicks each button twice."""

    async def _answer(self, path: str) -> httpx.Response:
        await self.browser.get(path)
        clicks = super()._answer(path), super()._answer(path)
        first, second = await asyncio.gather(*clicks)
        self.sent.pop()
        assert (first.status_code, second.status_code) == (303, 303)
        return second


@pytest.fixture
async def app(stack: TestStack, client: Client, settings: Settings, pool: Pool) -> FastAPI:
    return create(assemble(settings, stack.keys, pool, Activations(client), healthy))


@pytest.mark.parametrize(
    ("person", "submits", "asked"),
    [(MARIA, 5, ASKED), (WITHOUT_NUMBER, 6, {*ASKED, "number"})],
    ids=["known", "without-number"],
)
async def test_only_what_the_registrar_lacks_is_asked_in_six_submits_at_most(
    browser: Browser, client: Client, person: Person, submits: int, asked: set[str]
) -> None:
    world = World(persons=(person,))
    student = Walker(browser, world)
    async with asyncio.timeout(60), working(client, world):
        await student.walk()
    assert len(student.sent) == submits
    assert student.asked == asked


async def test_reloads_second_clicks_and_forms_long_answered_repeat_nothing(
    browser: Browser, client: Client
) -> None:
    world = World(persons=(WITHOUT_NUMBER,))
    student = Nervous(browser, world)
    async with asyncio.timeout(60), working(client, world):
        await student.walk()
        for path, form in student.sent[1:]:
            assert (await browser.get(path)).headers["location"] == "/done"
            stale = await browser.http.post(path, data=form)
            assert (stale.status_code, stale.headers["location"]) == (303, "/done")
    made = Counter(type(call) for call in world.calls)
    assert (made[SendPin], made[RecordConsent], made[ProvisionAccount]) == (1, 1, 1)
