"""What one journey asks of Temporal and of the ledger, counted: no number depends on the machine.

The portal, the ledger and Temporal are real; the systems behind the activities answer at once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg.connection import LoggedQuery
from fastapi import FastAPI
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, Interceptor, OutboundInterceptor

import postgres
from domain.contracts.message_io import SendPin
from settings import Settings
from starter.client.activations import Activations
from starter.portal.app import assemble, create
from tests.server import working
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, healthy
from tests.test_worker import until
from tests.workflows.engine import World, pin_of

PASSWORD = "vrasto-kerasi-plateia-9"
MOST = {
    "updates with start": 1,
    "updates": 3,
    "queries": 1,
    "events": 60,
    "workflow tasks": 9,
    "statements of the portal": 39,
    "bytes of pages": 62_000,
}
"""A tenth above what was reached, one statement of each request for the rate limits included;
what is not named here is not asked at all."""
UNIFORM = MOST | {"queries": 2, "describes": 1, "statements of the portal": 50}
"""The same under enumeration protection."""
_ASKS = {
    "query_workflow": "queries",
    "start_workflow_update": "updates",
    "start_update_with_start_workflow": "updates with start",
    "start_workflow": "starts",
    "signal_workflow": "signals",
    "describe_workflow": "describes",
}


class Counting(Interceptor, OutboundInterceptor):
    """Counts what a client asks of Temporal, by kind."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        OutboundInterceptor.__init__(self, next)
        return self

    def __getattribute__(self, name: str) -> Any:
        if name in _ASKS:
            self.asked[_ASKS[name]] += 1
        return super().__getattribute__(name)


async def walk(browser: Browser, world: World) -> None:
    """Play a student whose data are complete, from the first page to the last."""
    await browser.get("/")
    await browser.get("/who")
    await goes_on(browser, "/contact", "/who", who="student")
    await goes_on(browser, "/pin", "/contact", mobile="6912345678", email="")
    async with asyncio.timeout(20):
        while not (sent := world.made(SendPin)):  # noqa: ASYNC110 - the worker sets it
            await asyncio.sleep(0.01)
    await goes_on(browser, "/review", "/pin", pin=pin_of(sent[-1].code_no))
    await goes_on(browser, "/password", "/review", decision="agree")
    await goes_on(browser, "/done", "/password", password=PASSWORD)


async def goes_on(browser: Browser, to: str, path: str, **fields: str) -> None:
    """Send the form of the page last seen, and read the page that it leads to."""
    response = await browser.post(path, **fields)
    assert (response.status_code, response.headers.get("location")) == (303, to)
    assert (await browser.get(to)).status_code == 200


@dataclass
class Counted:
    """A portal, and how often it has asked for each thing since it was made."""

    app: FastAPI
    statements: int = 0
    rendered: int = 0
    temporal: Counting = field(default_factory=Counting)

    @property
    def asked(self) -> Counter[str]:
        own = {"statements of the portal": self.statements, "bytes of pages": self.rendered}
        return self.temporal.asked | Counter(own)

    async def weigh(self, response: httpx.Response) -> None:
        self.rendered += len(await response.aread())


@asynccontextmanager
async def counting(client: Client, stack: TestStack, settings: Settings) -> AsyncIterator[Counted]:
    counted = Counted(FastAPI())

    async def count(query: LoggedQuery) -> None:
        del query
        counted.statements += 1

    async def add_counter(connection: Any) -> None:
        connection.add_query_logger(count)

    asking = Client(**client.config() | {"interceptors": [counted.temporal]})
    async with asyncpg.create_pool(
        stack.ledger_dsn, min_size=0, init=add_counter, reset=postgres._no_reset
    ) as pool:
        counted.app = create(assemble(settings, stack.keys, pool, Activations(asking), healthy))
        yield counted


@pytest.mark.parametrize(("disclosure", "most"), [("explicit", MOST), ("uniform", UNIFORM)])
async def test_a_journey_asks_little(
    client: Client,
    stack: TestStack,
    settings: Settings,
    world: World,
    *,
    disclosure: str,
    most: dict[str, int],
) -> None:
    portal = settings.portal.model_copy(update={"disclosure": disclosure})
    settings = settings.model_copy(update={"portal": portal})
    async with counting(client, stack, settings) as counted, working(client, world):
        browser = Browser(counted.app)
        browser.http.event_hooks["response"].append(counted.weigh)
        await walk(browser, world)
        handle = client.get_workflow_handle(world.made(SendPin)[0].reference)
        await handle.result()
        kinds = [event.event_type for event in (await handle.fetch_history()).events]
    found = counted.asked | Counter(
        {
            "events": len(kinds),
            "workflow tasks": kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
        }
    )
    assert {what: n for what, n in found.items() if n > most.get(what, 0)} == {}


async def test_an_open_code_page_asks_no_worker_while_nothing_is_new(
    client: Client, stack: TestStack, settings: Settings, world: World
) -> None:
    async with counting(client, stack, settings) as counted, working(client, world):
        browser, asked = Browser(counted.app), counted.temporal.asked
        await browser.give_contact()
        await browser.get("/pin")
        mark, before = "none", asked["queries"]

        async def look() -> int:
            """Look for news as the page's script does."""
            nonlocal mark
            seen = await browser.http.get("/pin", headers={"If-None-Match": mark})
            mark = seen.headers["etag"]
            return seen.status_code

        async def settled() -> bool:
            return bool(world.made(SendPin)) and await look() == httpx.codes.NOT_MODIFIED

        await until(settled)
        told = asked["queries"]
        assert told - before <= 2
        assert {await look() for _ in range(5)} == {httpx.codes.NOT_MODIFIED}
        assert asked["queries"] == told
