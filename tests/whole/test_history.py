"""One activation stays small in Temporal: few events, few workflow tasks."""

import asyncio
from collections.abc import Sequence

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from security.codec import data_converter
from security.keys import KeyRing
from tests.stack import WholeStack
from tests.whole.student import Student, walking


@pytest.mark.parametrize(("insured", "events", "tasks"), [(True, 57, 8), (False, 64, 9)])
async def test_a_happy_path_is_short(
    whole_stack: WholeStack, insured: bool, events: int, tasks: int
) -> None:
    """On a busy machine a step may take a task or an event more: the shortest of three counts."""
    histories = [await walked(whole_stack, Student(insured=insured)) for _ in range(3)]
    kinds = [event.event_type for event in min(histories, key=len)]
    assert len(kinds) <= events, kinds
    assert kinds.count(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) <= tasks


async def walked(stack: WholeStack, student: Student) -> Sequence[HistoryEvent]:
    """Walk this student through and return the events it made."""
    env = stack.env

    def walk() -> str:
        with walking(env, student) as one:
            return one.walk()

    reference = await asyncio.to_thread(walk)
    client = await Client.connect(
        env["TEMPORAL_ADDRESS"],
        namespace=env["TEMPORAL_NAMESPACE"],
        data_converter=data_converter(KeyRing(stack.folder / "keys")),
    )
    handle = client.get_workflow_handle(reference)
    await handle.result()
    return (await handle.fetch_history()).events
