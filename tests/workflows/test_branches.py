"""Shared contacts, disputes and what staff end: the ways beside the common one."""

from datetime import date, timedelta

import pytest
from temporalio import workflow

from domain.contracts.account_io import (
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    CloseActivation,
    RecordConsent,
)
from domain.contracts.message_io import NoticeKind, ReserveSend, SendNotice, SendPin
from domain.contracts.people import FindStudent
from domain.contracts.pin_io import AllowIdentityTries, CountIdentityTry
from domain.contracts.staff import CancelSubmission
from domain.contracts.submissions import (
    ConsentSubmission,
    DisputeSubmission,
    IdentitySubmission,
    Policy,
    WithdrawSubmission,
)
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import (
    ActivityName,
    Choice,
    Detail,
    FailureType,
    Question,
    Step,
    WaitReason,
)
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student

ELDER = PERSON.model_copy(update={"person_key": "elder", "birth_date": date(2005, 1, 2)})
YOUNGER = PERSON.model_copy(update={"person_key": "younger", "birth_date": date(2008, 3, 4)})


async def identifies(student: Student, answer: str) -> Answer:
    return await student.submit(
        "identify", IdentitySubmission(answer=answer, **await student.stamp())
    )


async def disputes(student: Student) -> Answer:
    await student.until(lambda now: now.review is not None)
    return await student.submit(
        "dispute", DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
    )


async def cancels(student: Student) -> Answer:
    return await student.submit("cancel", CancelSubmission(**await student.stamp()))


async def test_siblings_on_one_mobile_are_told_apart_by_their_birth_dates(
    begin: Begin, world: World
) -> None:
    world.persons = (ELDER, YOUNGER)
    student = await begin()
    sent = await student.sent()

    pin = await student.pin()
    wrong = await identifies(student, "1999-09-09")
    right = await identifies(student, "2008-03-04")

    assert sent.pin is not None
    assert sent.pin.other_channels == ()
    assert pin.progress.identify is not None
    assert pin.progress.identify.question is Question.BIRTH_DATE
    assert (pin.progress.review, pin.progress.username) == (None, None)
    assert wrong.verdict is Verdict.WRONG
    assert wrong.progress.identify is not None
    assert wrong.progress.identify.tries_left == 2
    assert right.verdict is Verdict.ACCEPTED
    (claim,) = world.made(ClaimPerson)
    assert claim.person.person_key == "younger"


OWN = ELDER.model_copy(update={"email": None, "email_to": None})
BY_EMAIL = ELDER.model_copy(
    update={
        "person_key": "third",
        "birth_date": date(2006, 5, 6),
        "mobile": None,
        "sms_to": None,
        "email": "y@mail.example",
        "email_to": "y@mail.example",
    }
)


async def test_the_question_is_the_same_whether_the_other_typed_contact_is_on_file(
    begin: Begin, world: World
) -> None:
    """The page says of nobody that they share a contact."""
    for found in ((OWN, BY_EMAIL), (OWN,)):
        world.persons = found
        student = await begin(always_ask=True)
        sent = await student.sent()
        pin = await student.pin()
        assert sent.pin is not None
        assert pin.progress.identify is not None
        assert (
            sent.pin.other_channels,
            pin.progress.identify.question,
            pin.progress.identify.shared,
        ) == ((), Question.BIRTH_DATE, False), found


async def test_one_person_alone_on_a_contact_is_asked_too_where_everybody_is(
    begin: Begin, world: World
) -> None:
    world.persons = (ELDER,)
    student = await begin(always_ask=True)
    sent = await student.sent()

    pin = await student.pin()
    wrong = await identifies(student, "1999-09-09")
    nobody = world.made(ClaimPerson)
    right = await identifies(student, "2005-01-02")

    assert sent.pin is not None
    assert sent.pin.other_channels == ()
    assert pin.progress.identify is not None
    assert pin.progress.identify.question is Question.BIRTH_DATE
    assert not pin.progress.identify.shared
    assert (pin.progress.review, pin.progress.username) == (None, None)
    assert (wrong.verdict, right.verdict) == (Verdict.WRONG, Verdict.ACCEPTED)
    assert nobody == []
    assert len(world.made(ClaimPerson)) == 1


