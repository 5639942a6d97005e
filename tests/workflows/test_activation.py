import asyncio
from datetime import date, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain import personal
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Claimed,
    ClaimOutcome,
    CloseActivation,
    InsuranceOutcome,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    RecordConsent,
    RecordInsurance,
    ResolveAccount,
)
from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind, SendNotice
from domain.contracts.staff import CancelSubmission, UnlockSubmission
from domain.contracts.submissions import PinSubmission, Policy, ResendRequest
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import (
    OVER,
    ActivityName,
    FailureType,
    PasswordRefusal,
    Step,
    WaitReason,
)
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student


async def test_a_student_walks_from_contact_to_account(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()

    pin = await student.pin()
    consent = await student.consent()
    password = await student.password()

    assert [pin.verdict, consent.verdict, password.verdict] == [Verdict.ACCEPTED] * 3
    assert consent.progress.step is Step.PASSWORD
    assert password.progress.step is Step.ACTIVE
    assert await student.end() is Step.ACTIVE
    (consent_row,) = world.made(RecordConsent)
    assert consent_row.shown.username == "mpapadopoulou"
    (notice,) = world.made(SendNotice)
    assert (notice.notice, notice.destination.to) == (NoticeKind.ACTIVE, "maria@example.org")
    assert [close.end for close in world.made(CloseActivation)] == [Step.ACTIVE]


async def test_nobody_with_this_contact_ends_not_found(begin: Begin, world: World) -> None:
    world.persons = ()

    student = await begin()

    assert await student.end() is Step.NOT_FOUND
    assert [close.end for close in world.made(CloseActivation)] == [Step.NOT_FOUND]


async def test_a_registrar_that_is_away_is_never_not_found(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.FIND_STUDENT: 9}, FailureType.REGISTRAR_DOWN
    student = await begin()

    waiting = await student.until(lambda now: now.wait_reason is not None)

    assert (waiting.step, waiting.wait_reason) == (Step.LOOKUP, WaitReason.REGISTRAR_DOWN)
    assert await student.finishes() is Step.ACTIVE


async def test_a_person_held_by_another_activation_joins_it(begin: Begin, world: World) -> None:
    holder = await begin()
    student = await begin()
    world.claims = [Claimed(outcome=ClaimOutcome.HELD, holder=holder.handle.id)]
    await student.sent()

    await student.pin()

    assert await student.end() is Step.JOINED
    assert (await student.progress()).joined_to == holder.handle.id
    assert (await holder.progress()).step is Step.PIN


async def test_a_holder_whose_run_is_gone_holds_nobody(begin: Begin, world: World) -> None:
    holder = await begin()
    await holder.sent()
    await holder.handle.terminate()
    student = await begin()
    world.claims = [
        Claimed(outcome=ClaimOutcome.HELD, holder=holder.handle.id),
        Claimed(outcome=ClaimOutcome.CLAIMED),
    ]
    await student.sent()

    await student.pin()

    assert (await student.reaches(Step.REVIEW)).joined_to is None
    (closed,) = world.made(CloseActivation)
    assert (closed.reference, closed.end) == (holder.handle.id, Step.CANCELLED)


async def test_an_account_made_with_this_engine_is_already_active(
    begin: Begin, world: World
) -> None:
    world.claims = [Claimed(outcome=ClaimOutcome.ALREADY_ACTIVE, username="maria")]
    student = await begin()
    await student.sent()

    await student.pin()

    assert await student.end() is Step.ALREADY_ACTIVE
    assert (await student.progress()).username == "maria"


async def test_an_account_made_elsewhere_is_already_active(begin: Begin, world: World) -> None:
    world.accounts = [AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username="maria")]
    student = await begin()
    await student.sent()

    await student.pin()

    assert await student.end() is Step.ALREADY_ACTIVE
    assert (await student.progress()).username == "maria"


async def test_a_missing_insurance_number_is_asked_for(begin: Begin, world: World) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    student = await begin()
    await student.sent()

    pin = await student.pin()
    insurance = await student.insurance()

    assert (pin.progress.step, pin.progress.needs_insurance) == (Step.INSURANCE, True)
    assert insurance.verdict is Verdict.ACCEPTED
    assert (await student.reaches(Step.REVIEW)).needs_insurance


