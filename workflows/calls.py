"""Calls activities: one typed function each, with its task queue and time-outs."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from domain.contracts.account_io import (
        AccountChecked,
        AccountOutcome,
        AccountResolved,
        ApplyWithdrawal,
        CheckAccount,
        Claimed,
        ClaimPerson,
        CloseActivation,
        Closed,
        ConsentRecorded,
        InsuranceRecorded,
        ProvisionAccount,
        Provisioned,
        RecordConsent,
        RecordInsurance,
        ResolveAccount,
        WithdrawalApplied,
    )
    from domain.contracts.campaigns import InvitationBatch, NextInvitations
    from domain.contracts.message_io import (
        MailSupportAnswer,
        MailSupportRequest,
        ReserveSend,
        SendNotice,
        SendPin,
        SendReserved,
        Sent,
    )
    from domain.contracts.outbox import FindLeftBehind, LeftBehind
    from domain.contracts.people import FindStudent, Person, StudentsFound
    from domain.contracts.pin_io import (
        AllowIdentityTries,
        CheckPin,
        CountIdentityTry,
        IdentityTriesAllowed,
        IdentityTryCounted,
        PinChecked,
        PinUnlocked,
        UnlockPin,
    )
    from domain.contracts.reconciling import IN_DIRECTORY, CompareStage, StageCompared
    from domain.contracts.reports import MailStuckReport, StuckReported
    from domain.contracts.sweeping import SweepExpired, SweptExpired
    from domain.contracts.vocabulary import ActivityName, TaskQueue
    from workflows.attempts import durable, local, local_first, queued
    from workflows.failures import raise_unless_transient
    from workflows.results import ForgedResult, read_result
    from workflows.step_machine import Delayed

_DIRECTORY_TIMEOUT = timedelta(seconds=3)
_NOTICE_WINDOW = timedelta(days=3)
_COMPARE_TIMEOUT = timedelta(minutes=30)
"""The whole directory is read in one attempt, because LDAP has no position to go on from."""
_COMPARE_HEARTBEAT = timedelta(minutes=1)
_CHOOSE_TIMEOUT = timedelta(minutes=5)
_CHOOSE_HEARTBEAT = timedelta(minutes=1)


class RereadFailed(Exception):
    """The registrar could not be read again; what was known before still holds."""


async def find_student(request: FindStudent, delayed: Delayed) -> StudentsFound:
    return await local_first(ActivityName.FIND_STUDENT, request, StudentsFound, delayed)


async def reread_student(request: FindStudent, person: Person) -> Person | None:
    """Read a person again, in one attempt; None: no live enrolment has the contact any more.

    Raises `RereadFailed` while the registrar is unavailable, or when too many share the contact.
    """
    try:
        found = await local(ActivityName.FIND_STUDENT, request, StudentsFound)
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        raise RereadFailed from None
    if found.too_many:
        raise RereadFailed
    same = (each for each in found.persons if not {*person.keys}.isdisjoint(each.keys))
    return next(same, None)


async def reserve_send(request: ReserveSend, delayed: Delayed) -> SendReserved:
    return await local_first(ActivityName.RESERVE_SEND, request, SendReserved, delayed)


async def send_pin(request: SendPin, delayed: Delayed) -> Sent:
    queue = request.destination.channel.queue
    return await durable(ActivityName.SEND_PIN, request, Sent, delayed, queue)


async def check_pin(request: CheckPin, delayed: Delayed) -> PinChecked:
    return await local_first(ActivityName.CHECK_PIN, request, PinChecked, delayed)


async def unlock_pin(request: UnlockPin, delayed: Delayed) -> PinUnlocked:
    return await local_first(ActivityName.UNLOCK_PIN, request, PinUnlocked, delayed)


async def count_identity_try(request: CountIdentityTry, delayed: Delayed) -> IdentityTryCounted:
    name = ActivityName.COUNT_IDENTITY_TRY
    return await local_first(name, request, IdentityTryCounted, delayed)


async def allow_identity_tries(
    request: AllowIdentityTries, delayed: Delayed
) -> IdentityTriesAllowed:
    name = ActivityName.ALLOW_IDENTITY_TRIES
    return await local_first(name, request, IdentityTriesAllowed, delayed)


async def claim_person(request: ClaimPerson, delayed: Delayed) -> Claimed:
    return await local_first(ActivityName.CLAIM_PERSON, request, Claimed, delayed)


async def check_account(request: CheckAccount, delayed: Delayed) -> AccountChecked:
    name, queue = ActivityName.CHECK_ACCOUNT, TaskQueue.DIRECTORY
    return await durable(name, request, AccountChecked, delayed, queue)


async def record_insurance(request: RecordInsurance, delayed: Delayed) -> InsuranceRecorded:
    return await local_first(ActivityName.RECORD_INSURANCE, request, InsuranceRecorded, delayed)


async def resolve_nearby(request: ResolveAccount, delayed: Delayed) -> AccountResolved:
    """Resolve in this worker if it has the directory's account, else as `resolve_account`."""
    try:
        resolved = await local(
            ActivityName.RESOLVE_ACCOUNT, request, AccountResolved, _DIRECTORY_TIMEOUT
        )
    except FailureError as error:
        raise_unless_transient(error)
        return await _resolve_without_directory(request, delayed)
    if resolved.outcome is AccountOutcome.ELSEWHERE:
        return await resolve_account(request, delayed)
    return resolved


