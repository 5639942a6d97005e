"""Whoever got a message that they had not asked for stops the activation with its code."""

import asyncio
from datetime import timedelta

import pytest

from domain.contracts.account_io import CloseActivation, Provisioned, ProvisionOutcome
from domain.contracts.message_io import SendNotice
from domain.contracts.pin_io import CheckPin
from domain.contracts.staff import CancelSubmission, HoldSubmission
from domain.contracts.submissions import NotMeSubmission
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import ActivityName, Step, WaitReason
from tests.workflows.conftest import Begin
from tests.workflows.engine import World, pin_of
from tests.workflows.student import Student

RIGHT, WRONG = pin_of(1), "000000"


async def stops(student: Student, pin: str = RIGHT) -> Answer:
    return await student.submit("not_me", NotMeSubmission(pin=pin, **await student.stamp()))


async def is_stopped(student: Student) -> None:
    assert await student.end() is Step.CANCELLED
    now = await student.progress()
    assert (now.step, now.wait_reason) == (Step.CANCELLED, WaitReason.NOT_ME)
    assert student.world.made(CloseActivation)[-1].end is Step.CANCELLED
    assert student.world.made(SendNotice) == []  # Support has not cancelled it.


async def test_a_code_that_nobody_typed_stops_it(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    assert (await stops(student)).verdict is Verdict.ACCEPTED
    await is_stopped(student)


async def stands_at(begin: Begin, world: World, step: Step) -> Student:
    """Give a student whose code was sent, and who has gone on to this step."""
    if step is Step.INSURANCE:
        world.persons = tuple(
            each.model_copy(update={"insurance_number": None}) for each in world.persons
        )
    student = await begin()
    await student.sent()
    if step is Step.PIN:
        return student
    await student.pin()
    if step is not Step.INSURANCE:
        await student.until(lambda now: now.review is not None)
    if step is Step.PASSWORD:
        await student.consent()
    await student.reaches(step)
    return student


@pytest.mark.parametrize("step", [Step.INSURANCE, Step.REVIEW, Step.PASSWORD])
async def test_the_code_that_somebody_else_has_used_stops_it(
    begin: Begin, world: World, step: Step
) -> None:
    student = await stands_at(begin, world, step)
    assert (await stops(student)).verdict is Verdict.ACCEPTED
    await is_stopped(student)


@pytest.mark.parametrize("step", [Step.PIN, Step.REVIEW, Step.PASSWORD])
async def test_an_outage_of_the_ledger_is_waited_for_at_each_step(
    begin: Begin, world: World, step: Step
) -> None:
    student = await stands_at(begin, world, step)
    world.failing = {ActivityName.CHECK_PIN: 10_000}
    waiting = asyncio.ensure_future(stops(student))
    await student.until(lambda now: now.wait_reason is WaitReason.LEDGER_DOWN)
    assert (await student.progress()).step is step
    world.failing = {}
    assert (await waiting).verdict is Verdict.ACCEPTED
    await is_stopped(student)


async def test_an_older_code_stops_it_too(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(hours=5))
    assert (await stops(student)).verdict is Verdict.ACCEPTED
    await is_stopped(student)


async def test_a_wrong_code_changes_nothing_and_the_student_goes_on(
    begin: Begin, world: World
) -> None:
    student = await begin()
    before = await student.sent()
    assert (await stops(student, WRONG)).verdict is Verdict.WRONG
    now = await student.progress()
    assert (now.step, now.wait_reason) == (before.step, before.wait_reason)
    # A replay tells it earlier, by what a local activity took.
    assert now.since <= before.since
    assert now.deadline_at == before.deadline_at
    assert await student.finishes() is Step.ACTIVE
    (asked,) = [each for each in world.made(CheckPin) if each.stops]
    assert asked.pin == WRONG


async def test_what_staff_hold_is_stopped_all_the_same(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)
    await student.submit("hold", HoldSubmission(**await student.stamp()))
    assert (await stops(student, WRONG)).verdict is Verdict.WRONG
    assert (await student.progress()).wait_reason is WaitReason.HELD
    assert (await stops(student)).verdict is Verdict.ACCEPTED
    await is_stopped(student)


async def test_an_account_that_is_being_made_is_made_to_the_end(begin: Begin, world: World) -> None:
    world.failing = {ActivityName.PROVISION_ACCOUNT: 10_000}
    student = await begin()
    await student.agrees()
    await student.password()
    await student.reaches(Step.PROVISIONING)
    answer = await stops(student)
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.progress.step is Step.PROVISIONING
    world.failing = {}
    assert await student.end() is Step.ACTIVE


async def test_what_waits_for_support_is_stopped(begin: Begin, world: World) -> None:
    world.provisioned = [Provisioned(outcome=ProvisionOutcome.CONFLICT)]
    student = await begin()
    await student.agrees()
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)
    assert (await stops(student)).verdict is Verdict.ACCEPTED
    assert await student.end() is Step.CANCELLED


async def test_a_signal_stops_it_as_well(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    stop = NotMeSubmission(pin=RIGHT, **await student.stamp())
    await student.handle.signal("not_me", stop)
    await is_stopped(student)


async def test_while_the_ledger_is_away_staff_may_cancel_and_the_answer_comes_all_the_same(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    world.silent = frozenset({ActivityName.CHECK_PIN})
    asked = asyncio.create_task(stops(student))
    await student.until(lambda _: any(each.stops for each in world.made(CheckPin)))
    cancel = CancelSubmission(**await student.stamp())
    assert (await student.submit("cancel", cancel)).verdict is Verdict.ACCEPTED
    assert (await asked).verdict is Verdict.WRONG
    assert await student.end() is Step.CANCELLED


async def test_after_the_end_nothing_is_compared(begin: Begin, world: World) -> None:
    world.failing = {ActivityName.CLOSE_ACTIVATION: 4}
    student = await begin()
    await student.sent()
    await student.submit("cancel", CancelSubmission(**await student.stamp()))
    await student.reaches(Step.CANCELLED)
    assert (await stops(student)).verdict is Verdict.OUT_OF_STEP
    assert await student.end() is Step.CANCELLED
    assert (await student.progress()).wait_reason is None
    assert [each for each in world.made(CheckPin) if each.stops] == []
