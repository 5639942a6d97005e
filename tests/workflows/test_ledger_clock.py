"""The ledger's clock and Temporal's differ by ten minutes, either way: the ledger's decides."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment

from domain.contracts.channels import Channel
from domain.contracts.message_io import SendNotice, SendPin
from domain.contracts.submissions import ResendRequest
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import Step, WaitReason
from tests.workflows.conftest import Begin
from tests.workflows.engine import World
from tests.workflows.student import Student
from workflows.ledger_clock import LedgerClock

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MOMENT = timedelta(seconds=10)


@pytest.fixture(params=[-10 * MINUTE, 10 * MINUTE], ids=["behind", "ahead"])
def apart(
    begin: Begin, world: World, environment: WorkflowEnvironment, request: pytest.FixtureRequest
) -> timedelta:
    """Set the ledger's clock by so much, after `begin` has set it right."""
    del begin
    by: timedelta = request.param

    async def clock() -> datetime:
        return await environment.get_current_time() + by

    world.clock = clock
    return by


async def resend(student: Student) -> Verdict:
    request = ResendRequest(channel=Channel.SMS, **await student.stamp())
    return (await student.submit("resend_pin", request)).verdict


@pytest.mark.usefixtures("apart")
async def test_one_code_is_sent_and_the_page_tells_when_the_next_may_be(
    begin: Begin, world: World
) -> None:
    student = await begin()
    shown = (await student.sent()).pin
    book, _ = world.books[student.handle.id]
    sent_at = book.codes[0].handed_over_at

    assert sent_at is not None
    assert shown is not None
    assert shown.resend_at is not None
    assert shown.expires_at == sent_at + 10 * MINUTE
    assert abs(shown.resend_at - sent_at - MINUTE) < MOMENT
    assert (await student.pin()).verdict is Verdict.ACCEPTED
    assert len(world.made(SendPin)) == 1


@pytest.mark.usefixtures("apart")
async def test_a_spent_limit_ends_when_the_ledger_says(begin: Begin, world: World) -> None:
    world.not_before = await world.clock() + 20 * MINUTE
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)
    world.not_before = None

    await student.environment.sleep(19 * MINUTE)
    early = await resend(student)
    await student.environment.sleep(MINUTE + 2 * MOMENT)
    later = await resend(student)

    assert (early, later) == (Verdict.TOO_SOON, Verdict.ACCEPTED)


@pytest.mark.parametrize("told_of", ["a wrong code", "a message"])
async def test_a_lock_ends_when_the_ledger_says(
    begin: Begin, world: World, apart: timedelta, told_of: str
) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(2 * MINUTE)
    book, _ = world.books[student.handle.id]
    opens = await world.clock() + 20 * MINUTE
    book.locked_until = opens
    verdict = await (resend(student) if told_of == "a message" else typed(student))

    locked = await student.until(lambda now: now.wait_reason is WaitReason.PIN_LOCKED)
    await student.environment.sleep(19 * MINUTE)
    still = await student.progress()
    await student.environment.sleep(MINUTE + 2 * MOMENT)
    opened = await student.progress()

    assert verdict is Verdict.LOCKED
    assert locked.pin is not None
    assert locked.next_try_at is not None
    assert locked.pin.locked_until == opens
    assert abs(locked.next_try_at - (opens - apart)) < MOMENT
    assert still.wait_reason is WaitReason.PIN_LOCKED
    assert opened.wait_reason is WaitReason.WAITING_PIN
    assert (await resend(student)) is Verdict.ACCEPTED


async def typed(student: Student) -> Verdict:
    return (await student.pin("999999")).verdict


@pytest.mark.parametrize("apart", [timedelta(), 10 * MINUTE], indirect=True)
async def test_a_run_whose_worker_was_of_before_goes_on(
    begin: Begin, world: World, apart: timedelta
) -> None:
    """A run that was begun before answers told the time replays, and learns it from the next."""
    world.tells_time = False
    student = await begin()
    untold = (await student.sent()).pin
    world.tells_time = True
    assert (await typed(student)) is Verdict.WRONG
    told = (await student.progress()).pin

    assert told is not None
    assert untold is not None
    assert told.resend_at is not None
    assert untold.resend_at is not None
    assert abs(told.resend_at - untold.resend_at - apart) < MOMENT
    assert (await student.pin()).verdict is Verdict.ACCEPTED


@pytest.mark.usefixtures("apart")
async def test_an_answer_by_signal_is_not_taken_for_an_old_one(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    await student.handle.signal("submit_pin", await student.typed())
    await student.reaches(Step.REVIEW)
    assert world.made(SendNotice) == []


@given(
    ahead=st.integers(-900, 900),
    answers=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 9999)), min_size=1),
)
@example(ahead=0, answers=[(0, 3600)])
@example(ahead=1, answers=[(0, 0)])
@example(ahead=-600, answers=[(1, 1), (0, 3600)])
def test_what_is_learned_is_no_more_than_the_answers_prove(
    ahead: int, answers: list[tuple[int, int]]
) -> None:
    """An answer takes so long until the time is read, and so long until the run has it."""
    clock, now, known = LedgerClock(), START, [timedelta()]
    true = timedelta(seconds=ahead)
    for until_told, until_heard in answers:
        told_at = now + timedelta(seconds=until_told) + true
        asked_at, now = now, now + timedelta(seconds=until_told + until_heard)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workflow, "now", lambda now=now: now)
            clock.learn(told_at, asked_at)
            clock.learn(None, asked_at)
        assert told_at - now - SECOND <= clock.ahead <= told_at - asked_at + SECOND
        known.append(clock.ahead)
    off = [abs(true - each) for each in known]
    assert off == sorted(off, reverse=True)
