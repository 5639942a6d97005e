"""The morning's report is tried until it is mailed."""

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.reports import MailStuckReport, StuckReported
from domain.contracts.vocabulary import (
    STUCK_REPORT_WORKFLOW,
    ActivityName,
    FailureType,
    TaskQueue,
)
from tests.workflows.conftest import replays
from workflows.stuck_report import StuckReport


async def test_it_is_mailed_once_the_relay_is_back(environment: WorkflowEnvironment) -> None:
    tries: list[int] = []

    @activity.defn(name=ActivityName.MAIL_STUCK_REPORT)
    async def mail(_: MailStuckReport) -> StuckReported:
        tries.append(activity.info().attempt)
        if len(tries) < 3:
            raise ApplicationError("away", type=FailureType.MAIL_DOWN)
        return StuckReported(activations=2)

    client = environment.client
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[StuckReport],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
        Worker(client, task_queue=TaskQueue.MAIL, activities=[mail]),
    ):
        handle = await client.start_workflow(
            STUCK_REPORT_WORKFLOW, id="stuck-report-by-hand", task_queue=TaskQueue.MAIN
        )
        await handle.result()
    assert tries == [1, 2, 3]
    await replays(client, StuckReport, handle)
