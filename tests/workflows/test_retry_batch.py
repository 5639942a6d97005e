"""A batch of retries reaches each activation once, whatever starts again in mid-way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.batches import BatchRetried, RetryBatch
from domain.contracts.vocabulary import RETRY_WORKFLOW, TaskQueue
from tests.sandbox import sandbox
from tests.workflows.conftest import replays
from workflows import retry_batch
from workflows.retry_batch import Retry

OVER = 30.0
TARGETS = "targets"


@workflow.defn(name="Target")
class Target:
    """Keeps what it was told, and when, for a while."""

    def __init__(self) -> None:
        self._told: list[tuple[str, bool, float]] = []

    @workflow.run
    async def run(self) -> list[tuple[str, bool, float]]:
        await workflow.sleep(10 * OVER)
        return self._told

    @workflow.signal
    def retry(self, request: dict[str, object]) -> None:
        told = str(request["submission_id"]), request["of_many"] is True
        self._told.append((*told, workflow.time()))


@asynccontextmanager
async def serving(client: Client) -> AsyncIterator[None]:
    """Serve batches, of which nothing is kept from one task to the next, and targets."""
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[Retry],
            workflow_runner=sandbox(),
            max_cached_workflows=0,
        ),
        Worker(
            client,
            task_queue=TARGETS,
            workflows=[Target],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):
        yield


async def begin(
    environment: WorkflowEnvironment, *references: str
) -> WorkflowHandle[Retry, BatchRetried]:
    batch = RetryBatch(
        request_id="5f0e",
        references=references,
        over_seconds=OVER,
        received_at=await environment.get_current_time(),
    )
    return await environment.client.start_workflow(
        RETRY_WORKFLOW,
        batch,
        id="retry-all-5f0e",
        task_queue=TaskQueue.MAIN,
        result_type=BatchRetried,
    )


@pytest.mark.parametrize("a_run", [2, 500])
async def test_each_that_is_there_is_told_once_within_the_time_also_over_several_runs(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch, a_run: int
) -> None:
    monkeypatch.setattr(retry_batch, "_A_RUN", a_run)
    client = environment.client
    async with serving(client):
        targets = {
            name: await client.start_workflow(Target.run, id=name, task_queue=TARGETS)
            for name in "ABCDE"
        }
        began = (await environment.get_current_time()).timestamp()
        handle = await begin(environment, *"ABGCDE")
        assert await handle.result() == BatchRetried(taken=5)
        moments = []
        for name, target in targets.items():
            ((told, of_many, at),) = await target.result()
            assert (told, of_many) == (f"5f0e-{name}", True)
            moments.append(at - began)
    assert len(set(moments)) == 5
    assert max(moments) <= OVER + 5
    await replays(client, Retry, client.get_workflow_handle(handle.id))


async def test_a_batch_of_none_ends(environment: WorkflowEnvironment) -> None:
    async with serving(environment.client):
        assert await (await begin(environment)).result() == BatchRetried(taken=0)


@pytest.mark.parametrize("given", [[], ["text"], [{"kind": "other"}], [1, 2]], ids=str)
async def test_what_is_started_with_another_input_ends_at_once(
    environment: WorkflowEnvironment, given: list[object]
) -> None:
    client = environment.client
    async with serving(client):
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow(
                RETRY_WORKFLOW, args=given, id="retry-all-x", task_queue=TaskQueue.MAIN
            )
