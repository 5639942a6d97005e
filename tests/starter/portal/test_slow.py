"""What a busy Temporal takes in late is told as taken, for it is waited for while it answers.

The ledger and Temporal are real; what is handed in is held up on its way. No worker runs.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, SignalWorkflowInput

from domain.contracts.vocabulary import Language
from starter.client.activations import Activations
from tests.server import client
from tests.starter.portal.conftest import Browser
from tests.starter.portal.test_outages import SENT, SIGNALED, Portal, handed_back, in_time, portal

__all__ = ["client", "portal"]

FORMS = {path: dict(fields) for path, fields in SENT if path in ("/pin", "/password")} | {
    "/review": {"decision": "withdraw"}
}
HELD_UP = 3.0
"""Seconds, more than any page has for what is handed in."""


class Late(OutboundInterceptor):
    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - the SDK's
        await asyncio.sleep(HELD_UP)
        await super().signal_workflow(input)


class Busy(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return Late(next)


@asynccontextmanager
async def others(engine: Activations) -> AsyncIterator[None]:
    """Let others be answered meanwhile, as by a Temporal that is busy and not away."""

    async def ask() -> None:
        while True:
            await engine.recorded_state("A-0000-0000")
            await asyncio.sleep(0.2)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "silent"])
async def test_what_a_busy_temporal_takes_in_late_is_told_as_taken(
    portal: Portal, *, busy: bool
) -> None:
    students = []
    for path in FORMS:
        browser = await portal.student(Language.EL)
        students.append((browser, await portal.stands(browser, path), path))
    known = portal.client
    busy_client = Client(
        known.service_client,
        namespace=known.namespace,
        data_converter=known.data_converter,
        interceptors=[Busy()],
    )
    engine = Activations(busy_client)
    portal.app.state.context = replace(portal.app.state.context, engine=engine)

    async def post(browser: Browser, reference: str, path: str) -> None:
        fields = {**browser.hidden, **FORMS[path]}
        if not busy:
            handed_back(await in_time(browser.http.post(path, data=fields)), fields, Language.EL)
            return
        sent = await browser.http.post(path, data=fields)
        assert (sent.status_code, sent.headers.get("location")) == (303, "/progress?received"), path
        history = await portal.client.get_workflow_handle(reference).fetch_history()
        assert [event.event_type for event in history.events].count(SIGNALED) == 1, path

    async with others(engine) if busy else nullcontext():
        await asyncio.gather(*(post(*student) for student in students))
