"""A student whose turn comes after a long wait is written to, once, whatever was waited for."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from temporalio import workflow

from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    InsuranceOutcome,
    Provisioned,
    ProvisionOutcome,
)
from domain.contracts.message_io import NoticeKind, SendNotice
from domain.contracts.staff import HoldSubmission, ReleaseSubmission, ResolveSubmission
from domain.contracts.submissions import (
    DisputeSubmission,
    IdentitySubmission,
    Policy,
    WithdrawSubmission,
)
from domain.contracts.views import Progress
from domain.contracts.vocabulary import (
    ActivityName,
    Detail,
    FailureType,
    PasswordRefusal,
    Step,
    WaitReason,
)
from tests.workflows.conftest import Begin
from tests.workflows.engine import PERSON, World, pin_of
from tests.workflows.student import Student

SHORT, LONG = timedelta(minutes=9), timedelta(minutes=11)
READ_AGAIN = Policy(registrar_fresh_for=timedelta())
_UNINSURED = PERSON.model_copy(update={"insurance_number": None})
_BROTHERS = tuple(
    PERSON.model_copy(update={"person_key": str(year), "birth_date": date(year, 1, 2)})
    for year in (2005, 2008)
)
_CONFLICT = AccountResolved(outcome=AccountOutcome.CONFLICT)
_NAMED = AccountResolved(outcome=AccountOutcome.USERNAME, username="maria")

Part = Callable[[Student], Awaitable[object]]


def _notices(world: World) -> list[NoticeKind]:
    return [call.notice for call in world.made(SendNotice)]


# --- what can be waited for ----------------------------------------------------------------------


class Wait(NamedTuple):
    """`comes` leads to where the student begins to wait, `goes` ends the wait; both many times."""

    comes: Part
    goes: Part
    asked: WaitReason


def _refused(outcome: ProvisionOutcome) -> Part:
    """Let the account be made when the directory is back, but with this outcome."""

    async def chosen(student: Student) -> None:
        student.world.provisioned = [
            Provisioned(outcome=outcome, refusal=PasswordRefusal.USED_BEFORE)
        ]
        await _at_the_password(student)
        student.world.failure = FailureType.DIRECTORY_DOWN
        student.world.failing = {ActivityName.PROVISION_ACCOUNT: 900}
        await student.password()

    return chosen


async def _back(student: Student) -> None:
    student.world.failing = {}


async def _retried(student: Student) -> None:
    await student.retries()


async def _proved(student: Student) -> Progress:
    now = await student.progress()
    if now.step in (Step.LOOKUP, Step.PIN):
        await student.sent()
        await student.pin()
    return await student.until(lambda now: now.step is not Step.PIN and now.wait_reason is not None)


async def _at_the_password(student: Student) -> None:
    if (await _proved(student)).step is Step.REVIEW:
        await student.consent()
    await student.reaches(Step.PASSWORD)


async def _no_longer_enrolled(student: Student) -> None:
    await _at_the_password(student)
    student.world.persons = ()
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)


async def _enrolled_by_another_name(student: Student) -> None:
    renamed = f"Παπαδάκη{len(student.world.calls)}"
    student.world.persons = (PERSON.model_copy(update={"last_name_el": renamed}),)
    await student.retries()


async def _held(student: Student) -> None:
    await _proved(student)
    await student.submit("hold", HoldSubmission(**await student.stamp()))


async def _released(student: Student) -> None:
    await student.submit("release", ReleaseSubmission(**await student.stamp()))


async def _insurance_of_another(student: Student) -> None:
    student.world.persons = (_UNINSURED,)
    student.world.insurance = [InsuranceOutcome.BELONGS_TO_ANOTHER]
    await _proved(student)
    await student.insurance()
    await student.reaches(Step.NEEDS_SUPPORT)


async def _no_username(student: Student) -> None:
    student.world.provisioned = [Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)]
    await _at_the_password(student)
    student.world.accounts = [_CONFLICT, _NAMED]
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)


async def _foreign_entry(student: Student) -> None:
    student.world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.CONFLICT),
        Provisioned(outcome=ProvisionOutcome.NO_CONSENT),
    ]
    await _at_the_password(student)
    await student.password()
    await student.reaches(Step.NEEDS_SUPPORT)


async def _nobodys_answers(student: Student) -> None:
    student.world.persons = _BROTHERS
    await _proved(student)
    for _ in range(3):
        answer = IdentitySubmission(answer="1999-09-09", **await student.stamp())
        await student.submit("identify", answer)
    await student.reaches(Step.NEEDS_SUPPORT)


async def _consent_without_the_ledger(student: Student) -> None:
    """Agree while the ledger is away; a name taken leads back to the review."""
    student.world.provisioned = [Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)]
    if (await _proved(student)).step is Step.PASSWORD:
        await student.password()
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    student.world.failure = FailureType.LEDGER_DOWN
    student.world.failing = {ActivityName.RECORD_CONSENT: 900}
    await student.consent()


WAITS = {
    "a name taken meanwhile": Wait(
        _refused(ProvisionOutcome.USERNAME_TAKEN), _back, WaitReason.WAITING_CONSENT
    ),
    "a password refused": Wait(
        _refused(ProvisionOutcome.PASSWORD_REFUSED), _back, WaitReason.WAITING_PASSWORD
    ),
    "details changed": Wait(
        _no_longer_enrolled, _enrolled_by_another_name, WaitReason.WAITING_CONSENT
    ),
    "a hold released": Wait(_held, _released, WaitReason.WAITING_CONSENT),
    "the number of another": Wait(_insurance_of_another, _retried, WaitReason.WAITING_INSURANCE),
    "no username": Wait(_no_username, _retried, WaitReason.WAITING_CONSENT),
    "a foreign entry": Wait(_foreign_entry, _retried, WaitReason.WAITING_CONSENT),
    "answers that fit nobody": Wait(_nobodys_answers, _retried, WaitReason.WAITING_IDENTITY),
    "a ledger that is away": Wait(_consent_without_the_ledger, _back, WaitReason.WAITING_PASSWORD),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
async def test_who_waited_for_long_is_told_once_and_who_waited_shortly_is_not(
    begin: Begin, world: World, wait: Wait
) -> None:
    world.pause = timedelta(seconds=10)
    student = await begin(policy=READ_AGAIN)
    told = []
    for waited in (SHORT, LONG):
        await wait.comes(student)
        assert (await student.progress()).deadline_at is None
        await student.environment.sleep(waited)
        await wait.goes(student)
        await student.until(lambda now: now.wait_reason is wait.asked)
        await student.environment.sleep(timedelta(minutes=1))
        told.append(_notices(world))

    assert told == [[], [NoticeKind.GO_ON]]
    await student.handle.terminate()


# --- one wait, and one notice --------------------------------------------------------------------


async def test_a_wait_for_several_reasons_is_one(begin: Begin, world: World) -> None:
    """The ledger, a held code, the directory: each short, and the student never asked between."""
    world.pause = timedelta(seconds=10)
    student = await begin(policy=READ_AGAIN)
    await student.sent()
    world.failing, world.failure = {ActivityName.CHECK_PIN: 900}, FailureType.LEDGER_DOWN
    typed = await student.typed()
    await student.handle.signal("submit_pin", typed)
    await student.environment.sleep(timedelta(minutes=5))
    world.failing = {ActivityName.CLAIM_PERSON: 900}
    await student.environment.sleep(timedelta(minutes=4))
    world.accounts = [_CONFLICT, _NAMED]
    world.failing = {}
    await student.reaches(Step.NEEDS_SUPPORT)
    await student.environment.sleep(timedelta(minutes=4))
    silent = _notices(world)
    await student.retries()
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    await student.environment.sleep(timedelta(hours=1))

    assert (silent, _notices(world)) == ([], [NoticeKind.GO_ON])
    await student.handle.terminate()


async def test_two_short_waits_are_no_long_one(begin: Begin, world: World) -> None:
    student = await begin(policy=READ_AGAIN)
    for _ in range(2):
        await _held(student)
        await student.environment.sleep(SHORT)
        await _released(student)
    await student.environment.sleep(timedelta(hours=1))

    assert _notices(world) == []
    await student.handle.terminate()


@pytest.mark.parametrize("answered", [False, True])
async def test_who_has_proved_nothing_is_not_written_to(
    begin: Begin, world: World, answered: bool
) -> None:
    """Neither when a hold ends, nor when a code was wrong that waited for the ledger."""
    world.pause = timedelta(seconds=10)
    student = await begin(policy=READ_AGAIN)
    await student.sent()
    if answered:
        world.failing, world.failure = {ActivityName.CHECK_PIN: 900}, FailureType.LEDGER_DOWN
        await student.handle.signal("submit_pin", await student.typed(pin_of(9)))
    else:
        await student.submit("hold", HoldSubmission(**await student.stamp()))
    await student.environment.sleep(LONG)
    world.failing = {}
    if not answered:
        await _released(student)
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_PIN)
    await student.environment.sleep(timedelta(minutes=1))

    assert _notices(world) == []
    await student.handle.terminate()


async def test_who_has_handed_in_the_next_answer_already_is_not_called(
    begin: Begin, world: World
) -> None:
    student = await begin(policy=READ_AGAIN)
    await student.agrees()
    await student.submit("hold", HoldSubmission(**await student.stamp()))
    await student.environment.sleep(LONG)
    await student.handle.signal("submit_password", await student.sealed())
    await _released(student)

    assert await student.end() is Step.ACTIVE
    assert _notices(world) == [NoticeKind.ACTIVE]


async def test_how_long_is_a_setting(begin: Begin, world: World) -> None:
    student = await begin(
        policy=Policy(notify_after=timedelta(hours=2), registrar_fresh_for=timedelta())
    )
    for waited in (timedelta(hours=1), timedelta(hours=3)):
        assert _notices(world) == []
        await _held(student)
        await student.environment.sleep(waited)
        await _released(student)
    await student.environment.sleep(timedelta(minutes=1))

    assert _notices(world) == [NoticeKind.GO_ON]
    await student.handle.terminate()


@pytest.mark.parametrize("by_signal", [False, True])
async def test_who_answered_while_no_worker_was_there_is_told_what_comes_next(
    begin: Begin, world: World, by_signal: bool
) -> None:
    """By update somebody was there: then only the ledger's clock, which stamps it, is behind."""
    student = await begin(policy=READ_AGAIN)
    review = (await _proved(student)).review
    assert review is not None
    agreed = await student.agreed(review.shown_hash)
    agreed = agreed.model_copy(update={"received_at": agreed.received_at - LONG})
    if by_signal:
        await student.handle.signal("give_consent", agreed)
    else:
        await student.submit("give_consent", agreed)
    await student.reaches(Step.PASSWORD)
    await student.environment.sleep(timedelta(minutes=1))

    assert _notices(world) == [NoticeKind.GO_ON] * by_signal
    await student.handle.terminate()


