"""Keeps the endless workflows, outbox and sweep, running: any worker starts those that are not."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.contracts.vocabulary import OUTBOX_WORKFLOW, SWEEP_WORKFLOW, TaskQueue
from starter.client.connect import NO_ANSWER

WORKFLOW_ID = "outbox"
SWEEP_ID = "sweep"
_EVERY = 60.0
_WITHIN = timedelta(seconds=5)


async def keep_duties(client: Client) -> None:
    """Start each endless workflow every minute unless it runs, until cancelled."""
    while True:
        await start_outbox(client)
        await start_sweep(client)
        await asyncio.sleep(_EVERY)


async def start_outbox(client: Client) -> None:
    await _start(client, OUTBOX_WORKFLOW, WORKFLOW_ID)


async def start_sweep(client: Client) -> None:
    await _start(client, SWEEP_WORKFLOW, SWEEP_ID)


async def _start(client: Client, kind: str, workflow_id: str) -> None:
    """Start a workflow unless it runs; does nothing while Temporal is unavailable."""
    with suppress(WorkflowAlreadyStartedError, *NO_ANSWER):
        await client.start_workflow(
            kind, id=workflow_id, task_queue=TaskQueue.MAIN, rpc_timeout=_WITHIN
        )
