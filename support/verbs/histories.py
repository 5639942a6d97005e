"""Reads the event history of an activation from Temporal; of a large one only the beginning."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from starter.client.connect import TemporalUnavailable, asking
from starter.output import UserError
from web import times

_LARGEST = 4 * 2**20
"""Largest history in bytes that is read completely; Temporal ends a run at 50 MiB."""
_PAGE = 2**20
"""Approximate size in bytes of one page of a larger history."""


class UnknownReference(UserError):
    """No activation has this reference."""

    def __init__(self) -> None:
        super().__init__("no activation has this reference")


@contextmanager
def existing() -> Iterator[None]:
    """Raise `UnknownReference` if Temporal has no such run, and else as `asking`."""
    try:
        with asking():
            yield
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            raise UnknownReference from None
        raise


async def describe(client: Client, workflow_id: str) -> WorkflowExecutionDescription:
    """Return Temporal's description of the newest run; raises `UnknownReference`."""
    with existing():
        return await client.get_workflow_handle(workflow_id).describe(rpc_timeout=times.CONSOLE_RPC)


async def events_of(
    client: Client, described: WorkflowExecutionDescription
) -> tuple[Sequence[HistoryEvent], bool]:
    """Return the events, and whether they are only the beginning of a large history."""
    if _size(described) > _LARGEST:
        return await _beginning(client, described), True
    handle = client.get_workflow_handle(described.id)
    with existing():
        return (await handle.fetch_history(rpc_timeout=times.CONSOLE_RPC)).events, False


async def first_event(client: Client, workflow_id: str) -> HistoryEvent:
    """Return the event that began the newest run; raises `UnknownReference`."""
    handle = client.get_workflow_handle(workflow_id)
    with existing():
        events = handle.fetch_history_events(page_size=1, rpc_timeout=times.CONSOLE_RPC)
        return await anext(events)


async def _beginning(
    client: Client, description: WorkflowExecutionDescription
) -> Sequence[HistoryEvent]:
    """Return the beginning of a large history, as much as can be read before the time-out."""
    handle = client.get_workflow_handle(description.id, run_id=description.run_id)
    page = max(1, description.history_length * _PAGE // _size(description))
    events: list[HistoryEvent] = []
    read = 0
    try:
        with asking():
            async for event in handle.fetch_history_events(
                page_size=page, rpc_timeout=times.CONSOLE_RPC
            ):
                events.append(event)
                read += event.ByteSize()
                if read > _LARGEST:
                    break
    except TemporalUnavailable:
        # A single page may exceed the limit, too.
        if not events:
            raise
    return events


def _size(description: WorkflowExecutionDescription) -> int:
    return description.raw_description.workflow_execution_info.history_size_bytes
