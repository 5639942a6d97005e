"""Which outage a task queue's activities wait for that use no system of their own."""

import pytest

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import TaskQueue, WaitReason
from workflows.failures import _reason_of_queue


@pytest.mark.parametrize(
    ("queue", "reason"),
    [
        (TaskQueue.DIRECTORY, WaitReason.DIRECTORY_DOWN),
        (TaskQueue.MAIN, WaitReason.LEDGER_DOWN),
        *((channel.queue, WaitReason(channel.down)) for channel in Channel.all()),
    ],
)
def test_the_outage_of_a_task_queue(queue: str, reason: WaitReason) -> None:
    assert _reason_of_queue(queue) is reason