# --- what writes already -------------------------------------------------------------------------


@pytest.mark.parametrize("waited", [timedelta(), LONG])
async def test_after_a_dispute_one_notice_tells_it(
    begin: Begin, world: World, waited: timedelta
) -> None:
    """And only once there is something to go on with: here no username can be given at first."""
    student = await begin(policy=READ_AGAIN)
    await _proved(student)
    dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
    await student.submit("dispute", dispute)
    await student.environment.sleep(waited)
    world.accounts = [_CONFLICT, _NAMED]
    await student.submit("resolve", ResolveSubmission(**await student.stamp()))
    await student.reaches(Step.NEEDS_SUPPORT)
    await student.environment.sleep(waited)
    early = _notices(world)
    await student.retries()
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    await student.environment.sleep(timedelta(minutes=1))

    assert (early, _notices(world)) == ([], [NoticeKind.GO_ON])
    await student.handle.terminate()


async def test_who_takes_a_dispute_back_is_there_and_is_not_called(
    begin: Begin, world: World
) -> None:
    student = await begin(policy=READ_AGAIN)
    await _proved(student)
    dispute = DisputeSubmission(wrong=(Detail.NAME,), **await student.stamp())
    await student.submit("dispute", dispute)
    await student.environment.sleep(LONG)
    await student.submit("withdraw", WithdrawSubmission(**await student.stamp()))
    await student.until(lambda now: now.wait_reason is WaitReason.WAITING_CONSENT)
    await student.environment.sleep(timedelta(minutes=1))

    assert _notices(world) == []
    await student.handle.terminate()


