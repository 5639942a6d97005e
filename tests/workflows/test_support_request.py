"""A request for help is mailed however long that takes, and only its number travels."""

import json
from datetime import timedelta

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from domain.contracts.requests import Delivery, MailSupportRequest, Sent
from domain.contracts.vocabulary import SUPPORT_WORKFLOW, ActivityName, FailureType, TaskQueue
from workflows.sandbox import sandbox
from workflows.support_request import SupportRequest


async def test_days_without_a_mail_server_lose_no_request(environment: WorkflowEnvironment) -> None:
    client = environment.client
    began = await environment.get_current_time()
    asked: list[MailSupportRequest] = []

    @activity.defn(name=ActivityName.MAIL_SUPPORT_REQUEST)
    async def mail(request: MailSupportRequest) -> Sent:
        asked.append(request)
        if await environment.get_current_time() < began + timedelta(hours=2):
            raise ApplicationError("MAIL_DOWN: away", type=FailureType.MAIL_DOWN)
        return Sent(outcome=Delivery.SENT)

    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[SupportRequest],
            workflow_runner=sandbox(),
        ),
        Worker(client, task_queue=TaskQueue.MAIL, activities=[mail]),
    ):
        handle = await client.start_workflow(
            SUPPORT_WORKFLOW,
            MailSupportRequest(request_id="5f0e"),
            id="support-5f0e",
            task_queue=TaskQueue.MAIN,
        )
        await handle.result()

    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert len(asked) > 2
    assert {json.dumps(one.model_dump(exclude={"kind"})) for one in asked} == {
        '{"request_id": "5f0e"}'
    }
    replayer = Replayer(
        workflows=[SupportRequest],
        namespace=client.namespace,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
    )
    await replayer.replay_workflow(await handle.fetch_history())
