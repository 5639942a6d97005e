"""The student who has left, the worker who is away, and the registrar's later word."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.contracts.account_io import ProvisionAccount, RecordConsent
from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind, SendNotice, SendPin
from domain.contracts.people import FindStudent
from domain.contracts.pin_io import CheckPin
from domain.contracts.submissions import ConsentSubmission, PinSubmission, Policy, ResendRequest
from domain.contracts.views import Progress, Verdict
from domain.contracts.vocabulary import ActivityName, Choice, FailureType, Step, WaitReason, Waker
from tests.workflows.conftest import Begin, working
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student

MARRIED = PERSON.model_copy(update={"last_name_el": "Παπαδάκη", "last_name_latin": "Papadaki"})
READ_AGAIN = Policy(registrar_fresh_for=timedelta())


def notices(world: World) -> list[NoticeKind]:
    return [call.notice for call in world.made(SendNotice)]


async def asks(student: Student) -> Verdict:
    request = ResendRequest(channel=Channel.SMS, **await student.stamp())
    return (await student.submit("resend_pin", request)).verdict


async def found_late(
    begin: Begin, world: World, still: dict[ActivityName, int] | None = None
) -> tuple[Student, Progress]:
    """Begin while the registrar is away for longer than a code lives."""
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 900}, FailureType.REGISTRAR_DOWN
    student = await begin()
    await student.environment.sleep(timedelta(minutes=11))
    waiting = await student.progress()
    world.failing, world.failure = {} if still is None else still, FailureType.LEDGER_DOWN
    return student, waiting


# --- after an outage of the registrar ----------------------------------------------------------


async def test_after_a_look_up_of_hours_a_code_is_sent_only_when_it_is_asked_for(
    begin: Begin, world: World
) -> None:
    student, waiting = await found_late(begin, world)
    found = await student.reaches(Step.PIN)
    await student.environment.sleep(timedelta(minutes=1))
    guess = await student.pin(pin_of(1))

    asked = await asks(student)
    sent = await student.sent()

    assert (waiting.wait_reason, waiting.woken_by) == (WaitReason.REGISTRAR_DOWN, Waker.ENGINE)
    assert found.pin is not None
    assert (found.pin.on_request, found.pin.expires_at) == (True, None)
    assert notices(world) == [NoticeKind.GO_ON]
    assert guess.verdict is Verdict.EXPIRED
    assert asked is Verdict.ACCEPTED
    assert sent.pin is not None
    assert not sent.pin.on_request
    (message,) = world.made(SendPin)
    assert (await student.pin(pin_of(message.code_no))).verdict is Verdict.ACCEPTED


async def test_an_invitation_that_waits_for_the_ledger_is_waited_for_no_longer_than_that(
    begin: Begin, world: World
) -> None:
    student, _ = await found_late(begin, world, {ActivityName.RESERVE_SEND: 900})
    away = await student.until(lambda now: now.wait_reason is WaitReason.LEDGER_DOWN)
    world.failing = {}

    back = await student.until(lambda now: now.wait_reason is WaitReason.WAITING_PIN)

    assert (away.step, back.step) == (Step.PIN, Step.PIN)
    assert back.deadline_at is not None
    await student.until(lambda _: notices(world) == [NoticeKind.GO_ON])


async def test_who_has_had_enough_messages_is_not_invited(begin: Begin, world: World) -> None:
    student, _ = await found_late(begin, world)
    world.not_before = await student.environment.get_current_time() + timedelta(days=1)

    await student.reaches(Step.PIN)
    await student.environment.sleep(timedelta(minutes=1))

    assert (notices(world), world.made(SendPin)) == ([], [])


# --- reminders -----------------------------------------------------------------------------------


async def test_who_stops_half_way_is_reminded_once(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)

    await student.environment.sleep(timedelta(hours=23))
    silent = notices(world)
    await student.environment.sleep(timedelta(hours=2))
    reminded = notices(world)
    await student.consent()

    assert (silent, reminded) == ([], [NoticeKind.REMINDER])
    assert await student.end() is Step.EXPIRED
    assert notices(world) == [NoticeKind.REMINDER]
    (reminder,) = world.made(SendNotice)
    assert reminder.destination.to == PERSON.sms_to


async def test_who_left_at_night_is_reminded_in_the_morning(
    begin: Begin, world: World, environment: WorkflowEnvironment
) -> None:
    now = await environment.get_current_time()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    student = await begin(utc_offset=midnight + timedelta(hours=2) - now)  # It is two o'clock.
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)

    await environment.sleep(timedelta(hours=30.9))
    at_night = notices(world)
    await environment.sleep(timedelta(hours=0.2))

    assert (at_night, notices(world)) == ([], [NoticeKind.REMINDER])


async def test_who_proves_the_contact_late_is_reminded_all_the_same(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(hours=25))
    await asks(student)
    await student.environment.sleep(timedelta(seconds=5))
    await student.pin(pin_of(2))
    await student.until(lambda now: now.review is not None)
    unproved = notices(world)

    await student.environment.sleep(timedelta(hours=49))

    assert (unproved, notices(world)) == ([], [NoticeKind.REMINDER])


async def test_a_contact_nobody_proved_is_not_reminded(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()

    assert await student.end() is Step.EXPIRED
    assert notices(world) == []


async def test_reminders_can_be_switched_off(begin: Begin, world: World) -> None:
    student = await begin(policy=Policy(remind_after=None))
    await student.sent()
    await student.pin()

    assert await student.end() is Step.EXPIRED
    assert notices(world) == []


# --- no worker -----------------------------------------------------------------------------------


async def test_of_what_was_said_while_no_worker_listened_the_last_counts(
    begin_without_worker: Begin, environment: WorkflowEnvironment, world: World
) -> None:
    student = await begin_without_worker()
    async with working(environment.client, world, max_cached_workflows=0):
        await student.sent()
        await student.pin()
        review = (await student.until(lambda now: now.review is not None)).review
    assert review is not None
    for choices in ((), (Choice.RECOVERY_EMAIL,)):
        agreed = ConsentSubmission(
            shown_hash=review.shown_hash, choices=choices, **await student.stamp()
        )
        await student.handle.signal("give_consent", agreed)

    async with working(environment.client, world):
        await student.reaches(Step.PASSWORD)

    assert [row.choices for row in world.made(RecordConsent)] == [(Choice.RECOVERY_EMAIL,)]


# --- the registrar's last word -----------------------------------------------------------------


async def test_who_is_no_student_any_more_gets_no_account(begin: Begin, world: World) -> None:
    student = await begin(policy=READ_AGAIN)
    await student.agrees()
    world.persons = ()

    await student.password()
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    made = world.made(ProvisionAccount)
    await student.retries()
    still = await student.reaches(Step.NEEDS_SUPPORT)
    asked = len(world.made(FindStudent))
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN
    await student.retries()
    await student.parks(FindStudent, asked + 1)
    world.persons = (PERSON,)
    await student.retries()

    assert (waiting.wait_reason, waiting.woken_by) == (WaitReason.NO_LONGER_ENROLLED, Waker.STAFF)
    assert made == []
    assert still.wait_reason is WaitReason.NO_LONGER_ENROLLED
    assert await student.end() is Step.ACTIVE


async def test_details_that_changed_are_shown_and_agreed_to_anew(
    begin: Begin, world: World
) -> None:
    student = await begin(policy=READ_AGAIN)
    await student.agrees()
    world.persons = (MARRIED,)

    await student.password()
    review = await student.until(lambda now: now.step is Step.REVIEW and now.review is not None)
    await student.consent()
    await student.password()

    assert review.review is not None
    assert "Παπαδάκη" in review.review.name_el
    assert await student.end() is Step.ACTIVE
    assert [made.person for made in world.made(ProvisionAccount)] == [MARRIED]


@pytest.mark.parametrize("published", [True, False])
async def test_an_older_enrolment_that_is_published_or_withdrawn_meanwhile_ends_nobodys_studies(
    begin: Begin, world: World, published: bool
) -> None:
    """It changes the person's key, which is that of the first enrolment there ever was."""
    ended = PERSON.enrolments[0].model_copy(update={"registration_id": "1999/1"})
    older = PERSON.model_copy(
        update={"person_key": "older", "other_keys": PERSON.keys, "former": (ended,)}
    )
    before, after = (PERSON, older) if published else (older, PERSON)
    world.persons = (before,)
    student = await begin(policy=READ_AGAIN)
    await student.agrees()
    world.persons = (after,)

    await student.password()

    assert await student.end() is Step.ACTIVE
    assert [made.person for made in world.made(ProvisionAccount)] == [after]


async def test_a_registrar_that_is_away_holds_up_no_account(begin: Begin, world: World) -> None:
    student = await begin(policy=READ_AGAIN)
    await student.agrees()
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 1}, FailureType.REGISTRAR_DOWN

    await student.password()

    assert await student.end() is Step.ACTIVE


# --- what nobody foresaw -------------------------------------------------------------------------


async def test_a_check_of_the_code_that_cannot_be_made_waits_with_support(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    world.failing, world.permanent = {ActivityName.CHECK_PIN: 2}, True
    world.failure = FailureType.CONFIGURATION

    answer = await student.pin()
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()
    await student.parks(CheckPin, 2)
    await student.retries()

    assert answer.verdict is Verdict.ACCEPTED
    assert waiting.wait_reason is WaitReason.CONFIGURATION
    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


async def test_a_run_cancelled_while_it_checks_a_code_closes(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    world.failing, world.failure = {ActivityName.CHECK_PIN: 400}, FailureType.LEDGER_DOWN
    await student.handle.signal("submit_pin", PinSubmission(pin=pin_of(1), **await student.stamp()))
    await student.until(lambda now: now.wait_reason is WaitReason.LEDGER_DOWN)

    await student.handle.cancel()

    assert await student.end() is Step.CANCELLED
