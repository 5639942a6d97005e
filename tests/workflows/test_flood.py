"""What a portal lets through keeps a history far below Temporal's limits, whatever is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.contracts.account_io import Provisioned, ProvisionOutcome
from domain.contracts.channels import Channel
from domain.contracts.submissions import (
    DisputeSubmission,
    ResendRequest,
    Submission,
    WithdrawSubmission,
)
from domain.contracts.vocabulary import Detail, PasswordRefusal, Step, WaitReason
from ledger.posts import IN_ALL
from tests.workflows.conftest import Begin
from tests.workflows.engine import World
from tests.workflows.student import Student

MOST_EVENTS = 1000
_REFUSED = Provisioned(
    outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.USED_BEFORE
)
_TURNS = (WaitReason.WAITING_CONSENT, WaitReason.WAITING_PASSWORD)

Answers = Callable[[Student], Awaitable[None]]


async def _hand_in(student: Student, name: str, submission: Submission) -> None:
    """Hand in by both handlers, as a portal does whose update brought no answer in time."""
    async with asyncio.TaskGroup() as both:
        both.create_task(student.submit(name, submission))
        both.create_task(student.handle.signal(name, submission))


async def _passwords(student: Student) -> None:
    await student.agrees()
    for _ in range(IN_ALL - 2):
        await student.reaches(Step.PASSWORD)
        await _hand_in(student, "submit_password", await student.sealed())
    await student.reaches(Step.PASSWORD)


async def _disputes(student: Student) -> None:
    await student.sent()
    await student.pin()
    for _ in range(IN_ALL // 2):
        await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
        dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
        await _hand_in(student, "dispute", dispute)
        await student.until(lambda now: now.wait_reason is WaitReason.DATA_DISPUTED)
        await _hand_in(student, "withdraw", WithdrawSubmission(**await student.stamp()))


async def _guesses(student: Student) -> None:
    await student.sent()
    for _ in range(IN_ALL):
        await _hand_in(student, "submit_pin", await student.typed("999999"))


async def _mixed(student: Student) -> None:
    """Send a little of everything that a page offers, right or not, until no more is taken."""
    await student.sent()
    sent = 0

    async def hand_in(name: str, submission: Submission) -> None:
        nonlocal sent
        if sent < IN_ALL:
            sent += 1
            await _hand_in(student, name, submission)

    for _ in range(4):
        await hand_in("submit_pin", await student.typed("999999"))
        asked = ResendRequest(channel=Channel.SMS, **await student.stamp())
        await hand_in("resend_pin", asked)
        await student.environment.sleep(timedelta(minutes=2))
    await hand_in("submit_pin", await student.typed())
    await hand_in("submit_pin", await student.typed())
    while sent < IN_ALL:
        now = await student.until(lambda now: now.wait_reason in _TURNS)
        if now.wait_reason is WaitReason.WAITING_PASSWORD:
            await hand_in("submit_insurance", await student.insured())
            await hand_in("submit_password", await student.sealed())
            continue
        await hand_in("give_consent", await student.agreed("stale"))
        dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
        await hand_in("dispute", dispute)
        await student.until(lambda now: now.wait_reason is WaitReason.DATA_DISPUTED)
        await hand_in("withdraw", WithdrawSubmission(**await student.stamp()))
        now = await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
        assert now.review is not None
        await hand_in("give_consent", await student.agreed(now.review.shown_hash))


@pytest.mark.parametrize("answers", [_passwords, _disputes, _guesses, _mixed])
async def test_the_history_stays_short(begin: Begin, world: World, answers: Answers) -> None:
    world.provisioned = [_REFUSED] * IN_ALL
    if answers is _mixed:  # A name that is taken leads back to the review, where most is offered.
        world.provisioned = [Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)]
    student = await begin()
    await answers(student)
    history = await student.handle.fetch_history()
    print(f"{answers.__name__}: {len(history.events)} events")  # noqa: T201 - a figure for who runs this
    assert len(history.events) < MOST_EVENTS
