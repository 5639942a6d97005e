"""The pin step: sending, resending, other channels, wrong codes and locks."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio import workflow

from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery, ReserveSend, SendPin
from domain.contracts.staff import SendCodeSubmission, UnlockSubmission
from domain.contracts.submissions import PinSubmission, ResendRequest
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import (
    ActivityName,
    FailureType,
    Purse,
    SpentPurse,
    Step,
    WaitReason,
    Waker,
)
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student


async def resend(
    student: Student, channel: Channel = Channel.SMS, answers: tuple[str, ...] = ()
) -> Verdict:
    request = ResendRequest(channel=channel, answers=answers, **await student.stamp())
    return (await student.submit("resend_pin", request)).verdict


async def staff_send(student: Student, channel: Channel = Channel.SMS) -> Verdict:
    request = SendCodeSubmission(channel=channel, **await student.stamp())
    return (await student.submit("send_code", request)).verdict


async def test_a_resend_waits_a_minute_and_repeats_the_code(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()

    early = await resend(student)
    await student.environment.sleep(timedelta(seconds=61))
    later = await resend(student)
    await student.environment.sleep(timedelta(seconds=5))

    assert (early, later) == (Verdict.TOO_SOON, Verdict.ACCEPTED)
    first, second = world.made(SendPin)
    assert [(pin.send_no, pin.code_no) for pin in (first, second)] == [(1, 1), (2, 1)]
    assert first.valid_for == timedelta(minutes=10)
    assert timedelta(minutes=8) < second.valid_for < timedelta(minutes=9)


@pytest.mark.parametrize("away", [ActivityName.RESERVE_SEND, ActivityName.SEND_PIN])
async def test_a_repeated_code_that_would_come_too_late_gives_way_to_a_new_one(
    begin: Begin, world: World, away: ActivityName
) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(seconds=61))
    world.failing = {away: 900}
    again = ResendRequest(channel=Channel.SMS, **await student.stamp())
    await student.handle.signal("resend_pin", again)
    await student.environment.sleep(timedelta(minutes=11))

    world.failing = {}
    await student.until(lambda _: world.made(SendPin)[-1].code_no > 1)

    newest = world.made(SendPin)[-1]
    assert newest.valid_for == timedelta(minutes=10)
    assert (await student.pin(pin_of(newest.code_no))).verdict is Verdict.ACCEPTED


async def test_a_late_resend_issues_a_new_code_and_the_old_one_lives_on(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(minutes=6))

    await resend(student)
    await student.environment.sleep(timedelta(seconds=5))
    old = await student.pin(pin_of(1))

    assert [pin.code_no for pin in world.made(SendPin)] == [1, 2]
    assert old.verdict is Verdict.ACCEPTED


async def test_an_expired_code_is_not_called_wrong(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(minutes=11))

    nothing_lives = await student.pin(pin_of(1))
    await resend(student)
    await student.environment.sleep(timedelta(seconds=5))
    old = await student.pin(pin_of(1))
    wrong = await student.pin(pin_of(9))

    assert (nothing_lives.verdict, old.verdict) == (Verdict.EXPIRED, Verdict.EXPIRED)
    assert wrong.verdict is Verdict.WRONG


async def test_a_wrong_code_whose_check_was_delayed_is_waited_for_again(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    world.failing = {ActivityName.CHECK_PIN: 2}
    await student.pin(pin_of(9))

    waiting = await student.until(lambda now: now.pin is not None and now.pin.tries_left == 4)

    assert waiting.wait_reason is WaitReason.WAITING_PIN
    assert waiting.deadline_at is not None


async def test_ten_wrong_codes_lock_for_an_hour(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    for _ in range(5):
        await student.pin(pin_of(9))
    dead = await student.pin(pin_of(1))
    await student.environment.sleep(timedelta(seconds=61))
    await resend(student)
    await student.environment.sleep(timedelta(seconds=5))
    verdicts = [(await student.pin(pin_of(9))).verdict for _ in range(5)]
    locked = await student.pin(pin_of(2))
    refused = await resend(student)

    await student.environment.sleep(timedelta(minutes=61))
    unlocked = await student.progress()
    await resend(student)
    await student.environment.sleep(timedelta(seconds=5))
    right = await student.pin(pin_of(3))

    assert dead.verdict is Verdict.EXPIRED
    assert verdicts == [Verdict.WRONG] * 4 + [Verdict.LOCKED]
    assert locked.verdict is refused is Verdict.LOCKED
    assert locked.progress.wait_reason is WaitReason.PIN_LOCKED
    assert unlocked.wait_reason is WaitReason.WAITING_PIN
    assert right.verdict is Verdict.ACCEPTED


async def test_another_channel_does_not_wait_for_the_one_that_is_down(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.SEND_PIN: 40}, FailureType.SMS_DOWN
    student = await begin()
    waiting = await student.until(lambda now: now.wait_reason is WaitReason.SMS_DOWN)
    world.failing = {}

    verdict = await resend(student, Channel.EMAIL)
    sent = await student.sent()

    assert waiting.deadline_at is not None
    assert verdict is Verdict.ACCEPTED
    assert sent.pin is not None
    assert (sent.pin.channel, sent.wait_reason) == (Channel.EMAIL, WaitReason.WAITING_PIN)


async def test_a_message_that_comes_while_codes_are_locked_does_not_unlock_them(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.SEND_PIN: 900}, FailureType.SMS_DOWN
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SMS_DOWN)
    for _ in range(5):
        await student.pin(pin_of(9))
    await resend(student, Channel.EMAIL)
    verdicts = [(await student.pin(pin_of(9))).verdict for _ in range(5)]

    # In steps: each call waits for all tries that fall into it.
    for _ in range(10):
        await student.environment.sleep(timedelta(minutes=2))
    away = await student.progress()
    world.failing = {}
    locked = await student.until(lambda now: now.pin is not None and now.pin.expires_at is not None)

    assert verdicts == [Verdict.WRONG] * 4 + [Verdict.LOCKED]
    assert (away.wait_reason, locked.wait_reason) == (WaitReason.PIN_LOCKED, WaitReason.PIN_LOCKED)
    assert locked.next_try_at is not None


async def test_a_number_that_takes_no_message_gives_way_to_the_other_contact(
    begin: Begin, world: World
) -> None:
    world.deliveries = [Delivery.UNDELIVERABLE, Delivery.SENT]
    student = await begin()

    sent = await student.sent()

    assert sent.pin is not None
    assert (sent.pin.channel, sent.pin.destination) == (Channel.EMAIL, "m•••@e•••.org")


async def test_no_contact_that_takes_a_message_waits_with_support(
    begin: Begin, world: World
) -> None:
    world.deliveries = [Delivery.UNDELIVERABLE, Delivery.UNDELIVERABLE, Delivery.SENT]
    student = await begin()

    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()

    assert waiting.wait_reason is WaitReason.UNDELIVERABLE
    assert (await student.sent()).step is Step.PIN


async def test_staff_can_have_the_message_tried_at_once(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.SEND_PIN: 40}, FailureType.SMS_DOWN
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SMS_DOWN)
    world.failing = {}

    answer = await student.retries()

    assert answer.verdict is Verdict.ACCEPTED
    await student.sent()
    assert {pin.send_no for pin in world.made(SendPin)} == {1}


async def test_a_retry_while_the_code_is_awaited_is_out_of_step(begin: Begin, world: World) -> None:
    """A retry of all whose gateway was unavailable also reaches those whose code has gone since."""
    student = await begin()
    await student.sent()

    verdicts = [(await student.retries(of_many=many)).verdict for many in (False, True)]
    await student.environment.sleep(timedelta(minutes=2))

    assert verdicts == [Verdict.OUT_OF_STEP] * 2
    assert len(world.made(ReserveSend)) == 1


async def test_a_run_in_which_a_retry_sent_another_code_goes_on(
    begin: Begin, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its history is replayed at the end; a later retry is out of step."""
    student = await begin()
    await student.sent()
    with monkeypatch.context() as before:
        before.setattr(workflow, "patched", lambda _: False)
        assert (await student.retries()).verdict is Verdict.ACCEPTED
        await student.until(lambda _: len(world.made(SendPin)) == 2)

    assert (await student.retries()).verdict is Verdict.OUT_OF_STEP
    assert (await student.pin()).verdict is Verdict.ACCEPTED
    assert len(world.made(ReserveSend)) == 2


