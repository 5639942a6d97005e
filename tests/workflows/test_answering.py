"""An accepted submission of the student is answered when the engine's own work for it is over."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.contracts.account_io import AccountOutcome, AccountResolved, Provisioned
from domain.contracts.account_io import ProvisionOutcome as Made
from domain.contracts.submissions import IdentitySubmission
from domain.contracts.views import Answer, Progress, ProgressRequest, Verdict
from domain.contracts.vocabulary import ActivityName, FailureType, Step, WaitReason, Waker
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World
from tests.workflows.student import Student


async def answered(student: Student) -> list[Answer]:
    """Walk to the end and return every answer on the way."""
    await student.sent()
    answers = [await student.pin()]
    if answers[-1].progress.step is Step.INSURANCE:
        answers.append(await student.insurance())
    answers.append(await student.consent())
    answers.append(await student.password())
    return answers


@pytest.mark.parametrize("number", [None, PERSON.insurance_number])
async def test_no_answer_leaves_the_student_to_ask_again(
    begin: Begin, world: World, number: str | None
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": number}),)
    student = await begin()
    answers = await answered(student)
    assert {answer.verdict for answer in answers} == {Verdict.ACCEPTED}
    assert [answer.progress.woken_by for answer in answers[:-1]] == [Waker.STUDENT] * (
        3 if number is None else 2
    )
    review, end = answers[-3].progress, answers[-1].progress
    assert review.review is not None
    assert (end.step, end.username) == (Step.ACTIVE, "mpapadopoulou")


async def test_who_is_told_apart_has_the_answer_with_the_page_that_follows(begin: Begin) -> None:
    student = await begin(always_ask=True)
    await student.sent()
    asked = (await student.pin()).progress
    assert asked.step is Step.IDENTIFY
    given = IdentitySubmission(answer="0013", **await student.stamp())
    answer = await student.submit("identify", given)
    assert answer.progress.review is not None


@pytest.mark.parametrize(
    ("made", "step"),
    [(Made.PASSWORD_REFUSED, Step.PASSWORD), (Made.USERNAME_TAKEN, Step.REVIEW)],
)
async def test_a_refusal_of_the_directory_is_in_the_answer(
    begin: Begin, world: World, made: Made, step: Step
) -> None:
    world.provisioned = [Provisioned(outcome=made), Provisioned(outcome=Made.ACTIVE)]
    student = await begin()
    await student.agrees()
    answer = await student.password()
    assert (answer.verdict, answer.progress.step) == (Verdict.ACCEPTED, step)
    assert answer.progress.woken_by is Waker.STUDENT


Act = Callable[[Student], Awaitable[Answer]]


@pytest.mark.parametrize(
    ("away", "act"),
    [
        (ActivityName.RESOLVE_ACCOUNT, lambda student: student.pin()),
        (ActivityName.PROVISION_ACCOUNT, lambda student: student.password()),
    ],
)
async def test_what_is_held_up_is_answered_when_that_is_known(
    begin: Begin, world: World, away: ActivityName, act: Act
) -> None:
    world.failing, world.failure = {away: 20}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.sent()
    if away is ActivityName.PROVISION_ACCOUNT:
        await student.agrees()
    answer = await act(student)
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.progress.wait_reason is WaitReason.DIRECTORY_DOWN
    assert answer.progress.woken_by is Waker.ENGINE


async def test_what_waits_for_staff_is_answered_at_once(begin: Begin, world: World) -> None:
    world.accounts = [AccountResolved(outcome=AccountOutcome.CONFLICT)]
    student = await begin()
    await student.sent()
    answer = await student.pin()
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.progress.wait_reason is WaitReason.USERNAME_CONFLICT


async def looked_up(student: Student, *given: object) -> Progress:
    found: Progress = await student.handle.execute_update(
        "look_up", args=given or [ProgressRequest()], result_type=Progress
    )
    return found


@pytest.mark.parametrize(
    ("found", "step", "reason"),
    [(True, Step.PIN, WaitReason.WAITING_PIN), (False, Step.NOT_FOUND, None)],
)
async def test_a_start_is_answered_with_the_page_that_follows(
    begin: Begin, world: World, *, found: bool, step: Step, reason: WaitReason | None
) -> None:
    world.persons = (PERSON,) if found else ()
    student = await begin()
    progress = await looked_up(student)
    assert (progress.step, progress.wait_reason) == (step, reason)
    assert (progress.pin is not None and progress.pin.tries_left > 0) == found


async def test_a_start_whose_code_is_held_back_says_so(begin: Begin, world: World) -> None:
    world.not_before = await world.clock() + timedelta(hours=1)
    student = await begin()
    progress = await looked_up(student)
    assert progress.pin is not None
    assert progress.pin.spent is not None


@pytest.mark.parametrize(
    ("away", "failure", "step"),
    [
        (ActivityName.FIND_STUDENT, FailureType.REGISTRAR_DOWN, Step.LOOKUP),
        (ActivityName.RESERVE_SEND, FailureType.LEDGER_DOWN, Step.PIN),
    ],
)
async def test_a_start_that_is_held_up_is_answered_when_that_is_known(
    begin: Begin, world: World, away: ActivityName, failure: FailureType, step: Step
) -> None:
    world.failing, world.failure = {away: 20}, failure
    student = await begin()
    progress = await looked_up(student)
    assert progress.step is step
    assert progress.woken_by is Waker.ENGINE
    assert progress.wait_reason is not None


@pytest.mark.parametrize("given", [["1"], [ProgressRequest(), ProgressRequest()]])
async def test_a_look_up_of_anybody_else_is_refused(begin: Begin, given: list[object]) -> None:
    student = await begin()
    with pytest.raises(WorkflowUpdateFailedError):
        await looked_up(student, *given)


async def test_each_answer_is_newer_than_those_before(begin: Begin) -> None:
    student = await begin()
    first = await looked_up(student)
    await student.sent()
    answers = [first, *(answer.progress for answer in await answered(student))]
    versions = [progress.version or 0 for progress in answers]
    assert versions == sorted({*versions})
    assert len({progress.run for progress in answers}) == 1


async def test_a_run_that_was_looked_up_needs_no_marker_to_answer_late(begin: Begin) -> None:
    student = await begin()
    await looked_up(student)
    await answered(student)
    await student.end()
    history = await student.handle.fetch_history()
    names = {each.marker_recorded_event_attributes.marker_name for each in history.events}
    assert names == {"", "core_local_activity"}
