"""A line about an activation has its reference, and the time at which the thing happened."""

import asyncio
import io
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
import time_machine

from security import log_context
from tests.security.log_lines import lines, read

__all__ = ["lines"]
RUN = "01a22bbd-100a-7025-bada-2fcd2ffd74d7"


@dataclass
class Core:
    """The part of a line of the SDK's core that is read."""

    fields: dict[str, Any] = field(default_factory=dict)


def test_what_a_task_says_first_holds_for_all_that_it_logs(lines: io.StringIO) -> None:
    async def request(reference: str) -> None:
        log_context.about(reference)
        await asyncio.sleep(0)
        structlog.get_logger("portal").info("ours")
        logging.getLogger("asyncpg").warning("a library's")

    async def both() -> None:
        await asyncio.gather(request("A-7K3F-92QD"), request("A-0000-0001"))
        structlog.get_logger("portal").info("nobody's")

    asyncio.run(both())
    assert [(line["event"], line.get("reference")) for line in read(lines)] == [
        ("ours", "A-7K3F-92QD"),
        ("a library's", "A-7K3F-92QD"),
        ("ours", "A-0000-0001"),
        ("a library's", "A-0000-0001"),
        ("nobody's", None),
    ]


@pytest.mark.parametrize("said", [f"activation on workflow with run ID {RUN}", "task"])
@pytest.mark.parametrize("workflow_id", ["A-7K3F-92QD", "withdrawal-A-7K3F-92QD-7"])
def test_a_line_that_names_a_run_has_the_reference_of_its_workflow(
    lines: io.StringIO, workflow_id: str, said: str
) -> None:
    log_context.note_run(RUN, workflow_id)
    core = {"temporal_log": Core({"run_id": RUN})} if said == "task" else {}
    logging.getLogger("temporalio").warning(said, extra=core)
    (line,) = read(lines)
    assert line["reference"] == "A-7K3F-92QD"


@pytest.mark.parametrize("extra", [{}, {"temporal_log": Core()}, {"temporal_log": Core({"x": 1})}])
def test_a_line_about_no_activation_has_no_reference(
    lines: io.StringIO, extra: dict[str, Any]
) -> None:
    log_context.note_run(RUN, "sweep")
    log_context.about("sweep")
    logging.getLogger("temporalio").warning("worker %s", RUN[:-1] + "8", extra=extra)
    (line,) = read(lines)
    assert "reference" not in line


def test_the_sdks_lines_of_an_activity_and_a_workflow_have_it(lines: io.StringIO) -> None:
    activity = {"activity_type": "send_pin", "attempt": 3, "workflow_id": "A-7K3F-92QD"}
    log = logging.getLogger("temporalio.activity")
    log.warning("Completing activity as failed", extra={"temporal_activity": activity})
    workflow = {"workflow_id": "A-7K3F-92QD", "run_id": RUN}
    log.error("the workflow raised KeyError", extra={"temporal_workflow": workflow})
    failed, raised = read(lines)
    assert failed["reference"] == raised["reference"] == "A-7K3F-92QD"
    assert (failed["activity"], failed["attempt"]) == ("send_pin", 3)


def test_only_so_many_runs_are_kept() -> None:
    for number in range(log_context._MOST_RUNS + 10):
        log_context.note_run(f"run {number}", "A-7K3F-92QD")
    assert len(log_context._runs) == log_context._MOST_RUNS
    log_context._runs.clear()


def test_a_line_has_the_time_of_what_happened_and_not_of_its_writing(lines: io.StringIO) -> None:
    record = logging.LogRecord("temporalio.core", logging.WARNING, "", 0, "late", None, None)
    record.created = 1_700_000_000.0625
    logging.getLogger().handle(record)
    with time_machine.travel("2031-05-06T07:08:09.123987+02:00", tick=False):
        structlog.get_logger("x").info("by a clock that is wrong")
    assert [line["timestamp"] for line in read(lines)] == [
        "2023-11-14T22:13:20.062Z",
        "2031-05-06T05:08:09.123Z",
    ]