@pytest.mark.parametrize(
    ("waited", "patched", "told"),
    [(SHORT, True, []), (LONG, True, [NoticeKind.ALREADY_ACTIVE]), (LONG, False, [])],
    ids=["short", "long", "a run of before"],
)
async def test_whose_account_turns_out_to_be_active_is_told_after_a_long_wait(
    begin: Begin,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    waited: timedelta,
    *,
    patched: bool,
    told: list[NoticeKind],
) -> None:
    """The history of a run that told nobody is replayed at the end."""
    world.pause = timedelta(seconds=10)
    world.accounts = [_CONFLICT, AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE)]
    with monkeypatch.context() as code:
        if not patched:
            code.setattr(workflow, "patched", lambda _: False)
        student = await begin(policy=READ_AGAIN)
        await student.sent()
        await student.pin()
        await student.reaches(Step.NEEDS_SUPPORT)
        await student.environment.sleep(waited)
        await student.retries()
        assert await student.end() is Step.ALREADY_ACTIVE
    assert _notices(world) == told
    assert {call.destination.to for call in world.made(SendNotice)} <= {PERSON.sms_to}


async def test_a_password_that_expired_is_asked_for_again_in_its_own_words(
    begin: Begin, world: World
) -> None:
    world.pause = timedelta(seconds=10)
    student = await begin(policy=READ_AGAIN)
    await _at_the_password(student)
    world.provisioned = [
        Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=PasswordRefusal.EXPIRED)
    ]
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 900}, FailureType.DIRECTORY_DOWN
    await student.password()
    await student.environment.sleep(LONG)
    world.failing = {}
    await student.reaches(Step.PASSWORD)
    await student.environment.sleep(timedelta(minutes=1))

    assert _notices(world) == [NoticeKind.CHOOSE_PASSWORD_AGAIN]
    await student.handle.terminate()
