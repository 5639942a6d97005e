"""A student who waits for a code while hundreds of notices and a retry of many wait before it."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind, ReserveSend, SendNotice, SendPin
from domain.contracts.people import Destination
from domain.contracts.staff import RetrySubmission
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Language, TaskQueue
from domain.references import from_digest
from starter.client.activations import Activations
from tests.workflows.engine import World
from workflows import calls
from workflows.activation import Activation

_NOTICES = 500
_IN_BULK = 20
_FEW = 40
"""Far above the 5 to 15 that were measured, far below what waits."""
_PACE = 10.0
"""SMS in a second, as `sms.per_second` is by default."""


@workflow.defn
class Crowd:
    """Sends notices to many, as they do whose activations end at the same time."""

    @workflow.run
    async def run(self) -> None:
        requests = [
            SendNotice(
                reference="A-7K3F-92QD",
                notice_no=number,
                notice=NoticeKind.GO_ON,
                destination=Destination(channel=Channel.SMS, to="+306900000000"),
                language=Language.EL,
            )
            for number in range(_NOTICES)
        ]
        await asyncio.gather(*(calls.send_notice(each, lambda _: None) for each in requests))


def drawn() -> str:
    return from_digest(secrets.token_bytes(5))


async def until_scheduled(client: Client, workflow_id: str, count: int = 1) -> None:
    async with asyncio.timeout(30):
        while True:
            described = await client.get_workflow_handle(workflow_id).describe()
            if len(described.raw_description.pending_activities) >= count:
                return
            await asyncio.sleep(0.1)


async def test_a_code_is_sent_before_notices_and_a_retry_of_many(
    client: Client, world: World
) -> None:
    activations = Activations(client)

    async def begun(reference: str) -> None:
        assert await activations.start(ActivationStart(reference=reference, mobile="+306912345678"))

    def worker(queue: TaskQueue, pace: float | None = None) -> Worker:
        served = [Activation, Crowd] if queue is TaskQueue.MAIN else []
        return Worker(
            client,
            task_queue=queue,
            activities=world.all(),
            workflows=served,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_task_queue_activities_per_second=pace,
        )

    many, student = [drawn() for _ in range(_IN_BULK)], drawn()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(worker(TaskQueue.MAIN))
        crowd = await client.start_workflow(Crowd.run, id=drawn(), task_queue=TaskQueue.MAIN)
        for reference in many:
            await begun(reference)
        await until_scheduled(client, crowd.id, _NOTICES)
        for reference in many:
            await until_scheduled(client, reference)
            retry = RetrySubmission(
                submission_id=secrets.token_hex(8), received_at=datetime.now(UTC), of_many=True
            )
            await client.get_workflow_handle(reference).execute_update("retry", retry)
        await stack.enter_async_context(worker(TaskQueue.SMS, _PACE))
        async with asyncio.timeout(60):
            while not world.made(SendNotice):  # noqa: ASYNC110 - a worker notes it
                await asyncio.sleep(0.02)
            await begun(student)
            while student not in {each.reference for each in world.made(SendPin)}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    kinds = [(type(each), getattr(each, "reference", None)) for each in world.calls]
    asked, sent = kinds.index((ReserveSend, student)), kinds.index((SendPin, student))
    before = [kind for kind, _ in kinds[asked:sent] if kind in (SendNotice, SendPin)]
    assert len(before) <= _FEW
    assert len(world.made(SendNotice)) < _NOTICES
    assert not {each.reference for each in world.made(SendPin)} & {*many}
