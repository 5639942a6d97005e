"""Counts the workers that poll Temporal's task queues, by Temporal's clock."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as Asked
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import TaskQueue
from starter.client import temporal_clock
from web import times

WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
Served = tuple[str, TaskQueueType.ValueType]
"""A task queue's name and the type of its tasks."""

# Temporal drops a poller from its list after this time without a poll.
_FORGOTTEN = timedelta(minutes=5)
# A long poll lasts a minute at most, and the next one follows at once.
_POLLS = timedelta(seconds=75)


async def described(client: Client) -> Mapping[Served, DescribeTaskQueueResponse]:
    """Return Temporal's description of every task queue of the engine."""
    activities = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    queues = dict.fromkeys([*TaskQueue, *(channel.queue for channel in Channel.all())])
    asked = [(TaskQueue.MAIN, WORKFLOWS), *((queue, activities) for queue in queues)]

    async def describe(queue: str, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
        return await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=Asked(name=queue),
                task_queue_type=kind,
                report_stats=True,
            ),
            timeout=times.CONSOLE_RPC,
        )

    told = await asyncio.gather(*(describe(*each) for each in asked))
    return dict(zip(asked, told, strict=True))


async def now(client: Client) -> datetime:
    """Return Temporal's time, or an estimate if the server does not give it."""
    return await temporal_clock.now(client) or guess((await described(client)).values())


def guess(queues: Iterable[DescribeTaskQueueResponse]) -> datetime:
    """Return this process's time, or an estimate from the polls if they show it to be wrong.

    The newest poll in Temporal's list is at most five minutes old.
    """
    own = datetime.now(UTC)
    newest = max((moment for queue in queues for moment in _polls(queue)), default=own)
    return own if newest <= own <= newest + _FORGOTTEN else newest


def workers(queue: DescribeTaskQueueResponse, at: datetime) -> int:
    """Return the number of pollers of this task queue at that time."""
    return sum(moment > at - _POLLS for moment in _polls(queue))


def _polls(queue: DescribeTaskQueueResponse) -> list[datetime]:
    return [poller.last_access_time.ToDatetime(UTC) for poller in queue.pollers]
