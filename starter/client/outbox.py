"""Keeps the outbox workflow running: any worker starts it if it does not run."""

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
    """Start the outbox workflow every minute unless it runs, until cancelled."""
    while True:
        await start_outbox(client)
        await asyncio.sleep(_EVERY)


async def start_outbox(client: Client) -> None:
    """Start the outbox workflow unless it runs; does nothing while Temporal is unavailable."""
    with suppress(WorkflowAlreadyStartedError, *NO_ANSWER):
        await client.start_workflow(
            OUTBOX_WORKFLOW, id=WORKFLOW_ID, task_queue=TaskQueue.MAIN, rpc_timeout=_WITHIN
        )
