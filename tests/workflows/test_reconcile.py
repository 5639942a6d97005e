"""The reconciler looks over every stage, a second time if it suspects anything, and ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.reconciling import CompareStage, LookStage, Reconciled, StageCompared
from domain.contracts.sweeping import SweptExpired
from domain.contracts.vocabulary import RECONCILE_WORKFLOW, ActivityName, FailureType, TaskQueue
from tests.workflows.conftest import replays
from workflows import reconcile
from workflows.reconcile import Reconcile

BEGAN = datetime(2026, 11, 30, 3, tzinfo=UTC)
Compare = Callable[[CompareStage], object]


@asynccontextmanager
async def comparing(client: Client, compare: Compare) -> AsyncIterator[None]:
    """Serve both queues; each activity answers what `compare` does."""

    @activity.defn(name=ActivityName.COMPARE_DIRECTORY)
    async def of_directory(request: CompareStage) -> object:
        assert request.stage in {LookStage.ENTRIES, LookStage.ACCOUNTS}
        return compare(request)

    @activity.defn(name=ActivityName.COMPARE_RUNS)
    async def of_runs(request: CompareStage) -> object:
        assert request.stage not in {LookStage.ENTRIES, LookStage.ACCOUNTS}
        return compare(request)

    async with (
        Worker(client, task_queue=TaskQueue.DIRECTORY, activities=[of_directory]),
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            activities=[of_runs],
            workflows=[Reconcile],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):
        yield


async def reconciled(environment: WorkflowEnvironment, *given: object) -> object:
    client = environment.client
    handle = await client.start_workflow(
        RECONCILE_WORKFLOW, args=given, id="reconcile", task_queue=TaskQueue.MAIN
    )
    await environment.sleep(timedelta(hours=1))
    result = await client.get_workflow_handle(handle.id, result_type=Reconciled).result()
    await replays(client, Reconcile, handle)
    return result


async def test_one_look_is_enough_where_nothing_is_suspected(
    environment: WorkflowEnvironment,
) -> None:
    asked: list[CompareStage] = []

    def compare(request: CompareStage) -> StageCompared:
        asked.append(request)
        return StageCompared(began=BEGAN, standing=3)

    async with comparing(environment.client, compare):
        assert await reconciled(environment) == Reconciled(standing=3)
    assert [each.stage for each in asked] == [*LookStage]
    assert [each.began for each in asked] == [None, *[BEGAN] * 4]


async def test_a_suspicion_is_looked_at_again_minutes_later(
    environment: WorkflowEnvironment,
) -> None:
    at: list[float] = []

    def compare(request: CompareStage) -> StageCompared:
        at.append(activity.info().scheduled_time.timestamp())
        return StageCompared(began=BEGAN + timedelta(hours=request.look), suspected=1, standing=1)

    async with comparing(environment.client, compare):
        assert await reconciled(environment) == Reconciled(standing=1)
    assert len(at) == 2 * len(LookStage)
    assert at[len(LookStage)] - at[len(LookStage) - 1] > timedelta(minutes=10).total_seconds()


async def test_a_stage_goes_on_where_it_stood_run_after_run(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_CALLS", 3)
    asked: list[tuple[LookStage, str]] = []
    runs: set[str | None] = set()

    def compare(request: CompareStage) -> StageCompared:
        asked.append((request.stage, request.position))
        runs.add(activity.info().workflow_run_id)
        later = int(request.position or 0) + 1
        on = str(later) if request.stage is LookStage.ACCOUNTS and later < 4 else None
        return StageCompared(began=BEGAN, position=on)

    async with comparing(environment.client, compare):
        await reconciled(environment)
    accounts = [(LookStage.ACCOUNTS, position) for position in ("", "1", "2", "3")]
    assert asked == [(LookStage.ENTRIES, ""), *accounts, *((s, "") for s in [*LookStage][2:])]
    assert len(runs) > 1


async def test_an_outage_is_waited_for_and_a_forged_result_asked_again(
    environment: WorkflowEnvironment,
) -> None:
    answers: list[object] = [
        ApplicationError("away", type=FailureType.DIRECTORY_DOWN),
        SweptExpired(),
    ]

    def compare(request: CompareStage) -> object:
        if answers and request.stage is LookStage.ENTRIES:
            answer = answers.pop(0)
            if isinstance(answer, ApplicationError):
                raise answer
            return answer
        return StageCompared(began=BEGAN)

    async with comparing(environment.client, compare):
        assert await reconciled(environment) == Reconciled(standing=0)


async def test_a_forged_argument_ends_the_run(environment: WorkflowEnvironment) -> None:
    def compare(_: CompareStage) -> StageCompared:
        return StageCompared(began=BEGAN)

    async with comparing(environment.client, compare):
        with pytest.raises(WorkflowFailureError):
            await reconciled(environment, "what", "ever")