async def test_whoever_judges_the_password_is_told_names_and_numbers_but_no_other_step(
    begin: Begin, world: World
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    student = await begin()
    await student.sent()
    before = [await student.pin(), await student.insurance()]
    await student.reaches(Step.REVIEW)
    chooses = (await student.consent()).progress
    context = personal.known_of(PERSON, "mpapadopoulou")

    assert [answer.progress.password_context for answer in before] == [(), ()]
    assert chooses.step is Step.PASSWORD
    assert {*chooses.password_context} == {*context}
    assert "01010500013" not in repr(chooses)
    await student.password()
    assert await student.end() is Step.ACTIVE
    assert world.made(ProvisionAccount)[0].password_context == chooses.password_context
    assert (await student.progress()).password_context == ()


async def test_a_number_with_another_birth_date_is_taken_and_noted(
    begin: Begin, world: World
) -> None:
    doubtful = {"insurance_number": None, "birth_date": date(2004, 12, 31)}
    world.persons = (PERSON.model_copy(update=doubtful),)
    student = await begin()
    await student.sent()
    await student.pin()
    assert (await student.insurance()).verdict is Verdict.ACCEPTED
    assert world.made(RecordInsurance)[0].warnings == ("amka.birth_mismatch",)


async def test_another_persons_insurance_number_goes_to_support_and_is_asked_again(
    begin: Begin, world: World
) -> None:
    world.persons = (PERSON.model_copy(update={"insurance_number": None}),)
    world.insurance = [InsuranceOutcome.BELONGS_TO_ANOTHER, InsuranceOutcome.FREE]
    student = await begin()
    await student.sent()
    await student.pin()

    conflict = await student.insurance()
    await student.retries()
    await student.reaches(Step.INSURANCE)
    await student.insurance()

    assert conflict.progress.wait_reason is WaitReason.INSURANCE_CONFLICT
    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


async def test_consent_counts_only_for_what_was_shown(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)

    stale = await student.consent(shown_hash="of something else")
    nothing = world.made(RecordConsent)
    agreed = await student.consent()

    assert (stale.verdict, nothing) == (Verdict.STALE, [])
    assert agreed.progress.step is Step.PASSWORD


async def test_a_refused_password_is_chosen_again(begin: Begin, world: World) -> None:
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.USED_BEFORE),
        Provisioned(outcome=ProvisionOutcome.ACTIVE),
    ]
    student = await begin()
    await student.agrees()

    await student.password()
    again = await student.reaches(Step.PASSWORD)
    await student.password()

    assert again.password_refusal is PasswordRefusal.USED_BEFORE
    assert await student.end() is Step.ACTIVE
    assert [notice.notice for notice in world.made(SendNotice)] == [NoticeKind.ACTIVE]


async def test_a_sealed_password_that_expired_calls_the_student_back(
    begin: Begin, world: World
) -> None:
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.EXPIRED),
        Provisioned(outcome=ProvisionOutcome.ACTIVE, address="m.p@university.example"),
    ]
    student = await begin()
    await student.agrees()

    await student.password()
    await student.reaches(Step.PASSWORD)
    await student.password()

    assert await student.end() is Step.ACTIVE
    told = [(notice.notice, notice.address) for notice in world.made(SendNotice)]
    address = (await student.progress()).address
    assert told == [(NoticeKind.CHOOSE_PASSWORD_AGAIN, None), (NoticeKind.ACTIVE, address)]
    assert address == "m.p@university.example"


async def test_a_username_taken_meanwhile_leads_back_to_the_review(
    begin: Begin, world: World
) -> None:
    world.accounts = [
        AccountResolved(outcome=AccountOutcome.USERNAME, username="maria"),
        AccountResolved(outcome=AccountOutcome.USERNAME, username="maria2"),
    ]
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN),
        Provisioned(outcome=ProvisionOutcome.ACTIVE),
    ]
    student = await begin()
    await student.agrees()

    await student.password()
    review = await student.until(lambda now: now.review is not None and now.step is Step.REVIEW)
    await student.consent()
    await student.password()

    assert review.review is not None
    assert review.review.username == "maria2"
    assert await student.end() is Step.ACTIVE
    assert world.made(ResolveAccount)[1].taken == ("maria",)


@pytest.mark.parametrize(
    ("account", "provisioned", "reason"),
    [
        (AccountOutcome.CONFLICT, ProvisionOutcome.ACTIVE, WaitReason.USERNAME_CONFLICT),
        (AccountOutcome.CANNOT_TELL, ProvisionOutcome.ACTIVE, WaitReason.FOREIGN_ENTRY),
        (AccountOutcome.USERNAME, ProvisionOutcome.CONFLICT, WaitReason.FOREIGN_ENTRY),
    ],
)
async def test_a_conflict_waits_for_staff_and_goes_on_at_their_word(
    begin: Begin,
    world: World,
    account: AccountOutcome,
    provisioned: ProvisionOutcome,
    reason: WaitReason,
) -> None:
    fine = AccountResolved(outcome=AccountOutcome.USERNAME, username="maria")
    world.accounts = [fine.model_copy(update={"outcome": account}), fine]
    world.provisioned = [
        Provisioned(outcome=provisioned),
        Provisioned(outcome=ProvisionOutcome.ACTIVE),
    ]
    student = await begin()
    await student.sent()
    await student.pin()
    if account is AccountOutcome.USERNAME:
        await student.consent()
        await student.password()

    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    answer = await student.retries()

    assert waiting.wait_reason is reason
    assert answer.verdict is Verdict.ACCEPTED
    if account is not AccountOutcome.USERNAME:
        await student.consent()
        await student.password()
    assert await student.end() is Step.ACTIVE


