"""What outlives a request is done however long that takes, and only its number travels."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.contracts import Model
from domain.contracts.account_io import ApplyWithdrawal, WithdrawalApplied
from domain.contracts.message_io import Delivery, MailSupportAnswer, MailSupportRequest, Sent
from domain.contracts.vocabulary import (
    ANSWER_WORKFLOW,
    SUPPORT_WORKFLOW,
    WITHDRAWAL_WORKFLOW,
    ActivityName,
    FailureType,
    TaskQueue,
)
from tests.sandbox import sandbox
from tests.workflows.conftest import replays
from workflows.support_request import SupportAnswer, SupportRequest
from workflows.withdrawal import Withdrawal


@dataclass
class Errand:
    """A workflow of one activity: what it is asked, what travels, and what the activity answers."""

    workflow: type
    name: str
    activity: ActivityName
    queue: TaskQueue
    away: FailureType
    request: Model
    travels: str
    outcome: Model


ERRANDS = {
    "a request for help is mailed": Errand(
        SupportRequest,
        SUPPORT_WORKFLOW,
        ActivityName.MAIL_SUPPORT_REQUEST,
        TaskQueue.MAIL,
        FailureType.MAIL_DOWN,
        MailSupportRequest(request_id="5f0e"),
        '{"request_id": "5f0e"}',
        Sent(outcome=Delivery.SENT),
    ),
    "the answer to it is mailed": Errand(
        SupportAnswer,
        ANSWER_WORKFLOW,
        ActivityName.MAIL_SUPPORT_ANSWER,
        TaskQueue.MAIL,
        FailureType.MAIL_DOWN,
        MailSupportAnswer(request_id="5f0e"),
        '{"request_id": "5f0e"}',
        Sent(outcome=Delivery.SENT),
    ),
    "the directory follows a withdrawal": Errand(
        Withdrawal,
        WITHDRAWAL_WORKFLOW,
        ActivityName.APPLY_WITHDRAWAL,
        TaskQueue.DIRECTORY,
        FailureType.DIRECTORY_DOWN,
        ApplyWithdrawal(reference="A-7K3F-92QD"),
        '{"reference": "A-7K3F-92QD"}',
        WithdrawalApplied(),
    ),
}


@pytest.mark.parametrize("errand", ERRANDS.values(), ids=ERRANDS)
async def test_hours_without_the_part_lose_nothing(
    environment: WorkflowEnvironment, errand: Errand
) -> None:
    client = environment.client
    began = await environment.get_current_time()
    asked: list[dict[str, object]] = []

    @activity.defn(name=errand.activity)
    async def do(request: dict[str, object]) -> Model:
        asked.append(request)
        if await environment.get_current_time() < began + timedelta(hours=2):
            raise ApplicationError(f"{errand.away}: away", type=errand.away)
        return errand.outcome

    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[errand.workflow],
            workflow_runner=sandbox(),
        ),
        Worker(client, task_queue=errand.queue, activities=[do]),
    ):
        handle = await client.start_workflow(
            errand.name, errand.request, id="errand", task_queue=TaskQueue.MAIN
        )
        await handle.result()

    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert len(asked) > 2
    for one in asked:
        del one["kind"]
    assert {json.dumps(one) for one in asked} == {errand.travels}
    await replays(client, errand.workflow, handle)


@pytest.mark.parametrize("errand", ERRANDS.values(), ids=ERRANDS)
@pytest.mark.parametrize("given", [[], ["text"], [{"kind": "other"}], [1, 2]], ids=str)
async def test_what_is_started_with_another_input_ends_at_once(
    environment: WorkflowEnvironment, errand: Errand, given: list[object]
) -> None:
    """Ended as failed, its id is free again for the genuine errand."""
    client = environment.client
    async with Worker(
        client, task_queue=TaskQueue.MAIN, workflows=[errand.workflow], workflow_runner=sandbox()
    ):
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow(
                errand.name, args=given, id="errand", task_queue=TaskQueue.MAIN
            )
