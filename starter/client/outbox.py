"""Keeps the engine's own duties: the endless workflow of the outbox, and the schedules."""

import asyncio
from contextlib import suppress
from zoneinfo import ZoneInfo

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.vocabulary import OUTBOX_WORKFLOW, TaskQueue
from starter.client import schedules
from starter.client.connect import NO_ANSWER
from workflows.priorities import DUTIES

WORKFLOW_ID = "outbox"
_EVERY = 60.0


async def keep_duties(client: Client, zone: ZoneInfo) -> None:
    """Start the outbox and create the schedules every minute unless there, until cancelled."""
    while True:
        await start_outbox(client)
        await schedules.keep(client, zone)
        await asyncio.sleep(_EVERY)


async def start_outbox(client: Client) -> None:
    """Start the outbox unless it runs; does nothing while Temporal is unavailable."""
    with suppress(WorkflowAlreadyStartedError, *NO_ANSWER):
        await client.start_workflow(
            OUTBOX_WORKFLOW,
            id=WORKFLOW_ID,
            task_queue=TaskQueue.MAIN,
            priority=DUTIES,
            rpc_timeout=schedules.WITHIN,
        )