async def test_missing_consent_at_provisioning_leads_back_to_the_review(
    begin: Begin, world: World
) -> None:
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.NO_CONSENT),
        Provisioned(outcome=ProvisionOutcome.ACTIVE),
    ]
    student = await begin()
    await student.agrees()

    await student.password()
    await student.reaches(Step.REVIEW)
    await student.consent()
    await student.password()

    assert await student.end() is Step.ACTIVE


async def test_a_directory_that_is_away_for_long_delays_and_loses_nothing(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 40}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.agrees()

    await student.password()
    waiting = await student.until(lambda now: now.wait_reason is not None)

    assert (waiting.step, waiting.wait_reason) == (Step.PROVISIONING, WaitReason.DIRECTORY_DOWN)
    assert waiting.deadline_at is None
    assert await student.end() is Step.ACTIVE


async def test_staff_can_have_the_engine_try_at_once(begin: Begin, world: World) -> None:
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 60}, FailureType.DIRECTORY_DOWN
    student = await begin()
    await student.agrees()
    await student.password()
    await student.until(lambda now: now.wait_reason is WaitReason.DIRECTORY_DOWN)
    world.failing = {}

    answer = await student.retries()

    assert answer.verdict is Verdict.ACCEPTED
    assert await student.end() is Step.ACTIVE


async def test_a_retry_while_the_student_is_awaited_is_out_of_step(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    await student.pin()
    await student.until(lambda now: now.review is not None)

    answer = await student.retries()

    assert answer.verdict is Verdict.OUT_OF_STEP


async def test_a_ledger_that_is_away_keeps_the_consent_for_later(
    begin: Begin, world: World
) -> None:
    world.failing = {ActivityName.RECORD_CONSENT: 5}
    student = await begin()
    await student.sent()
    await student.pin()

    answer = await student.consent()

    assert answer.verdict is Verdict.ACCEPTED
    assert answer.progress.wait_reason is WaitReason.LEDGER_DOWN
    await student.reaches(Step.PASSWORD)


async def test_a_silent_directory_leaves_the_username_to_the_ledger(
    begin: Begin, world: World
) -> None:
    world.failing, world.failure = {ActivityName.RESOLVE_ACCOUNT: 1}, FailureType.DIRECTORY_DOWN
    student = await begin()

    assert await student.finishes() is Step.ACTIVE
    assert [call.ask_directory for call in world.made(ResolveAccount)] == [True, False]


async def test_what_waiting_cannot_mend_parks_instead_of_failing(
    begin: Begin, world: World
) -> None:
    world.failing = {ActivityName.PROVISION_ACCOUNT: 1}
    world.failure, world.permanent = FailureType.CONFIGURATION, True
    student = await begin()
    await student.agrees()
    await student.password()

    waiting = await student.reaches(Step.NEEDS_SUPPORT)
    await student.retries()

    assert waiting.wait_reason is WaitReason.CONFIGURATION
    assert await student.end() is Step.ACTIVE


@pytest.mark.parametrize("name", [ActivityName.RESERVE_SEND, ActivityName.CLAIM_PERSON])
async def test_a_run_of_an_activation_that_is_over_ends_without_a_word(
    name: ActivityName, begin: Begin, world: World
) -> None:
    """Whoever reaches Temporal began it again, or an older state of Temporal was restored."""
    world.failing, world.failure, world.permanent = {name: 9}, OVER, True
    student = await begin()
    if name is ActivityName.CLAIM_PERSON:
        await student.sent()
        await student.pin()

    assert await student.end() is Step.CANCELLED
    assert world.made(SendNotice) == []
    assert [close.end for close in world.made(CloseActivation)] == [Step.CANCELLED]


async def test_an_abandoned_activation_expires_and_releases_everything(
    begin: Begin, world: World
) -> None:
    student = await begin()
    await student.sent()

    assert await student.end() is Step.EXPIRED
    assert [close.end for close in world.made(CloseActivation)] == [Step.EXPIRED]


async def test_what_was_accepted_before_an_outage_never_expires(begin: Begin, world: World) -> None:
    world.failing = {ActivityName.CLAIM_PERSON: 400}
    student = await begin(policy=Policy(deadline=timedelta(minutes=30)))
    await student.sent()

    answer = await student.pin()
    waiting = await student.progress()
    await student.environment.sleep(timedelta(hours=2))
    world.failing = {}
    review = await student.until(lambda now: now.review is not None)

    assert answer.verdict is Verdict.ACCEPTED
    assert (waiting.wait_reason, waiting.deadline_at) == (WaitReason.LEDGER_DOWN, None)
    assert review.step is Step.REVIEW


async def test_an_account_found_active_at_provisioning_is_not_touched(
    begin: Begin, world: World
) -> None:
    world.provisioned = [Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)]
    student = await begin()
    await student.agrees()

    await student.password()

    assert await student.end() is Step.ALREADY_ACTIVE
    assert (await student.progress()).username == "mpapadopoulou"