async def test_a_gateway_that_refuses_the_engine_waits_with_support(
    begin: Begin, world: World
) -> None:
    world.failing = {ActivityName.SEND_PIN: 1}
    world.failure, world.permanent = FailureType.CONFIGURATION, True
    student = await begin()

    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()

    assert waiting.wait_reason is WaitReason.CONFIGURATION
    assert (await student.sent()).step is Step.PIN


async def test_a_contact_that_had_enough_messages_waits_and_still_takes_a_code(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    later = await student.environment.get_current_time() + timedelta(hours=1)
    world.not_before = later
    await student.environment.sleep(timedelta(seconds=61))

    refused = await resend(student)
    shown = await student.progress()
    right = await student.pin()

    assert refused is Verdict.TOO_SOON
    assert shown.pin is not None
    assert (shown.pin.resend_at, shown.pin.spent) == (later, SpentPurse.CONTACT)
    assert (shown.wait_reason, shown.woken_by) == (WaitReason.SEND_LIMIT, Waker.STUDENT)
    assert right.verdict is Verdict.ACCEPTED


async def test_a_code_that_may_not_be_sent_is_never_right(begin: Begin, world: World) -> None:
    world.not_before = datetime.now(UTC) + timedelta(hours=5)
    student = await begin()
    await student.until(lambda now: now.pin is not None and now.pin.resend_at is not None)
    await student.environment.sleep(timedelta(seconds=5))

    answer = await student.pin(pin_of(1))

    assert answer.verdict is Verdict.EXPIRED
    assert answer.progress.pin is not None
    assert answer.progress.pin.tries_left == 0
    assert world.made(SendPin) == []


async def test_asking_again_keeps_the_message_that_is_on_its_way(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.SEND_PIN: 40}, FailureType.SMS_DOWN
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SMS_DOWN)

    verdicts = [await resend(student) for _ in range(4)]
    world.failing = {}
    await student.sent()

    assert verdicts == [Verdict.ACCEPTED] * 4
    assert {pin.send_no for pin in world.made(SendPin)} == {1}


