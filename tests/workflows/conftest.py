"""The time-skipping server with the engine's search attributes, a worker, and replays.

Every history made here is replayed at the end of its test, so that code which cannot repeat its
own decisions fails at once.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import TaskQueue
from security import keys, rotation
from security.codec import data_converter
from starter.client.namespace import SEARCH_ATTRIBUTES
from tests.sandbox import sandbox
from tests.workflows.engine import World
from tests.workflows.student import Student, started
from tests.workflows.windows import WindowsThatEnd
from workflows.activation import Activation

Begin = Callable[..., Awaitable[Student]]


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> keys.KeyRing:
    folder = tmp_path_factory.mktemp("keys")
    rotation.create(folder, "2026-11")
    return keys.KeyRing(folder)


@pytest.fixture
async def environment(ring: keys.KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """Start a server for one test: what one leaves open would hold up the next one's clock."""
    server = Path(sys.executable).parent / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(server),
        data_converter=data_converter(ring),
        interceptors=[WindowsThatEnd()],
    ) as environment:
        # Unregistered attributes make this server hang with no more than a warning.
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={
                    name: IndexedValueType.ValueType(kind)
                    for name, kind in SEARCH_ATTRIBUTES.items()
                },
            )
        )
        yield environment


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
async def begin(
    begin_without_worker: Begin, environment: WorkflowEnvironment, world: World
) -> AsyncIterator[Begin]:
    """Start an activation with a worker on every queue."""
    async with working(environment.client, world):
        yield begin_without_worker


@pytest.fixture
async def begin_without_worker(
    environment: WorkflowEnvironment, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[Begin]:
    """Start an activation; replay its history in the end."""
    client = environment.client
    world.clock = environment.get_current_time
    begun: list[Student] = []

    async def start(**given: object) -> Student:
        reference = f"A-{abs(hash(request.node.name)):08X}-{len(begun)}"
        start = ActivationStart.model_validate(
            {"reference": reference, "mobile": "+306912345678"} | given
        )
        handle = await started(client, start)
        begun.append(Student(environment, handle, world))
        return begun[-1]

    yield start
    for student in begun:
        await replays(client, Activation, student.handle)


@asynccontextmanager
async def working(
    client: Client, world: World, queues: Iterable[TaskQueue] = TaskQueue, **options: Any
) -> AsyncIterator[None]:
    """Have a worker on these queues."""
    async with AsyncExitStack() as stack:
        for queue in queues:
            await stack.enter_async_context(_worker(client, queue, world, **options))
        yield


def _worker(client: Client, queue: TaskQueue, world: World, **options: Any) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=world.all(),
        workflows=[Activation] if queue is TaskQueue.MAIN else [],
        workflow_runner=sandbox(),
        # A bug then fails the run at once instead of hanging the test.
        workflow_failure_exception_types=[Exception],
        **options,
    )


async def replays(client: Client, workflow: type, handle: WorkflowHandle[Any, Any]) -> None:
    """See whether the code can repeat the decisions of this run."""
    replayer = Replayer(
        workflows=[workflow],
        namespace=client.namespace,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
        workflow_failure_exception_types=[Exception],
    )
    await replayer.replay_workflow(await handle.fetch_history())
