"""A request, its workflow and its activities are one trace, without anything about anybody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_bytes

import pytest
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadConverter

from domain.contracts.vocabulary import ActivityName, Step
from domain.references import from_digest
from security.redaction import scrub
from settings import Settings
from settings.systems import TraceSettings
from starter.client import traces
from starter.client.traces import Tracing, tracing
from tests.collector import Collector, collecting
from tests.scan import scan
from tests.security.test_codec import begin, finishes, waits_for_the_pin
from tests.server import client, hurried, reference, working, world
from tests.stack import TestStack
from tests.workflows.engine import PERSON, World

__all__ = ["client", "reference", "world"]
HEADER = "_tracer-data"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


def to(settings: Settings, collector: Collector) -> Settings:
    return settings.model_copy(update={"traces": TraceSettings(endpoint=collector.endpoint)})


@pytest.fixture
async def traced(stack: TestStack, collector: Collector) -> AsyncIterator[Tracing]:
    begun = tracing(to(stack.settings, collector), "test")
    assert begun
    yield begun
    await begun.close()


@pytest.fixture
def tracing_client(client: Client, traced: Tracing) -> Client:
    config = client.config()
    config["interceptors"] = [*config["interceptors"], *traced.interceptors]
    return hurried(Client(**config))


def headers_of(history: WorkflowHistory) -> list[Payload]:
    """Return the headers of the start, the submissions and the activities."""
    found: list[Payload] = []
    for event in history.events:
        for attributes in (
            event.workflow_execution_started_event_attributes.header,
            event.activity_task_scheduled_event_attributes.header,
            event.workflow_execution_signaled_event_attributes.header,
            event.workflow_execution_update_accepted_event_attributes.accepted_request.input.header,
        ):
            found += attributes.fields.values()
            assert {*attributes.fields} <= {HEADER}
    return found


async def test_request_workflow_and_activities_are_one_trace_about_nobody(
    tracing_client: Client, traced: Tracing, collector: Collector, world: World, tmp_path: Path
) -> None:
    reference = from_digest(token_bytes(5))
    world.failing = {ActivityName.SEND_PIN: 1}
    async with working(tracing_client, world):
        with traced.request() as span:
            span.update_name("POST /contact")
            handle = await begin(tracing_client, reference)
            number = span.get_span_context().trace_id
        await waits_for_the_pin(handle)
        await finishes(handle)
        history = await handle.fetch_history()
    await traced.close()

    ours = [span for _, span in collector.spans if int.from_bytes(span.trace_id) == number]
    found = {span.name for span in ours}
    assert {"POST /contact", "StartWorkflow:Activation", "RunWorkflow:Activation"} <= found
    assert {f"RunActivity:{name}" for name in (ActivityName.SEND_PIN, "find_student")} <= found
    assert any(span.status.code == span.status.STATUS_CODE_ERROR for span in ours)
    for _, span in collector.spans:
        assert span.status.message == ""
        assert not span.events
        assert {each.key for each in span.attributes} <= {*traces._ATTRIBUTES, "error.type"}

    headers = headers_of(history)
    assert len(headers) > 3
    for each in headers:
        (carrier,) = PayloadConverter.default.from_payloads([each])
        assert {*carrier} == {"traceparent"}
    file = tmp_path / "spans"
    file.write_bytes(b"\n".join([*collector.taken, *(each.data for each in headers)]))
    person = PERSON.model_dump(exclude={"kind"}) | {"error": "LEDGER_DOWN: away"}
    marks = {name: str(value) for name, value in person.items() if len(str(value)) > 5}
    assert "+306912345678" not in file.read_text("utf-8", "replace")
    assert scan([file], marks) == set()


async def test_what_began_without_traces_goes_on_with_them_and_back(
    client: Client, tracing_client: Client, world: World, reference: str
) -> None:
    plain = hurried(client)
    async with working(plain, world):
        handle = await begin(plain, reference)
        await waits_for_the_pin(handle)
    async with working(tracing_client, world):
        known = tracing_client.get_workflow_handle(reference)
        await waits_for_the_pin(known)
    async with working(plain, world):
        await finishes(handle)


async def test_what_began_with_traces_goes_on_without_them(
    client: Client, tracing_client: Client, world: World, reference: str
) -> None:
    async with working(tracing_client, world):
        handle = await begin(tracing_client, reference)
        await waits_for_the_pin(handle)
    async with working(hurried(client), world):
        await finishes(handle)
    assert (await handle.result()).end is Step.ACTIVE


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_collector_that_is_away_holds_nothing_up(stack: TestStack, hangs: bool) -> None:
    with collecting(hangs=True) as collector:
        settings = to(stack.settings, collector)
        if not hangs:
            settings.traces.endpoint = "http://127.0.0.1:9/v1/traces"
        begun = tracing(settings, "test")
        assert begun
        async with asyncio.timeout(15):
            for _ in range(10_000):
                with begun.request():
                    pass
            if hangs:
                await asyncio.to_thread(collector.asked.wait, 10)
            await begun.close()
        assert collector.taken == []


def test_it_is_off_until_it_is_set(stack: TestStack) -> None:
    assert tracing(stack.settings, "test") is None


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settings.systems.find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"traces\.txt"):
        TraceSettings(endpoint="http://127.0.0.1:4318/v1/traces")
    assert TraceSettings().endpoint == ""


def test_a_name_that_quotes_something_is_redacted(
    traced: Tracing,
) -> None:
    with traced.request() as span:
        span.update_name("HandleSignal:maria@example.org")
        span.set_attribute("mobile", "6912345678")
        span.record_exception(ValueError("6912345678"))
    told = traces.redacted(span)
    assert told.name == scrub("HandleSignal:maria@example.org")
    assert dict(told.attributes or {}) == {"error.type": "ValueError"}
    assert not told.events
