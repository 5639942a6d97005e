"""Patience: what silence means on each queue, and what nobody waits for."""

import pytest
from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutType

from domain.contracts import (
    ActivityName,
    FailureType,
    Step,
    TaskQueue,
    WaitReason,
)
from tests.workflows.conftest import Begin
from tests.workflows.engine import World
from workflows import calls


def timed_out(last: FailureType | None = None) -> ActivityError:
    """Return what the end of a window raises: a time-out, and the last failure if there was one."""
    end = exceptions.TimeoutError(
        "window", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]
    )
    end.__cause__ = ApplicationError("away", type=last) if last else None
    error = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="",
        activity_id="",
        retry_state=None,
    )
    error.__cause__ = end
    return error


@pytest.mark.parametrize(
    ("name", "queue", "reason"),
    [
        (ActivityName.FIND_STUDENT, TaskQueue.MAIN, WaitReason.REGISTRAR_DOWN),
        (ActivityName.RECORD_CONSENT, TaskQueue.MAIN, WaitReason.LEDGER_DOWN),
        (ActivityName.SEND_PIN, TaskQueue.SMS, WaitReason.SMS_DOWN),
        (ActivityName.SEND_PIN, TaskQueue.MAIL, WaitReason.MAIL_DOWN),
        (ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY, WaitReason.DIRECTORY_DOWN),
    ],
)
def test_silence_means_that_the_part_behind_the_queue_is_away(
    name: ActivityName, queue: TaskQueue, reason: WaitReason
) -> None:
    assert calls._reason(timed_out(), name, queue) is reason


def test_the_last_failure_of_a_window_says_which_part_is_away() -> None:
    error = timed_out(FailureType.LEDGER_DOWN)

    reason = calls._reason(error, ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY)

    assert reason is WaitReason.LEDGER_DOWN


async def test_a_silent_registrar_is_away_too(begin: Begin, world: World) -> None:
    world.silent = frozenset({ActivityName.FIND_STUDENT})
    student = await begin()

    waiting = await student.until(lambda now: now.wait_reason is not None)

    assert (waiting.step, waiting.wait_reason) == (Step.LOOKUP, WaitReason.REGISTRAR_DOWN)


async def test_a_notice_that_cannot_be_sent_holds_up_nobody(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.SEND_NOTICE: 1}, FailureType.CONFIGURATION
    world.permanent = True
    student = await begin()

    assert await student.finishes() is Step.ACTIVE


async def test_a_directory_that_refuses_for_good_parks_the_review(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.RESOLVE_ACCOUNT: 1}, FailureType.CONFIGURATION
    world.permanent = True
    student = await begin()
    await student.sent()

    await student.pin()

    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    assert waiting.wait_reason is WaitReason.CONFIGURATION
