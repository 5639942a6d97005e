"""Reads Temporal's clock from the last access time of a task queue's poller; no call returns it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from weakref import WeakKeyDictionary

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, PollWorkflowTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from web import times

_QUEUE = TaskQueue(name="activation-doctor")
"""An always empty queue, whose pollers Temporal lists with its own time."""
_CACHE_SECONDS = 30
_known: WeakKeyDictionary[Client, tuple[float, datetime | None]] = WeakKeyDictionary()


async def now(client: Client) -> datetime | None:
    """Return Temporal's time, read at most every 30 seconds; None if it cannot be read."""
    if client not in _known or _boot_seconds() - _known[client][0] > _CACHE_SECONDS:
        _known[client] = _boot_seconds(), await ask(client, times.CLOCK)
    read_at, temporal_time = _known[client]
    return temporal_time and temporal_time + timedelta(seconds=_boot_seconds() - read_at)


async def ask(client: Client, within: timedelta) -> datetime | None:
    """Poll an empty queue and return the time that Temporal lists for this poller, or None."""
    identity, space, service = f"clock-{uuid4()}", client.namespace, client.workflow_service
    waiting = asyncio.create_task(
        service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=space, task_queue=_QUEUE, identity=identity),
            timeout=timedelta(seconds=10),
        )
    )
    question = DescribeTaskQueueRequest(
        namespace=space, task_queue=_QUEUE, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
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


def _boot_seconds() -> float:
    """Return monotonic seconds that also count while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
