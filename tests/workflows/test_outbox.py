"""The outbox starts each request's workflow once, round after round and run after run."""

from collections import Counter
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.message_io import MailSupportAnswer, MailSupportRequest
from domain.contracts.outbox import FindLeftBehind, LeftBehind
from domain.contracts.vocabulary import (
    ANSWER_WORKFLOW,
    OUTBOX_WORKFLOW,
    SUPPORT_WORKFLOW,
    ActivityName,
    TaskQueue,
)
from tests.workflows.conftest import replays
from workflows import outbox
from workflows.outbox import Outbox

ROUNDS = 3
mailed: Counter[tuple[str, str]] = Counter()


@workflow.defn(name=SUPPORT_WORKFLOW)
class Mailing:
    @workflow.run
    async def run(self, request: MailSupportRequest) -> None:
        mailed["request", request.request_id] += 1


@workflow.defn(name=ANSWER_WORKFLOW)
class Answering:
    @workflow.run
    async def run(self, request: MailSupportAnswer) -> None:
        mailed["answer", request.request_id] += 1


async def test_what_was_left_behind_is_started_once_and_the_outbox_goes_on(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_ROUNDS", ROUNDS)
    mailed.clear()
    asked: list[str] = []

    @activity.defn(name=ActivityName.FIND_LEFT_BEHIND)
    async def find(_: FindLeftBehind) -> LeftBehind:
        asked.append(str(activity.info().workflow_run_id))
        return LeftBehind(requests=("5f0e", "5f0f"), replies=("5f0e",))

    client = environment.client
    async with Worker(
        client,
        task_queue=TaskQueue.MAIN,
        activities=[find],
        workflows=[Outbox, Mailing, Answering],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            OUTBOX_WORKFLOW, id="outbox", task_queue=TaskQueue.MAIN
        )
        while len(asked) < 2 * ROUNDS:
            await environment.sleep(timedelta(minutes=1))
        newest = client.get_workflow_handle(handle.id)
        await newest.terminate()
    await replays(client, Outbox, newest)
    assert mailed == {("request", "5f0e"): 1, ("request", "5f0f"): 1, ("answer", "5f0e"): 1}
    runs = Counter(asked)
    assert len(runs) > 1
    assert max(runs.values()) == ROUNDS