async def test_a_code_received_in_time_counts_when_it_is_judged_late(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    stamp = await student.stamp()
    await student.environment.sleep(timedelta(minutes=30))

    answer = await student.submit("submit_pin", PinSubmission(pin=pin_of(1), **stamp))

    assert answer.verdict is Verdict.ACCEPTED


async def test_an_email_alone_gets_its_code_by_mail(begin: Begin, world: World) -> None:
    world.persons = (PERSON.model_copy(update={"sms_to": None, "email_to": "maria@example.org"}),)
    student = await begin(mobile=None, email="maria@example.org")

    sent = await student.sent()

    assert sent.pin is not None
    assert (sent.pin.channel, sent.pin.other_channels) == (Channel.EMAIL, (Channel.SMS,))


async def test_once_the_limit_is_over_a_message_goes_when_it_is_asked_for(
    begin: Begin, world: World
) -> None:
    world.not_before = await world.clock() + timedelta(hours=1)
    student = await begin()
    held_back = await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)
    world.not_before = None
    early = await resend(student)
    by_mail = await resend(student, Channel.EMAIL)
    await student.sent()
    await student.environment.sleep(timedelta(hours=1))

    later = await resend(student)
    await student.until(lambda _: len(world.made(SendPin)) > 1)
    sent = await student.until(lambda now: now.wait_reason is WaitReason.WAITING_PIN)

    assert held_back.pin is not None
    assert (held_back.pin.spent, held_back.pin.expires_at) == (SpentPurse.CONTACT, None)
    assert (early, by_mail, later) == (Verdict.TOO_SOON, Verdict.ACCEPTED, Verdict.ACCEPTED)
    assert sent.pin is not None
    assert sent.pin.spent is None


