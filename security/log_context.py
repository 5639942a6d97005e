"""Tells which activation a line of the log is about, by its reference.

Code says it for what runs in the same task from then on (a request, an activity, a command). The
lines of Temporal's SDK name the workflow, or only its run, whose workflow the worker has noted.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars
from structlog.typing import EventDict, WrappedLogger

from domain import references

_REFERENCE = "reference"
_MOST_RUNS = 5000
"""More than a worker keeps in memory."""
_RUN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_runs: dict[str, str] = {}


def about(workflow_id: str) -> None:
    """Say which activation the rest of this task is about, by its reference or a workflow's id."""
    bind_contextvars(**_named(workflow_id))


@contextmanager
def while_about(workflow_id: str) -> Iterator[None]:
    """Say which activation the block is about."""
    with bound_contextvars(**_named(workflow_id)):
        yield


def note_run(run_id: str, workflow_id: str) -> None:
    """Note whose run this is; the oldest runs are forgotten."""
    if named := references.within(workflow_id):
        _runs[run_id] = named
        if len(_runs) > _MOST_RUNS:
            del _runs[next(iter(_runs))]


def add_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the reference to a line that does not have it, and the SDK's activity and attempt."""
    record = event["_record"]
    assert isinstance(record, logging.LogRecord)  # noqa: S101 - structlog's formatter makes it so
    told: Mapping[str, Any] = getattr(record, "temporal_activity", {})
    if told:
        event = {"activity": told["activity_type"], "attempt": told["attempt"], **event}
    if _REFERENCE not in event and (found := _reference(record, str(event["event"]))):
        event[_REFERENCE] = found
    return event


def _reference(record: logging.LogRecord, text: str) -> str | None:
    if bound := get_contextvars().get(_REFERENCE):
        return str(bound)
    for kind in ("temporal_activity", "temporal_workflow"):
        if told := getattr(record, kind, None):
            return references.within(told["workflow_id"])
    core = getattr(record, "temporal_log", None)
    run = str(core.fields.get("run_id")) if core else text
    found = _RUN_ID.search(run)
    return (found and _runs.get(found[0])) or references.within(text)


def _named(workflow_id: str) -> dict[str, str]:
    named = references.within(workflow_id)
    return {_REFERENCE: named} if named else {}
