"""A sweep goes on at once while something is left, then it ends; so does one of an older version.

Recorded histories have the endless runs of older versions.
"""

from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.sweeping import SweepExpired, SweptExpired
from domain.contracts.vocabulary import SWEEP_WORKFLOW, ActivityName, TaskQueue
from tests.workflows.conftest import replays
from workflows import sweep
from workflows.sweep import Sweep


async def test_it_sweeps_until_nothing_is_left_and_then_ends(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_ROUNDS", 3)
    runs: list[str | None] = []

    @activity.defn(name=ActivityName.SWEEP_EXPIRED)
    async def swept(_: SweepExpired) -> SweptExpired:
        runs.append(activity.info().workflow_run_id)
        return SweptExpired(complete=len(runs) > 4)

    client = environment.client
    async with Worker(
        client,
        task_queue=TaskQueue.MAIN,
        activities=[swept],
        workflows=[Sweep],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            SWEEP_WORKFLOW, id="sweep-by-hand", task_queue=TaskQueue.MAIN
        )
        await handle.result()
    assert len(runs) == 5
    assert len(set(runs)) == 2
    await replays(client, Sweep, client.get_workflow_handle(handle.id))


async def test_an_endless_run_of_an_older_version_ends_with_its_next_sweep(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []

    @activity.defn(name=ActivityName.SWEEP_EXPIRED)
    async def swept(_: SweepExpired) -> SweptExpired:
        times.append(activity.info().scheduled_time.timestamp())
        return SweptExpired(complete=True)

    client = environment.client

    def worker() -> Worker:
        return Worker(
            client,
            task_queue=TaskQueue.MAIN,
            activities=[swept],
            workflows=[Sweep],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=0,
        )

    with monkeypatch.context() as older:
        older.setattr("workflows.sweep.workflow.patched", lambda _id: False)
        async with worker():
            handle = await client.start_workflow(
                SWEEP_WORKFLOW, id="sweep", task_queue=TaskQueue.MAIN
            )
            while len(times) < 3:
                await environment.sleep(timedelta(hours=1))
    async with worker():
        await environment.sleep(timedelta(hours=2))
        await handle.result()
    assert len(times) == 4
    await replays(client, Sweep, handle)