async def resolve_account(request: ResolveAccount, delayed: Delayed) -> AccountResolved:
    """Resolve with the directory, for three seconds at most, else by registrar and ledger only."""
    try:
        result = await workflow.execute_activity(
            ActivityName.RESOLVE_ACCOUNT,
            request,
            result_type=RawValue,
            task_queue=TaskQueue.DIRECTORY,
            schedule_to_close_timeout=_DIRECTORY_TIMEOUT,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
    except ActivityError as error:
        raise_unless_transient(error)
    else:
        with suppress(ForgedResult):
            return read_result(result, AccountResolved)
    return await _resolve_without_directory(request, delayed)


async def _resolve_without_directory(request: ResolveAccount, delayed: Delayed) -> AccountResolved:
    without = request.model_copy(update={"ask_directory": False})
    return await local_first(ActivityName.RESOLVE_ACCOUNT, without, AccountResolved, delayed)


async def record_consent(request: RecordConsent, delayed: Delayed) -> ConsentRecorded:
    return await local_first(ActivityName.RECORD_CONSENT, request, ConsentRecorded, delayed)


async def provision_account(request: ProvisionAccount, delayed: Delayed) -> Provisioned:
    name, queue = ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY
    return await durable(name, request, Provisioned, delayed, queue)


async def send_notice(request: SendNotice, delayed: Delayed) -> None:
    """Retry for three days, then give up: nothing depends on a notice."""
    del delayed  # Nothing waits for a notice, so no delay is published.
    queue = request.destination.channel.queue
    with suppress(ActivityError):
        await queued(ActivityName.SEND_NOTICE, request, Sent, queue, _NOTICE_WINDOW)


async def close_activation(request: CloseActivation, delayed: Delayed) -> Closed:
    return await local_first(ActivityName.CLOSE_ACTIVATION, request, Closed, delayed)


async def mail_support_request(request: MailSupportRequest) -> None:
    """Retry until support staff's mailbox has the request; it is never given up."""
    await queued(ActivityName.MAIL_SUPPORT_REQUEST, request, Sent, TaskQueue.MAIL)


async def mail_support_answer(request: MailSupportAnswer) -> None:
    """Retry until the student's mail server accepts the answer, or refuses it for good."""
    await queued(ActivityName.MAIL_SUPPORT_ANSWER, request, Sent, TaskQueue.MAIL)


async def apply_withdrawal(request: ApplyWithdrawal) -> None:
    """Retry until the directory has applied the withdrawal."""
    name, queue = ActivityName.APPLY_WITHDRAWAL, TaskQueue.DIRECTORY
    await queued(name, request, WithdrawalApplied, queue)


async def find_left_behind() -> LeftBehind:
    """Retry until the ledger returns the requests for help in its outbox."""
    return await queued(ActivityName.FIND_LEFT_BEHIND, FindLeftBehind(), LeftBehind, TaskQueue.MAIN)


async def sweep_expired() -> SweptExpired:
    """Retry until the ledger was swept for some seconds."""
    return await queued(ActivityName.SWEEP_EXPIRED, SweepExpired(), SweptExpired, TaskQueue.MAIN)


async def mail_stuck_report() -> StuckReported:
    """Retry until today's report is mailed, unless there is nothing to report."""
    name = ActivityName.MAIL_STUCK_REPORT
    return await queued(name, MailStuckReport(), StuckReported, TaskQueue.MAIL)


async def compare_stage(request: CompareStage) -> StageCompared:
    """Retry until the systems of the stage answer."""
    name, queue = ActivityName.COMPARE_RUNS, TaskQueue.MAIN
    if request.stage in IN_DIRECTORY:
        name, queue = ActivityName.COMPARE_DIRECTORY, TaskQueue.DIRECTORY
    return await queued(
        name, request, StageCompared, queue, attempt=_COMPARE_TIMEOUT, heartbeat=_COMPARE_HEARTBEAT
    )


async def next_invitations(request: NextInvitations) -> InvitationBatch:
    """Retry until registrar and ledger answer for every student of the batch."""
    return await queued(
        ActivityName.NEXT_INVITATIONS,
        request,
        InvitationBatch,
        TaskQueue.MAIN,
        attempt=_CHOOSE_TIMEOUT,
        heartbeat=_CHOOSE_HEARTBEAT,
    )
