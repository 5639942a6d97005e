"""A real Temporal beside the test stack, and workers of a fake world on all its queues."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from secrets import token_bytes, token_hex
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    StartWorkflowInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.worker import Worker

from activities.sweep import SweepActivities
from domain.contracts.vocabulary import TaskQueue
from domain.references import from_digest
from postgres import Pool
from starter.client import connect, namespace, runs, schedules
from tests.sandbox import sandbox
from tests.stack import TestStack
from tests.workflows.engine import World
from workflows.activation import Activation
from workflows.retry_batch import Retry


@pytest.fixture(scope="session")
async def client(stack: TestStack) -> AsyncIterator[Client]:
    """Connect as the engine does; several rooms import this fixture and share the server."""
    if not stack._stack.temporal.is_alive:
        stack.start("temporal")
    client = await connect.connect(stack.settings, stack.keys)
    await namespace.make_ready(client, timedelta(days=30), set_retention=True)
    await at_leisure(client)
    yield client
    stack.stop("temporal")


async def namespace_of_its_own(client: Client, prefix: str) -> Client:
    """Connect to a new namespace, without activations and schedules."""
    config = client.config()
    config["namespace"] = f"{prefix}-{token_hex(4)}"
    own = Client(**config)
    await namespace.make_ready(own, timedelta(days=30), create=True)
    return own


async def at_leisure(client: Client) -> None:
    """Create the schedules; none comes while the tests run."""

    def in_leap_years(now: ScheduleUpdateInput) -> ScheduleUpdate:
        now.description.schedule.spec = ScheduleSpec(cron_expressions=["0 0 29 2 *"])
        return ScheduleUpdate(now.description.schedule)

    await schedules.create_all(client, ZoneInfo("Europe/Athens"))
    for each in schedules.SCHEDULES:
        await client.get_schedule_handle(each.id).update(in_leap_years)


_TASK_TIMEOUT = timedelta(seconds=2)


class _HurriedStarts(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's
        input.task_timeout = _TASK_TIMEOUT
        return await super().start_workflow(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002 - the SDK's
    ) -> WorkflowUpdateHandle[Any]:
        input.start_workflow_input.task_timeout = _TASK_TIMEOUT
        return await super().start_update_with_start_workflow(input)


class _Hurried(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _HurriedStarts(next)


def hurried(client: Client) -> Client:
    """Connect alike; a workflow task that failed is tried again after 2 s instead of 10."""
    config = client.config()
    config["interceptors"] = [*config["interceptors"], _Hurried()]
    return Client(**config)


@pytest.fixture
def reference() -> str:
    return from_digest(token_bytes(5))


@pytest.fixture
def world(stack: TestStack) -> Iterator[World]:
    """Give a world of its own; a run that stayed would use up what the next one's answers are."""
    yield World()
    stack.end_runs()


@asynccontextmanager
async def working(
    client: Client, world: World, *, activation: type = Activation, **options: Any
) -> AsyncIterator[None]:
    """Let workers run while the block does."""
    async with AsyncExitStack() as stack:
        for queue in TaskQueue:
            worker = Worker(
                client,
                task_queue=queue,
                activities=world.all(),
                workflows=[activation, Retry] if queue is TaskQueue.MAIN else [],
                workflow_runner=sandbox(),
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
                **options,
            )
            await stack.enter_async_context(worker)
        yield


def sweeps(stack: TestStack, pool: Pool, client: Client) -> SweepActivities:
    """Return the activities of the sweep, with the runs of this server."""
    return SweepActivities(
        pool=pool,
        keys=stack.keys,
        settings=stack.settings,
        delete_runs=partial(runs.delete_newest, client),
        ends_of=partial(runs.ends, client),
    )
