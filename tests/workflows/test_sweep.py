"""The sweep goes on at once while something is left, then hourly, run after run."""

from datetime import timedelta
from itertools import pairwise

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.sweeping import SweepExpired, SweptExpired
from domain.contracts.vocabulary import SWEEP_WORKFLOW, ActivityName, TaskQueue
from tests.workflows.conftest import replays
from workflows import sweep
from workflows.sweep import Sweep


async def test_it_sweeps_until_nothing_is_left_and_then_every_hour(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_ROUNDS", 3)
    at: list[float] = []
    runs: set[str | None] = set()

    @activity.defn(name=ActivityName.SWEEP_EXPIRED)
    async def swept(_: SweepExpired) -> SweptExpired:
        at.append(activity.info().scheduled_time.timestamp())
        runs.add(activity.info().workflow_run_id)
        return SweptExpired(complete=len(at) > 2)

    client = environment.client
    async with Worker(
        client,
        task_queue=TaskQueue.MAIN,
        activities=[swept],
        workflows=[Sweep],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(SWEEP_WORKFLOW, id="sweep", task_queue=TaskQueue.MAIN)
        while len(at) < 7:
            await environment.sleep(timedelta(hours=1))
        newest = client.get_workflow_handle(handle.id)
        await newest.terminate()
    await replays(client, Sweep, newest)
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert [wait > 3000 for wait in waits[:6]] == [False, False, True, True, True, True]
    assert len(runs) > 1
