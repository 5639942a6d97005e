"""Support gets one letter a day about what is stuck, in both languages, and none for nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from activities.reports import ReportActivities
from domain.contracts.reports import MailStuckReport
from domain.contracts.vocabulary import WORKFLOW, Step, TaskQueue, WaitReason
from postgres import Pool
from settings.systems import Mail
from support.verbs import stuck_report
from tests.adapters.messaging.test_mail import Relay, relay
from tests.server import namespace_of_its_own
from tests.stack import TestStack
from workflows.search_attributes import REASON, SINCE, STEP

__all__ = ["relay"]

LONG_AGO = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
CONFLICT, DOWN = WaitReason.USERNAME_CONFLICT, WaitReason.DIRECTORY_DOWN
STANDING = [
    ("A-0000-0001", Step.NEEDS_SUPPORT, CONFLICT),
    ("A-0000-0002", Step.PROVISIONING, DOWN),
    ("A-0000-0003", Step.PROVISIONING, DOWN),
    ("A-0000-0004", Step.PIN, WaitReason.WAITING_PIN),
    ("A-0000-0005", Step.NEEDS_SUPPORT, WaitReason.HELD),
]


@pytest.fixture
async def own(client: Client) -> Client:
    return await namespace_of_its_own(client, "reports")


@pytest.fixture
async def reports(
    own: Client, stack: TestStack, pool: Pool, relay: Relay
) -> AsyncIterator[ReportActivities]:
    await pool.execute("DELETE FROM report_sent")
    mail = Mail(host="127.0.0.1", port=relay.port, starttls=False)
    settings = stack.settings.model_copy(update={"mail": mail})
    letter = partial(stuck_report.compose, own, settings)
    made = ReportActivities(pool=pool, settings=settings, stuck_letter=letter)
    yield made
    await made.close()


async def stand(own: Client) -> None:
    for number, (reference, step, reason) in enumerate(STANDING):
        found: list[SearchAttributePair[Any]] = [
            SearchAttributePair(STEP, step.value),
            SearchAttributePair(REASON, reason.value),
            SearchAttributePair(SINCE, LONG_AGO + timedelta(days=number)),
        ]
        await own.start_workflow(
            WORKFLOW,
            id=reference,
            task_queue=str(TaskQueue.MAIN),
            search_attributes=TypedSearchAttributes(found),
        )


async def test_the_mailbox_gets_one_letter_a_day(
    own: Client, reports: ReportActivities, relay: Relay, stack: TestStack, pool: Pool
) -> None:

    async def run() -> int:
        return (await reports.mail_stuck_report(MailStuckReport())).activations

    assert await run() == 0
    assert relay.taken == []
    await stand(own)
    assert await run() == 3
    assert await run() == 0
    (message,) = relay.taken
    assert message["To"] == stack.settings.institution.support_email
    assert str(message["Subject"]) == ("Ενεργοποιήσεις που δεν προχωρούν: 3 / Stuck activations: 3")
    body = message.get_content().replace("\r\n", "\n")
    english = body[body.index("Activations that wait") :]
    counted, oldest = english.split("Those that have waited longest:")
    assert [line[:20] for line in counted.splitlines() if " x " in line] == [
        "2 x DIRECTORY_DOWN: ",
        "1 x USERNAME_CONFLIC",
    ]
    assert "No username can be given. Staff must act, then retry." in counted
    assert "A-0000-0001, since 2026-11-01 08:30: USERNAME_CONFLICT" in oldest
    assert oldest.index("A-0000-0002") < oldest.index("A-0000-0003")
    assert "A-0000-0001, από 2026-11-01 08:30" in body
    assert "A-0000-0004" not in body
    assert "A-0000-0005" not in body
    await pool.execute("UPDATE report_sent SET day = day - 1")
    assert await run() == 3
    assert len(relay.taken) == 2