async def test_staff_send_a_code_where_the_students_messages_are_spent(
    begin: Begin, world: World
) -> None:
    world.not_before = await world.clock() + timedelta(hours=1)
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)

    verdict = await staff_send(student)
    sent = await student.sent()

    assert verdict is Verdict.ACCEPTED
    assert world.made(ReserveSend)[-1].purse is Purse.STAFF
    assert sent.pin is not None
    assert (sent.wait_reason, sent.pin.spent) == (WaitReason.WAITING_PIN, None)
    assert (await student.pin()).verdict is Verdict.ACCEPTED


async def test_staff_need_not_wait_a_minute(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    assert await staff_send(student) is Verdict.ACCEPTED
    await student.until(lambda _: len(world.made(SendPin)) == 2)


async def test_what_is_refused_to_staff_leaves_the_students_page_as_it_was(
    begin: Begin, world: World
) -> None:
    by_mail = {"mobile": None, "sms_to": None, "email_to": "maria@example.org"}
    world.persons = (PERSON.model_copy(update=by_mail),)
    world.staff_may = False
    student = await begin(mobile=None, email="maria@example.org")
    before = (await student.sent()).pin

    verdicts = [await staff_send(student, channel) for channel in Channel.all()]
    after = (await student.progress()).pin

    assert verdicts == [Verdict.TOO_SOON] * 2
    assert after == before


@pytest.mark.parametrize("known", [True, False])
async def test_staff_have_to_unlock_before_they_send(
    begin: Begin, world: World, *, known: bool
) -> None:
    """Also where only the ledger knows of the lock, as after a reset."""
    student = await begin()
    await student.sent()
    if known:
        for _ in range(5):
            await student.pin("999999")
        await student.environment.sleep(timedelta(minutes=2))
        await resend(student)
        await student.until(lambda _: len(world.made(SendPin)) == 2)
        for _ in range(5):
            await student.pin("999999")
    else:
        book, _ = world.books[student.handle.id]
        book.locked_until = await world.clock() + timedelta(hours=1)

    assert await staff_send(student) is Verdict.LOCKED
    assert (await student.progress()).wait_reason is WaitReason.PIN_LOCKED


async def opened_before_any_was_sent(begin: Begin, world: World) -> Student:
    """Let staff unlock codes that were locked before this run sent any, as after a reset."""
    world.failing = {ActivityName.FIND_STUDENT: 900}
    student = await begin()
    book, _ = world._kept(student.handle.id)
    book.locked_until = await world.clock() + timedelta(minutes=5)
    world.failing = {}
    await student.until(lambda now: now.wait_reason is WaitReason.PIN_LOCKED)
    await student.submit("unlock", UnlockSubmission(**await student.stamp()))
    return student


async def test_where_codes_were_locked_before_any_was_sent_the_page_waits_to_be_asked(
    begin: Begin, world: World
) -> None:
    """Nothing says that a code is on its way."""
    student = await opened_before_any_was_sent(begin, world)
    opened = await student.progress()
    await resend(student)
    sent = await student.sent()

    assert opened.pin is not None
    assert sent.pin is not None
    assert (opened.pin.on_request, sent.pin.on_request) == (True, False)
    assert (await student.pin()).verdict is Verdict.ACCEPTED


async def test_a_run_that_let_a_minute_pass_after_such_a_lock_goes_on(
    begin: Begin, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, nothing was sent for a minute; its history is replayed at the end."""
    with monkeypatch.context() as before:
        before.setattr(workflow, "patched", lambda _: False)
        student = await opened_before_any_was_sent(begin, world)
        assert await resend(student) is Verdict.TOO_SOON
    await student.environment.sleep(timedelta(minutes=2))
    assert await resend(student) is Verdict.ACCEPTED
    await student.sent()
    assert (await student.pin()).verdict is Verdict.ACCEPTED


NUMBER = (PERSON.enrolments[0].registration_id,)
WRONG = ("1999-01-01", "19990101")


async def test_the_kept_message_goes_to_whoever_knows_the_second_datum(
    begin: Begin, world: World
) -> None:
    now = await world.clock()
    world.not_before, world.kept_at = now + timedelta(hours=1), now
    student = await begin()
    shown = await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)

    verdicts = [await resend(student, answers=answers) for answers in ((), WRONG, NUMBER)]
    await student.sent()

    assert shown.pin is not None
    assert shown.pin.kept_at == now
    assert verdicts == [Verdict.TOO_SOON, Verdict.WRONG, Verdict.ACCEPTED]
    assert world.made(ReserveSend)[-1].purse is Purse.KEPT
    assert (await student.pin()).verdict is Verdict.ACCEPTED


async def test_a_wrong_second_datum_takes_nothing_away(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(seconds=61))
    first = await resend(student, answers=WRONG)
    await student.until(lambda _: len(world.made(SendPin)) == 2)
    await student.environment.sleep(timedelta(seconds=61))
    world.not_before = await world.clock() + timedelta(hours=1)
    second = await resend(student, answers=WRONG)

    assert (first, second) == (Verdict.ACCEPTED, Verdict.WRONG)
    assert {wish.purse for wish in world.made(ReserveSend)} == {Purse.ORDINARY}


async def test_when_the_kept_message_has_gone_too_the_page_says_from_when_there_is_one(
    begin: Begin, world: World
) -> None:
    now = await world.clock()
    world.not_before, world.kept_at = now + timedelta(hours=9), now + timedelta(hours=1)
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)

    early = await resend(student, answers=NUMBER)
    shown = (await student.progress()).pin
    await student.environment.sleep(timedelta(hours=1, seconds=1))
    later = await resend(student, answers=NUMBER)

    assert (early, later) == (Verdict.TOO_SOON, Verdict.ACCEPTED)
    assert shown is not None
    assert (shown.resend_at, shown.kept_at) == (world.not_before, world.kept_at)


async def test_the_page_shows_the_contact_that_was_asked_for_last(
    begin: Begin, world: World
) -> None:
    world.not_before = await world.clock() + timedelta(hours=1)
    student = await begin()
    await student.until(lambda now: now.wait_reason is WaitReason.SEND_LIMIT)
    shown = []
    for channel in (Channel.EMAIL, Channel.SMS, Channel.EMAIL):
        assert await resend(student, channel) is Verdict.TOO_SOON
        pin = (await student.progress()).pin
        assert pin is not None
        shown.append(pin.channel)
    assert shown == [Channel.EMAIL, Channel.SMS, Channel.EMAIL]


async def test_a_code_that_holds_stays_shown_whatever_else_is_asked_for(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    await student.environment.sleep(timedelta(seconds=61))
    world.not_before = await world.clock() + timedelta(hours=1)
    assert await resend(student, Channel.EMAIL) is Verdict.TOO_SOON
    assert await resend(student, Channel.SMS) is Verdict.TOO_SOON
    assert await resend(student, Channel.EMAIL) is Verdict.TOO_SOON
    pin = (await student.progress()).pin
    assert pin is not None
    assert pin.channel is Channel.SMS
