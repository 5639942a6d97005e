"""What a portal lets through keeps a history far below Temporal's limits, whatever is sent."""

from collections.abc import Awaitable, Callable

import pytest

from domain.contracts.requests import Provisioned, ProvisionOutcome
from domain.contracts.submissions import DisputeSubmission, Submission, WithdrawSubmission
from domain.contracts.vocabulary import Detail, PasswordRefusal, Step, WaitReason
from starter.portal.limits import MOST_ANSWERS
from tests.workflows.conftest import Begin
from tests.workflows.engine import World
from tests.workflows.student import Student

MOST_EVENTS = 1000
_REFUSED = Provisioned(
    outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.USED_BEFORE
)

Answers = Callable[[Student], Awaitable[None]]


async def _hand_in(student: Student, door: str, submission: Submission) -> None:
    """Hand in by both doors, as a portal does whose update brought no answer in time."""
    await student.submit(door, submission)
    await student.handle.signal(door, submission)


async def _passwords(student: Student) -> None:
    await student.agrees()
    for _ in range(MOST_ANSWERS - 2):
        await student.reaches(Step.PASSWORD)
        await _hand_in(student, "submit_password", await student.sealed())
    await student.reaches(Step.PASSWORD)


async def _disputes(student: Student) -> None:
    await student.sent()
    await student.pin()
    for _ in range(MOST_ANSWERS // 2):
        await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
        dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
        await _hand_in(student, "dispute", dispute)
        await student.until(lambda now: now.wait_reason is WaitReason.DATA_DISPUTED)
        await _hand_in(student, "withdraw", WithdrawSubmission(**await student.stamp()))


async def _guesses(student: Student) -> None:
    await student.sent()
    for _ in range(MOST_ANSWERS):
        await _hand_in(student, "submit_pin", await student.typed("999999"))


@pytest.mark.parametrize("answers", [_passwords, _disputes, _guesses])
async def test_the_history_stays_short(begin: Begin, world: World, answers: Answers) -> None:
    world.provisioned = [_REFUSED] * MOST_ANSWERS
    student = await begin()
    await answers(student)
    history = await student.handle.fetch_history()
    assert len(history.events) < MOST_EVENTS