async def test_a_notice_to_come_back_holds_up_nobody(begin: Begin, world: World) -> None:
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.EXPIRED),
        Provisioned(outcome=ProvisionOutcome.ACTIVE),
    ]
    world.failing, world.failure = {ActivityName.SEND_NOTICE: 60}, FailureType.SMS_DOWN
    student = await begin()
    await student.agrees()

    await student.password()
    again = await student.reaches(Step.PASSWORD)
    answer = await student.password()
    world.failing = {}

    assert again.password_refusal is PasswordRefusal.EXPIRED
    assert answer.verdict is Verdict.ACCEPTED
    assert await student.end() is Step.ACTIVE


async def test_each_accepted_step_starts_the_deadline_anew(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    first = (await student.progress()).deadline_at
    await student.environment.sleep(timedelta(hours=1))
    await student.pin(pin_of(9))
    unmoved = (await student.progress()).deadline_at
    await student.submit("resend_pin", await resend(student))
    await student.environment.sleep(timedelta(seconds=5))
    await student.pin(pin_of(2))
    await student.consent()

    moved = (await student.progress()).deadline_at

    assert first is not None
    assert moved is not None
    assert first == unmoved
    assert moved >= first + timedelta(hours=1)


async def resend(student: Student) -> ResendRequest:
    return ResendRequest(channel=Channel.SMS, **await student.stamp())


async def test_a_cancelled_run_still_closes(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()

    await student.handle.cancel()

    assert await student.end() is Step.CANCELLED
    assert [close.end for close in world.made(CloseActivation)] == [Step.CANCELLED]


async def test_the_same_submission_counts_once_by_either_door(begin: Begin) -> None:
    student = await begin()
    await student.sent()
    wrong = PinSubmission(pin=pin_of(9), **await student.stamp())

    first = await student.submit("submit_pin", wrong)
    await student.handle.signal("submit_pin", wrong)
    again = await student.submit("submit_pin", wrong)

    assert first == again
    assert (await student.progress()).pin == first.progress.pin


async def test_a_signal_alone_carries_the_journey_on(begin: Begin) -> None:
    student = await begin()
    await student.sent()

    await student.handle.signal("submit_pin", PinSubmission(pin=pin_of(1), **await student.stamp()))

    assert (await student.reaches(Step.REVIEW)).step is Step.REVIEW


async def test_bytes_are_no_submission_by_either_door(begin: Begin) -> None:
    student = await begin()
    await student.sent()

    await student.handle.signal("submit_pin", b"000001")
    with pytest.raises(WorkflowUpdateFailedError):
        await student.handle.execute_update("submit_pin", b"000001")

    assert (await student.pin()).verdict is Verdict.ACCEPTED


async def test_a_flood_is_turned_away_and_the_run_goes_on(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    student = await begin()
    await student.sent()
    now = (await student.stamp())["received_at"]
    flood = [
        ResendRequest(submission_id=f"flood {n}", received_at=now, channel=Channel.SMS)
        for n in range(200)
    ]
    await asyncio.gather(*(student.handle.signal("resend_pin", request) for request in flood))

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await student.pin()
    await student.handle.signal("submit_pin", await student.typed())
    unmoved = await student.progress()
    renewed = await student.submit("unlock", UnlockSubmission(**await student.stamp()))
    needless = await student.submit("unlock", UnlockSubmission(**await student.stamp()))
    taken = await student.pin()
    # This server fails a task that cancels an activity which has just ended.
    await student.reaches(Step.REVIEW)
    heard = await student.submit("cancel", CancelSubmission(**await student.stamp()))

    assert isinstance(refused.value.cause, ApplicationError)
    (dropped,) = (text for text in caplog.messages if "dropped" in text)
    assert "too many came: PinSubmission" in dropped
    assert unmoved.step is Step.PIN
    assert (renewed.verdict, needless.verdict) == (Verdict.ACCEPTED, Verdict.OUT_OF_STEP)
    assert taken.verdict is heard.verdict is Verdict.ACCEPTED
