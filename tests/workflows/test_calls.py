"""Which part a failure is laid to."""

import pytest
from temporalio import exceptions, workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    RetryState,
    TimeoutType,
)

from domain.contracts.account_io import Closed
from domain.contracts.vocabulary import ActivityName, FailureType, TaskQueue, WaitReason
from workflows.failures import reason_of
from workflows.results import ForgedResult, read_result


def window_ended(last: BaseException | None) -> ActivityError:
    """Return what a window's end looks like: a time-out whose cause is the last failure."""
    ended = ActivityError(
        "Activity task timed out",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="any",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    timeout = exceptions.TimeoutError(
        "", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]
    )
    timeout.__cause__ = last
    ended.__cause__ = timeout
    return ended


@pytest.mark.parametrize("kind", FailureType)
def test_the_last_failure_of_a_window_says_which_part_is_away(kind: FailureType) -> None:
    last = ApplicationError("away", type=kind)
    reason = reason_of(window_ended(last), ActivityName.CHECK_PIN, TaskQueue.MAIN)
    assert reason == WaitReason(kind.value)
    assert reason_of(last, ActivityName.CHECK_PIN, TaskQueue.MAIN) == reason


@pytest.mark.parametrize(
    ("name", "queue", "reason"),
    [
        (ActivityName.SEND_PIN, TaskQueue.SMS, WaitReason.SMS_DOWN),
        (ActivityName.SEND_PIN, TaskQueue.MAIL, WaitReason.MAIL_DOWN),
        (ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY, WaitReason.DIRECTORY_DOWN),
        (ActivityName.FIND_STUDENT, TaskQueue.MAIN, WaitReason.REGISTRAR_DOWN),
        (ActivityName.CLAIM_PERSON, TaskQueue.MAIN, WaitReason.LEDGER_DOWN),
    ],
)
@pytest.mark.parametrize("last", [None, ApplicationError("?", type="SomethingElse")])
def test_silence_is_laid_to_the_part_behind_the_queue(
    name: ActivityName, queue: TaskQueue, reason: WaitReason, last: BaseException | None
) -> None:
    assert reason_of(window_ended(last), name, queue) is reason


@pytest.mark.parametrize(
    "error",
    [
        ApplicationError("a bug", type="ValueError", non_retryable=True),
        CancelledError("cancelled"),
    ],
)
def test_what_waiting_cannot_mend_is_raised(error: FailureError) -> None:
    with pytest.raises(type(error)):
        reason_of(error, ActivityName.CHECK_PIN, TaskQueue.MAIN)


@pytest.mark.parametrize(
    "result",
    [
        None,
        RawValue(Payload(metadata={"encoding": b"binary/refused"})),
        RawValue(Payload(metadata={"encoding": b"binary/null"})),
    ],
)
def test_a_result_that_is_none_is_forged(
    result: RawValue | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "payload_converter", PydanticPayloadConverter)
    with pytest.raises(ForgedResult):
        read_result(result, Closed)
