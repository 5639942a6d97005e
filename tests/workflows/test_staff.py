"""What staff do to a run: each act works where it can, and is refused where it cannot."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.contracts.account_io import Claimed, ClaimOutcome, CloseActivation, InsuranceOutcome
from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind, ReserveSend, SendNotice
from domain.contracts.people import Person
from domain.contracts.staff import (
    CancelSubmission,
    HoldSubmission,
    ReleaseSubmission,
    RereadSubmission,
    ResolveSubmission,
    StaffSubmission,
    UnlockSubmission,
)
from domain.contracts.submissions import DisputeSubmission, ResendRequest
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import ActivityName, Detail, FailureType, Step, WaitReason
from tests.workflows.conftest import Begin, working
from tests.workflows.engine import PERSON, World
from tests.workflows.student import Student

HANDLERS: dict[str, type[StaffSubmission]] = {
    "unlock": UnlockSubmission,
    "reread": RereadSubmission,
    "resolve": ResolveSubmission,
    "hold": HoldSubmission,
    "release": ReleaseSubmission,
    "cancel": CancelSubmission,
}


async def staff(student: Student, name: str) -> Verdict:
    answer = await student.submit(name, HANDLERS[name](**await student.stamp()))
    return answer.verdict


async def come_to_the_review(student: Student) -> Progress:
    await student.sent()
    await student.pin()
    return await student.until(lambda now: now.review is not None)


async def disputing(student: Student) -> None:
    await come_to_the_review(student)
    dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
    await student.submit("dispute", dispute)


def renamed(person: Person) -> Person:
    return person.model_copy(update={"last_name_el": "Παπαδάκη"})


async def test_a_lock_is_opened_and_another_code_asked_for(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    refused = await staff(student, "unlock")
    for _ in range(5):
        await student.pin("999999")
    await student.environment.sleep(timedelta(minutes=2))
    asked = ResendRequest(channel=Channel.SMS, **await student.stamp())
    await student.submit("resend_pin", asked)
    await student.until(lambda now: len(world.made(ReserveSend)) > 1 and now.pin is not None)
    for _ in range(5):
        await student.pin("999999")
    locked = await student.progress()

    opened = await staff(student, "unlock")
    now = await student.progress()

    assert refused is Verdict.OUT_OF_STEP
    assert locked.wait_reason is WaitReason.PIN_LOCKED
    assert opened is Verdict.ACCEPTED
    assert (now.step, now.wait_reason) == (Step.PIN, WaitReason.WAITING_PIN)
    assert now.pin is not None
    assert now.pin.locked_until is None


async def test_a_dispute_is_resolved_without_a_change_and_the_student_called_back(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await disputing(student)
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN

    assert await staff(student, "resolve") is Verdict.ACCEPTED
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    await student.consent()
    await student.password()

    assert await student.end() is Step.ACTIVE
    assert NoticeKind.GO_ON in [notice.notice for notice in world.made(SendNotice)]


async def test_a_dispute_stands_until_the_registrar_has_another_word(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await disputing(student)
    unchanged = await staff(student, "reread")
    still = await student.progress()
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN
    away = await staff(student, "reread")
    world.persons = (renamed(PERSON),)
    changed = await staff(student, "reread")
    now = await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)

    assert unchanged is changed is Verdict.ACCEPTED
    assert away is Verdict.AWAY
    assert still.wait_reason is WaitReason.DATA_DISPUTED
    assert now.review is not None
    assert "Παπαδάκη" in now.review.name_el


async def test_the_review_shows_what_the_registrar_has_by_now(begin: Begin, world: World) -> None:
    student = await begin()
    before = await come_to_the_review(student)
    assert await staff(student, "reread") is Verdict.ACCEPTED
    assert (await student.progress()).review == before.review

    world.persons = (renamed(PERSON),)
    assert await staff(student, "reread") is Verdict.ACCEPTED
    now = await student.until(lambda now: now.review is not None and now.review != before.review)

    assert now.review is not None
    assert "Παπαδάκη" in now.review.name_el


async def test_a_reread_takes_nothing_from_the_student(begin: Begin, world: World) -> None:
    """Both came while nobody was there: staff's word does not stand for the student's."""
    student = await begin()
    review = (await come_to_the_review(student)).review
    assert review is not None
    world.silent = frozenset({ActivityName.RECORD_CONSENT})
    await student.handle.signal("reread", RereadSubmission(**await student.stamp()))
    await student.handle.signal("give_consent", await student.agreed(review.shown_hash))
    world.silent = frozenset()

    assert (await student.reaches(Step.PASSWORD)).step is Step.PASSWORD


@pytest.mark.parametrize("conflict", [False, True])
async def test_a_number_that_came_to_the_registrar_need_not_be_typed(
    begin: Begin, world: World, conflict: bool
) -> None:
    insured = PERSON
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    world.insurance = [InsuranceOutcome.BELONGS_TO_ANOTHER]
    student = await begin()
    await student.sent()
    await student.pin()
    await student.reaches(Step.INSURANCE)
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN
    away = await staff(student, "reread")
    unchanged = await staff(student, "reread")
    if conflict:
        await student.insurance()
        await student.reaches(Step.NEEDS_SUPPORT)
        await student.retries()
        await student.reaches(Step.INSURANCE)
    world.persons = (insured,)

    assert away is Verdict.AWAY
    assert unchanged is Verdict.ACCEPTED
    assert await staff(student, "reread") is Verdict.ACCEPTED
    await student.reaches(Step.REVIEW)


async def test_what_is_held_waits_for_staff_and_goes_on_from_where_it_stood(
    begin: Begin, world: World
) -> None:
    del world
    student = await begin()
    await come_to_the_review(student)
    await student.consent()
    held = await staff(student, "hold")
    stands = await student.progress()
    retried = (await student.retries()).verdict
    again = await staff(student, "hold")
    await student.environment.sleep(timedelta(days=9))
    released = await staff(student, "release")
    now = await student.progress()

    assert held is released is Verdict.ACCEPTED
    assert (stands.step, stands.wait_reason) == (Step.NEEDS_SUPPORT, WaitReason.HELD)
    assert stands.deadline_at is None
    assert {retried, again} == {Verdict.OUT_OF_STEP}
    assert (now.step, now.wait_reason) == (Step.PASSWORD, WaitReason.WAITING_PASSWORD)
    assert await staff(student, "release") is Verdict.OUT_OF_STEP
    await student.password()
    assert await student.end() is Step.ACTIVE


async def test_what_a_student_hands_in_while_it_is_held_counts_when_it_goes_on(
    begin_without_worker: Begin, environment: WorkflowEnvironment, world: World
) -> None:
    """Both came while nobody was there: the page said "received", and it was."""
    student = await begin_without_worker()
    async with working(environment.client, world, max_cached_workflows=0):
        await student.agrees()
    await student.handle.signal("hold", HoldSubmission(**await student.stamp()))
    await student.handle.signal("submit_password", await student.sealed())

    async with working(environment.client, world):
        await student.reaches(Step.NEEDS_SUPPORT)
        assert await staff(student, "release") is Verdict.ACCEPTED
        assert await student.end() is Step.ACTIVE


async def test_a_disputed_one_can_be_held_and_cancelled(begin: Begin) -> None:
    student = await begin()
    await disputing(student)

    assert await staff(student, "hold") is Verdict.ACCEPTED
    assert (await student.progress()).wait_reason is WaitReason.HELD
    assert await staff(student, "cancel") is Verdict.ACCEPTED
    assert await student.end() is Step.CANCELLED


async def test_the_engines_own_work_is_not_held(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 9}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.agrees()
    await student.password()

    assert await staff(student, "hold") is Verdict.OUT_OF_STEP
    assert await student.end() is Step.ACTIVE


@pytest.mark.parametrize("outcome", [ClaimOutcome.HELD, ClaimOutcome.ALREADY_ACTIVE])
async def test_a_number_that_came_to_the_registrar_may_be_claimed_by_another_activation(
    begin: Begin, world: World, outcome: ClaimOutcome
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    holder = await begin()
    student = await begin()
    await student.sent()
    await student.pin()
    world.persons = (PERSON,)
    world.claims = [Claimed(outcome=outcome, holder=holder.handle.id, username="maria")]

    assert await staff(student, "reread") is Verdict.ACCEPTED
    assert await student.end() is (
        Step.JOINED if outcome is ClaimOutcome.HELD else Step.ALREADY_ACTIVE
    )
    assert [row.end for row in world.made(CloseActivation)] == [await student.end()]
    await holder.handle.cancel()
