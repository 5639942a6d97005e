"""Reads the history of an activation from Temporal: whole, or the beginning of a large one."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
)
from temporalio.service import RPCError, RPCStatusCode

from starter.client.connect import TemporalUnavailable, asking
from starter.output import UserError

WITHIN = timedelta(seconds=3)
"""How long one question to Temporal may take."""
_LARGEST = 4 * 2**20
"""Bytes of a history that is read whole; at 50 MiB, where Temporal ends a run, that takes long."""
_PAGE = 2**20
"""About as many bytes of a larger history are asked for at once."""


class UnknownReference(UserError):
    """No activation has this reference."""

    def __init__(self) -> None:
        super().__init__("no activation has this reference")


async def events_of(
    client: Client, described: WorkflowExecutionDescription
) -> tuple[Sequence[HistoryEvent], bool]:
    """Return the history, and whether that is only the beginning of a large one."""
    large = _size(described) > _LARGEST
    if large:
        return await _beginning(client, described), large
    return await history_of(client, described.id), large


async def history_of(client: Client, reference: str) -> Sequence[HistoryEvent]:
    handle = client.get_workflow_handle(reference)
    try:
        with asking():
            return (await handle.fetch_history(rpc_timeout=WITHIN)).events
    except RPCError as error:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            raise UnknownReference from None
        raise


async def _beginning(
    client: Client, description: WorkflowExecutionDescription
) -> Sequence[HistoryEvent]:
    """Return the beginning of a large history: as much of it as is read in time."""
    handle = client.get_workflow_handle(description.id, run_id=description.run_id)
    page = max(1, description.history_length * _PAGE // _size(description))
    events: list[HistoryEvent] = []
    read = 0
    try:
        with asking():
            async for event in handle.fetch_history_events(page_size=page, rpc_timeout=WITHIN):
                events.append(event)
                read += event.ByteSize()
                if read > _LARGEST:
                    break
    except TemporalUnavailable:
        # A page of it may be too large as well.
        if not events:
            raise
    return events


def _size(description: WorkflowExecutionDescription) -> int:
    return description.raw_description.workflow_execution_info.history_size_bytes
