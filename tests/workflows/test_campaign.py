"""A campaign sends batch after batch until the ledger says that it is over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.contracts.campaigns import (
    CampaignEnded,
    InvitationBatch,
    InvitationsSent,
    NextInvitations,
    Recipient,
    RunCampaign,
    SendInvitations,
    StopCampaign,
)
from domain.contracts.channels import Channel
from domain.contracts.people import Destination
from domain.contracts.vocabulary import (
    CAMPAIGN_WORKFLOW,
    STOP_CAMPAIGN,
    ActivityName,
    FailureType,
    Language,
    TaskQueue,
    campaign_workflow_id,
)
from tests.workflows.conftest import replays
from workflows import campaign
from workflows.campaign import Campaign

OVER = InvitationBatch(over=True)
UNTIL = datetime(2026, 11, 30, 19, tzinfo=UTC)
Choose = Callable[[NextInvitations], InvitationBatch]
Send = Callable[[SendInvitations], InvitationsSent]


def recipient(number: int, channel: Channel = Channel.SMS) -> Recipient:
    to = f"+3069{number:08}" if channel is Channel.SMS else f"s{number}@mail.example"
    destination = Destination(channel=channel, to=to)
    return Recipient(invitation=number, destination=destination, language=Language.EL)


def batch(*numbers: int, **more: object) -> InvitationBatch:
    return InvitationBatch(recipients=tuple(map(recipient, numbers))).model_copy(update=more)


@asynccontextmanager
async def campaigning(client: Client, choose: Choose, send: Send | None) -> AsyncIterator[None]:
    @activity.defn(name=ActivityName.NEXT_INVITATIONS)
    async def next_invitations(request: NextInvitations) -> InvitationBatch:
        return choose(request)

    @activity.defn(name=ActivityName.SEND_INVITATIONS)
    async def send_invitations(request: SendInvitations) -> InvitationsSent:
        if send is None:
            return await asyncio.Future()
        return send(request)

    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            activities=[next_invitations],
            workflows=[Campaign],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
        Worker(client, task_queue=TaskQueue.SMS, activities=[send_invitations]),
        Worker(client, task_queue=TaskQueue.MAIL, activities=[send_invitations]),
    ):
        yield


async def started(client: Client, *given: object) -> WorkflowHandle[object, CampaignEnded]:
    await client.start_workflow(
        CAMPAIGN_WORKFLOW,
        args=given or [RunCampaign(campaign="c1")],
        id=campaign_workflow_id("c1"),
        task_queue=TaskQueue.MAIN,
    )
    return client.get_workflow_handle(campaign_workflow_id("c1"), result_type=CampaignEnded)


async def ended(environment: WorkflowEnvironment, *given: object) -> None:
    handle = await started(environment.client, *given)
    await environment.sleep(timedelta(hours=3))
    assert await handle.result() == CampaignEnded()
    await replays(environment.client, Campaign, handle)


def in_turn(answers: Iterator[InvitationBatch], asked: list[NextInvitations]) -> Choose:
    def choose(request: NextInvitations) -> InvitationBatch:
        asked.append(request)
        return next(answers, OVER)

    return choose


async def test_each_batch_is_sent_by_channel_run_after_run(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "_BATCHES", 2)
    mixed = (recipient(3), recipient(4, Channel.EMAIL), recipient(5))
    answers = iter(
        [
            batch(1, 2, per_minute=30, until=UNTIL),
            InvitationBatch(),
            InvitationBatch(recipients=mixed, reminder=True),
        ]
    )
    asked: list[NextInvitations] = []
    sent: list[SendInvitations] = []

    def send(request: SendInvitations) -> InvitationsSent:
        assert {activity.info().task_queue} == {
            each.destination.channel.queue for each in request.recipients
        }
        sent.append(request)
        return InvitationsSent(sent=len(request.recipients))

    async with campaigning(environment.client, in_turn(answers, asked), send):
        await ended(environment)
    assert [[each.invitation for each in one.recipients] for one in sent] == [[1, 2], [4], [3, 5]]
    assert (sent[0].per_minute, sent[0].until, sent[0].reminder) == (30, UNTIL, False)
    assert sent[-1].reminder
    assert {each.most for each in asked} == {campaign._AT_ONCE}


async def test_during_an_outage_one_student_at_a_time_is_tried(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "_BATCHES", 4)
    failing = 9
    asked: list[NextInvitations] = []
    at: list[float] = []

    def choose(request: NextInvitations) -> InvitationBatch:
        asked.append(request)
        # In between, a batch of whom nobody is left to send to tells nothing of the gateway.
        return OVER if len(at) == failing + 2 else batch(*([1] if len(asked) != 3 else []))

    def send(_: SendInvitations) -> InvitationsSent:
        at.append(activity.info().scheduled_time.timestamp())
        if len(at) <= failing:
            raise ApplicationError("away", type=FailureType.SMS_DOWN)
        return InvitationsSent(sent=1)

    async with campaigning(environment.client, choose, send):
        await ended(environment)
    most = [each.most for each in asked]
    assert (most[0], {*most[1 : failing + 2]}) == (campaign._AT_ONCE, {1})
    assert most[failing + 2 :] == [campaign._AT_ONCE] * 2
    waited = [later - before for before, later in pairwise(at)]
    assert waited[0] >= 5
    assert all(rest < 330 for rest in waited)
    assert waited[failing - 1] >= 300


async def test_a_stop_ends_a_rest_of_days_at_once(environment: WorkflowEnvironment) -> None:
    asked: list[NextInvitations] = []
    answers = iter([InvitationBatch(wait=timedelta(days=7))])

    def send(_: SendInvitations) -> InvitationsSent:
        raise AssertionError

    async with campaigning(environment.client, in_turn(answers, asked), send):
        handle = await started(environment.client)
        await environment.sleep(timedelta(minutes=1))
        await handle.signal(STOP_CAMPAIGN, StopCampaign())
        assert await handle.result() == CampaignEnded()
        told = await handle.describe()
    assert told.close_time
    assert told.close_time - told.start_time < timedelta(hours=1)
    assert len(asked) == 2


async def test_a_cancelled_run_ends_and_is_no_outage(environment: WorkflowEnvironment) -> None:
    async with campaigning(environment.client, lambda _: batch(1), None):
        handle = await started(environment.client)
        async with asyncio.timeout(20):
            while not (await handle.describe()).raw_description.pending_activities:  # noqa: ASYNC110 - the server's
                await asyncio.sleep(0.05)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()


async def test_a_forged_argument_ends_the_run(environment: WorkflowEnvironment) -> None:
    async with campaigning(environment.client, lambda _: OVER, lambda _: InvitationsSent(sent=0)):
        handle = await started(environment.client, "what", "ever")
        with pytest.raises(WorkflowFailureError):
            await handle.result()
