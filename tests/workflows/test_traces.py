"""Whole activations under random students, staff and outages, and through a week without a part.

The test server lets time pass in a moment. Each trace is drawn from its seed and can be repeated.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from domain.contracts.account_io import ProvisionAccount, RecordConsent
from domain.contracts.channels import Channel
from domain.contracts.staff import CancelSubmission
from domain.contracts.submissions import DisputeSubmission, ResendRequest, WithdrawSubmission
from domain.contracts.views import Progress
from domain.contracts.vocabulary import ActivityName, Detail, FailureType, Step, WaitReason, Waker
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student
from workflows.steps import ENDS, REASONS, deadline_runs, woken_by

FOR_EVER = 1_000_000
STEPS_OF_A_TRACE = 25
# One student whose insurance number is known, one who is asked for it; `make test-long`: more.
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))]
# Codes are compared without any system; each step may wait for these reasons.
ANYWHERE = [FailureType.LEDGER_DOWN, FailureType.CONFIGURATION]
SYSTEMS = [name for name in ActivityName if name is not ActivityName.CHECK_PIN]

Act = Callable[[], Awaitable[object]]


class Trace:
    """A student, staff and systems that do anything at any time."""

    def __init__(self, seed: int, student: Student, world: World) -> None:
        self.random = Random(seed)  # noqa: S311 - a trace must be repeatable
        self.student = student
        self.world = world

    async def step(self) -> None:
        act = self.random.choice(self.acts())
        try:
            await act()
        except (RPCError, WorkflowUpdateFailedError):
            # Nobody answers once it has ended.
            assert (await self.student.progress()).step in ENDS

    def acts(self) -> list[Act]:
        one = self.student
        return [
            *[self.goes_on] * 4,
            self.time_passes,
            self.part_fails,
            self.parts_return,
            lambda: one.pin(pin_of(9)),
            lambda: self.says(
                "resend_pin", ResendRequest, channel=self.random.choice([*Channel.all()])
            ),
            lambda: self.says("dispute", DisputeSubmission, wrong=(Detail.NAME,)),
            lambda: self.says("withdraw", WithdrawSubmission),
            one.retries,
            lambda: one.consent("of something else"),
        ]

    async def goes_on(self) -> None:
        """Do what the student's page asks for."""
        now = await self.student.progress()
        if now.pin and now.pin.on_request:
            await self.says("resend_pin", ResendRequest, channel=now.pin.channel)
        elif asked := await self.student.answer_to(now):
            await self.student.submit(*asked)

    async def says(self, name: str, kind: type, **words: object) -> None:
        await self.student.submit(name, kind(**words, **await self.student.stamp()))

    async def time_passes(self) -> None:
        seconds = self.random.choice([1, 61, 601, 3601])
        await self.student.environment.sleep(timedelta(seconds=seconds))

    async def part_fails(self) -> None:
        self.world.failing[self.random.choice(SYSTEMS)] = FOR_EVER
        self.world.failure = self.random.choice(ANYWHERE)

    async def parts_return(self) -> None:
        self.world.failing.clear()


def stands_by_the_table(now: Progress) -> None:
    assert now.wait_reason in REASONS[now.step]
    assert (now.deadline_at is not None) == deadline_runs(now.step, now.wait_reason)
    assert now.woken_by is woken_by(now.step, now.wait_reason)
    assert now.woken_by or now.step in ENDS


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_happens_it_ends_or_says_why_not(
    begin: Begin, world: World, seed: int
) -> None:
    number = None if seed % 2 else PERSON.insurance_number
    world.persons = (PERSON.model_copy(update={"insurance_number": number}),)
    student = await begin()
    trace = Trace(seed, student, world)
    now = await student.progress()
    for _ in range(STEPS_OF_A_TRACE):
        if now.step not in ENDS:
            await trace.step()
            now = await student.progress()
            stands_by_the_table(now)

    await trace.parts_return()
    for _ in range(12):
        now = await student.progress()
        if now.step in ENDS:
            break
        if now.step is Step.NEEDS_SUPPORT or now.wait_reason is WaitReason.DATA_DISPUTED:
            await student.retries()
        await trace.goes_on()
        await student.environment.sleep(timedelta(minutes=61))
    if now.step not in ENDS:
        await trace.says("cancel", CancelSubmission)

    end = await student.end()
    calls = [type(call) for call in world.calls]
    assert end in {Step.ACTIVE, Step.EXPIRED, Step.CANCELLED}
    if ProvisionAccount in calls:
        assert RecordConsent in calls[: calls.index(ProvisionAccount)]
    assert (end is Step.ACTIVE) <= (ProvisionAccount in calls)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "away",
    [
        ActivityName.FIND_STUDENT,
        ActivityName.RESERVE_SEND,
        ActivityName.CLAIM_PERSON,
        ActivityName.RECORD_INSURANCE,
        ActivityName.RECORD_CONSENT,
        ActivityName.PROVISION_ACCOUNT,
        ActivityName.CLOSE_ACTIVATION,
    ],
)
async def test_a_week_without_a_part_loses_nothing_and_asks_nothing_twice(
    begin: Begin, world: World, away: ActivityName
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    world.failing[away], world.pause = FOR_EVER, timedelta(hours=2)
    student = await begin()
    trace = Trace(0, student, world)
    asked: list[Step] = []
    while (now := await student.until(is_somebodys_turn)).woken_by:
        if now.woken_by is Waker.ENGINE:
            await student.environment.sleep(timedelta(days=7))
            await trace.parts_return()
            await student.until(lambda now: now.woken_by is not Waker.ENGINE)
        else:
            asked.append(now.step)
            await trace.goes_on()
    if world.failing:
        await student.environment.sleep(timedelta(days=7))
        await trace.parts_return()

    assert await student.end() is Step.ACTIVE
    # After a week without the registrar a code is asked for before it is typed.
    first = [Step.PIN] if away is ActivityName.FIND_STUDENT else []
    assert asked == [*first, Step.PIN, Step.INSURANCE, Step.REVIEW, Step.PASSWORD]


def is_somebodys_turn(now: Progress) -> bool:
    if now.step is Step.PIN and now.woken_by is Waker.STUDENT:
        return now.pin is not None and (now.pin.on_request or now.pin.expires_at is not None)
    return now.step in ENDS or now.wait_reason is not None
