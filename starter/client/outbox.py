"""Sees to it that the workflow of the outbox runs: started by whoever looks first."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.vocabulary import OUTBOX_WORKFLOW, TaskQueue
from starter.client.connect import NO_ANSWER

WORKFLOW_ID = "outbox"
_EVERY = 60.0
_WITHIN = timedelta(seconds=5)


async def keep_outbox(client: Client) -> None:
    """Start it again and again, until cancelled: it is there already, or has been ended."""
    while True:
        await start_outbox(client)
        await asyncio.sleep(_EVERY)


async def start_outbox(client: Client) -> None:
    """Start it unless it runs; with Temporal away nothing happens."""
    with suppress(WorkflowAlreadyStartedError, *NO_ANSWER):
        await client.start_workflow(
            OUTBOX_WORKFLOW, id=WORKFLOW_ID, task_queue=TaskQueue.MAIN, rpc_timeout=_WITHIN
        )