async def test_the_progress_names_the_submission_that_last_proved_who_it_is(
    begin: Begin, world: World
) -> None:
    world.persons = (ELDER, YOUNGER)
    student = await begin()
    await student.sent()

    named = [(await student.pin(pin_of(9))).progress.proved_by]
    typed = await student.typed()
    named.append((await student.submit("submit_pin", typed)).progress.proved_by)
    named.append((await identifies(student, "1999-09-09")).progress.proved_by)
    answer = IdentitySubmission(answer="2008-03-04", **await student.stamp())
    named.append((await student.submit("identify", answer)).progress.proved_by)

    assert named == [None, typed.submission_id, typed.submission_id, answer.submission_id]


async def test_a_choice_that_was_not_offered_is_not_recorded(begin: Begin, world: World) -> None:
    world.persons = (PERSON.model_copy(update={"email": None}),)
    student = await begin()
    await student.sent()
    await student.pin()
    review = (await student.until(lambda now: now.review is not None)).review
    assert review is not None
    forged = ConsentSubmission(
        shown_hash=review.shown_hash, choices=tuple(Choice), **await student.stamp()
    )
    assert (await student.submit("give_consent", forged)).verdict is Verdict.ACCEPTED
    (recorded,) = world.made(RecordConsent)
    assert recorded.choices == (Choice.RECOVERY_MOBILE, Choice.DIRECTORY_LISTING)


async def test_only_who_has_the_proven_contact_can_be_the_student(
    begin: Begin, world: World
) -> None:
    stranger = YOUNGER.model_copy(
        update={"mobile": None, "sms_to": None, "email_to": "stranger@example.org"}
    )
    world.persons = (ELDER, stranger)
    student = await begin(email="stranger@example.org")
    await student.sent()
    await student.pin()

    answer = await identifies(student, "2008-03-04")

    assert answer.verdict is Verdict.WRONG


async def test_a_contact_of_too_many_ends_it_with_the_reason_and_without_a_code(
    begin: Begin, world: World
) -> None:
    world.too_many = True
    world.failing = {ActivityName.CLOSE_ACTIVATION: 3}
    student = await begin()

    assert await student.end() is Step.NOT_FOUND
    told = await student.progress()
    assert (told.wait_reason, told.woken_by) == (WaitReason.SHARED_BY_MANY, None)
    assert world.made(ReserveSend) == world.made(SendPin) == []


async def test_a_contact_that_too_many_have_meanwhile_is_no_news(
    begin: Begin, world: World
) -> None:
    student = await begin(policy=Policy(registrar_fresh_for=timedelta()))
    await student.agrees()
    world.too_many = True

    await student.password()

    assert await student.end() is Step.ACTIVE
    assert len(world.made(FindStudent)) == 2


async def test_another_browser_has_what_is_left_of_the_answers_until_a_day_has_passed(
    begin: Begin, world: World
) -> None:
    world.persons = (ELDER, YOUNGER)
    first = await begin()
    await first.sent()
    await first.pin()
    for _ in range(2):
        await identifies(first, "1999-09-09")

    second = await begin()
    await second.sent()
    left = (await second.pin()).progress.identify
    await identifies(second, "1999-09-09")
    await second.reaches(Step.NEEDS_SUPPORT)
    spent = await identifies(first, "2005-01-02")
    third = await begin()
    await third.sent()
    await third.pin()
    closed = await third.reaches(Step.NEEDS_SUPPORT)

    assert left is not None
    assert left.tries_left == 1
    assert spent.verdict is Verdict.LOCKED
    assert (await first.progress()).step is Step.NEEDS_SUPPORT
    assert closed.wait_reason is WaitReason.WAITING_IDENTITY
    assert closed.next_try_at is not None
    assert world.made(ClaimPerson) == []
    await third.environment.sleep(timedelta(days=1))
    again = await third.reaches(Step.IDENTIFY)
    assert again.identify is not None
    assert again.identify.tries_left > 0
    assert (await identifies(third, "2005-01-02")).verdict is Verdict.ACCEPTED
    assert len(world.made(ClaimPerson)) == 1


