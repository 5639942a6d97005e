"""Temporal's own time, which no call tells: it is read where Temporal notes who asked for work."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from weakref import WeakKeyDictionary

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

_QUEUE = TaskQueue(name="activation-doctor")
"""Nothing is ever put into it; who waits there is told of with the server's time."""
_WITHIN = timedelta(seconds=1)
_KEPT = 30
_known: WeakKeyDictionary[Client, tuple[float, datetime | None]] = WeakKeyDictionary()


async def now(client: Client) -> datetime | None:
    """Return Temporal's time, asked for at most every 30 seconds; None where it is not told."""
    if client not in _known or _running() - _known[client][0] > _KEPT:
        _known[client] = _running(), await ask(client, _WITHIN)
    read, told = _known[client]
    return told and told + timedelta(seconds=_running() - read)


async def ask(client: Client, within: timedelta) -> datetime | None:
    """Wait a moment at an empty queue, for only of who waits does Temporal tell since when."""
    identity, space, service = f"clock-{uuid4()}", client.namespace, client.workflow_service
    waiting = asyncio.create_task(
        service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=space, task_queue=_QUEUE, identity=identity),
            timeout=timedelta(seconds=10),
        )
    )
    question = DescribeTaskQueueRequest(
        namespace=space,
        task_queue=_QUEUE,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        async with asyncio.timeout(within.total_seconds()):
            while not waiting.done():
                described = await service.describe_task_queue(question)
                for each in described.pollers:
                    if each.identity == identity:
                        return each.last_access_time.ToDatetime(UTC)
                await asyncio.sleep(0.05)
    except (RPCError, TimeoutError):
        pass
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    return None


def _running() -> float:
    """Return seconds that run on while the machine sleeps, and whatever is done to its clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
