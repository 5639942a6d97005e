"""A journey leaves traces from portal and worker, in which nobody and no secret stands."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from temporalio.client import Client

from demo.control import ask
from tests.collector import Collector, collecting
from tests.scan import scan
from tests.stack import WholeStack
from tests.whole.student import HELP, Student, walking

# A portal and a worker start, on machines that may be busy.
pytestmark = pytest.mark.timeout(400)
REPLACED = ("worker", "portal")


def started_anew(folder: Path, settings: Mapping[str, str]) -> None:
    for name in REPLACED:
        ask(folder, "stop", name)
        ask(folder, "start", name, settings)


@pytest.fixture(scope="module")
def student() -> Student:
    return Student(insured=False)


@pytest.fixture(scope="module")
def reference(whole_stack: WholeStack, student: Student, collector: Collector) -> str:
    """Let a student who mistypes and asks for help go all the way, with traces on."""
    folder = whole_stack.folder
    started_anew(folder, {"ACTIVATION_TRACES__ENDPOINT": collector.endpoint})
    try:
        with walking(whole_stack.env, student) as walk:
            return walk.walk_by_help()
    finally:
        started_anew(folder, {})


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


async def _history(stack: WholeStack, reference: str) -> str:
    """Return the history as Temporal keeps it, encrypted."""
    env = stack.env
    client = await Client.connect(env["TEMPORAL_ADDRESS"], namespace=env["TEMPORAL_NAMESPACE"])
    history = await client.get_workflow_handle(reference).fetch_history()
    return history.to_json()


@pytest.mark.long
def test_a_request_leads_to_its_activities_across_the_processes(
    collector: Collector, reference: str
) -> None:
    (number,) = {
        span.trace_id
        for _, span in collector.spans
        if span.name == "RunWorkflow:Activation"
        and any(each.value.string_value == reference for each in span.attributes)
    }
    trace = {(service, span.name) for service, span in collector.spans if span.trace_id == number}
    assert ("activation-portal", "POST /contact") in trace
    assert ("activation-worker", "RunActivity:send_pin") in trace
    assert ("activation-worker", "RunActivity:find_student") in trace
    assert {"POST /pin", "GET /pin"} <= collector.names
    assert not any("readyz" in name or "static" in name for name in collector.names)


@pytest.mark.long
def test_nothing_about_the_student_and_no_secret_is_in_spans_or_headers(
    whole_stack: WholeStack,
    collector: Collector,
    reference: str,
    student: Student,
    tmp_path: Path,
) -> None:
    marks = {
        name: part for name, part in vars(student).items() if isinstance(part, str) and part
    } | {"first": student.first.latin, "last": student.last.latin, "help": HELP}
    for file in (whole_stack.folder / "secrets").iterdir():
        marks[file.name] = file.read_text("ascii").strip()
    told = asyncio.run(_history(whole_stack, reference))
    assert "_tracer-data" in told
    spans, history = tmp_path / "spans", tmp_path / "history"
    spans.write_bytes(b"\n".join(collector.taken))
    history.write_text(told, "utf-8")
    assert scan([spans, history], marks) == set()
    text = " ".join(str(span) for _, span in collector.spans)
    assert student.pin not in re.findall(r"\b\d{6}\b", text)
    assert "traceback" not in text.lower()