@pytest.mark.parametrize("wrong", [1, 3])
async def test_a_run_that_asked_before_answers_were_counted_by_contact_goes_on(
    begin: Begin, world: World, monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    """Its history, in which nobody looked at what is left, is replayed at the end."""
    world.persons = (ELDER, YOUNGER)
    student = await begin()
    await student.sent()
    with monkeypatch.context() as before:
        before.setattr(workflow, "patched", lambda _: False)
        await student.pin()
        for _ in range(wrong):
            await identifies(student, "1999-09-09")
        looked = [each for each in world.made(CountIdentityTry) if each.submission_id is None]
    await student.retries()
    await student.reaches(Step.IDENTIFY)
    await identifies(student, "2005-01-02")

    assert looked == []
    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


@pytest.mark.parametrize("patched", [False, True])
async def test_a_right_answer_is_given_back(
    begin: Begin, world: World, monkeypatch: pytest.MonkeyPatch, *, patched: bool
) -> None:
    world.persons = (ELDER, YOUNGER)
    student = await begin()
    await student.sent()
    with monkeypatch.context() as before:
        if not patched:
            before.setattr(workflow, "patched", lambda _: False)
        await student.pin()
        await identifies(student, "2005-01-02")
        await student.reaches(Step.REVIEW)

    assert [each.right for each in world.made(AllowIdentityTries)] == [True] * patched


async def test_three_wrong_answers_wait_for_support_and_begin_anew_at_their_word(
    begin: Begin, world: World
) -> None:
    world.persons = (ELDER, YOUNGER)
    student = await begin()
    await student.sent()
    await student.pin()

    for _ in range(3):
        await identifies(student, "1999-09-09")
    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()
    again = await student.reaches(Step.IDENTIFY)
    await identifies(student, "2005-01-02")

    assert waiting.wait_reason is WaitReason.WAITING_IDENTITY
    assert again.identify is not None
    assert again.identify.tries_left == 3
    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


async def test_a_dispute_stops_the_clock_and_can_be_withdrawn(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    await student.pin()

    disputed = await disputes(student)
    consent = await student.consent()
    withdrawn = await student.submit("withdraw", WithdrawSubmission(**await student.stamp()))
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    agreed = await student.consent()

    assert disputed.progress.wait_reason is WaitReason.DATA_DISPUTED
    assert disputed.progress.deadline_at is None
    assert consent.verdict is Verdict.OUT_OF_STEP
    assert withdrawn.verdict is Verdict.ACCEPTED
    assert agreed.progress.step is Step.PASSWORD


async def test_a_disputed_activation_goes_on_when_the_registrar_changes(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await disputes(student)
    await student.environment.sleep(timedelta(hours=13))
    unchanged = await student.progress()

    world.persons = (PERSON.model_copy(update={"last_name_el": "Παπαδάκη"}),)
    await student.environment.sleep(timedelta(hours=7))
    changed = await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)

    assert unchanged.wait_reason is WaitReason.DATA_DISPUTED
    assert len(world.made(FindStudent)) == 4
    assert changed.review is not None
    assert "Παπαδάκη" in changed.review.name_el
    # What was disputed is told beside it, until the student answers again.
    assert unchanged.review_before is None
    assert changed.review_before == unchanged.review
    agreed = await student.consent()
    assert (agreed.progress.step, agreed.progress.review_before) == (Step.PASSWORD, None)


async def test_staff_cancel_and_the_student_is_told(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)

    answer = await cancels(student)

    assert answer.verdict is Verdict.ACCEPTED
    assert await student.end() is Step.CANCELLED
    assert [notice.notice for notice in world.made(SendNotice)] == [NoticeKind.CANCELLED]
    assert [close.end for close in world.made(CloseActivation)] == [Step.CANCELLED]


async def test_an_account_being_made_is_not_cancelled(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 9}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.agrees()
    await student.password()

    answer = await cancels(student)

    assert answer.verdict is Verdict.OUT_OF_STEP
    assert await student.end() is Step.ACTIVE


async def test_who_joins_is_told_at_the_other_contact(begin: Begin, world: World) -> None:
    holder = await begin()
    student = await begin()
    world.claims = [Claimed(outcome=ClaimOutcome.HELD, holder=holder.handle.id)]
    await student.sent()

    await student.pin()

    assert await student.end() is Step.JOINED
    (notice,) = world.made(SendNotice)
    assert (notice.notice, notice.destination.to) == (NoticeKind.CONTINUED, "maria@example.org")
