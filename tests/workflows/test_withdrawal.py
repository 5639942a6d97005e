"""The directory follows a withdrawal however long that takes, and only the reference travels."""

import json
from datetime import timedelta

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from domain.contracts.requests import ApplyWithdrawal, WithdrawalApplied
from domain.contracts.vocabulary import WITHDRAWAL_WORKFLOW, ActivityName, FailureType, TaskQueue
from workflows.sandbox import sandbox
from workflows.withdrawal import Withdrawal


async def test_hours_without_a_directory_lose_no_withdrawal(
    environment: WorkflowEnvironment,
) -> None:
    client = environment.client
    began = await environment.get_current_time()
    asked: list[ApplyWithdrawal] = []

    @activity.defn(name=ActivityName.APPLY_WITHDRAWAL)
    async def follow(request: ApplyWithdrawal) -> WithdrawalApplied:
        asked.append(request)
        if await environment.get_current_time() < began + timedelta(hours=2):
            raise ApplicationError("DIRECTORY_DOWN: away", type=FailureType.DIRECTORY_DOWN)
        return WithdrawalApplied()

    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[Withdrawal],
            workflow_runner=sandbox(),
        ),
        Worker(client, task_queue=TaskQueue.DIRECTORY, activities=[follow]),
    ):
        handle = await client.start_workflow(
            WITHDRAWAL_WORKFLOW,
            ApplyWithdrawal(reference="A-7K3F-92QD"),
            id="withdrawal-A-7K3F-92QD-7",
            task_queue=TaskQueue.MAIN,
        )
        await handle.result()

    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert len(asked) > 2
    assert {json.dumps(one.model_dump(exclude={"kind"})) for one in asked} == {
        '{"reference": "A-7K3F-92QD"}'
    }
    replayer = Replayer(
        workflows=[Withdrawal],
        namespace=client.namespace,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
    )
    await replayer.replay_workflow(await handle.fetch_history())
