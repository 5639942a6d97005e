"""What the ledger kept while Temporal was away is mailed later, once, whoever looks after it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.desk import DeskActivities, OutboxActivities
from domain.contracts.vocabulary import Language, TaskQueue, answer_workflow_id, support_workflow_id
from ledger import support_requests
from ledger.support_requests import HelpRequest
from postgres import Pool, connect
from security.purposes import User
from starter.client import outbox as kept
from tests.sandbox import sandbox
from tests.stack import TestStack
from workflows import outbox
from workflows.outbox import Outbox
from workflows.support_request import SupportAnswer
from workflows.support_request import SupportRequest as Mailing


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await connect(stack.ledger_dsn) as pool:
        yield pool
    stack.end_runs()


async def asked(pool: Pool, stack: TestStack) -> HelpRequest:
    """Keep a request of more than a minute ago, which nobody handed over."""
    number = secrets.token_hex(16)
    mail = f"{number}@mail.example"
    request = HelpRequest(number, None, None, Language.EL, "Μαρία", mail, "Γεια")
    await support_requests.put(pool, stack.keys, request)
    await pool.execute(
        "UPDATE support_request SET created_at = now() - interval '61 seconds' WHERE id = $1",
        number,
    )
    return request


async def answered(pool: Pool, stack: TestStack) -> HelpRequest:
    """Keep one whose answer nobody handed over."""
    request = await asked(pool, stack)
    await support_requests.mailed(pool, request.id)
    await support_requests.settle(
        pool, stack.keys, request.id, by="anna", settled_id="1", answer="Καλημέρα"
    )
    await pool.execute(
        "UPDATE support_request SET settled_at = now() - interval '61 seconds' WHERE id = $1",
        request.id,
    )
    return request


async def test_requests_and_answers_left_behind_are_mailed_once(
    stack: TestStack, client: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(outbox, "_ROUNDS", 2)
    await pool.execute("DELETE FROM support_request")
    request, answer = await asked(pool, stack), await answered(pool, stack)
    mails = DeskActivities(pool=pool, keys=stack.keys_of(User.MESSAGING), settings=stack.settings)
    for _ in range(2):  # As two workers do.
        await kept.start_outbox(client)
    handle = client.get_workflow_handle(kept.WORKFLOW_ID)
    first = (await handle.describe()).run_id
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            activities=OutboxActivities(pool=pool).all(),
            workflows=[Outbox, Mailing, SupportAnswer],
            workflow_runner=sandbox(),
        ),
        Worker(client, task_queue=TaskQueue.MAIL, activities=mails.all()),
        asyncio.timeout(60),
    ):
        while (await handle.describe()).run_id == first or await left(pool):  # noqa: ASYNC110 - at Temporal
            await asyncio.sleep(0.1)
        for workflow_id in (support_workflow_id(request.id), answer_workflow_id(answer.id)):
            await client.get_workflow_handle(workflow_id).result()
    await mails.close()
    letters = stack.messages(stack.settings.institution.support_email)
    assert len([each for each in letters if request.reply_to in str(each)]) == 1
    assert len(stack.messages(answer.reply_to)) == 1


async def left(pool: Pool) -> bool:
    behind = await support_requests.left_behind(pool)
    return bool(behind or await support_requests.answers_left_behind(pool))


async def test_with_temporal_away_a_worker_goes_on_asking_for_it() -> None:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    await kept.start_outbox(nowhere)
