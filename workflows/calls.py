"""Calls activities: one typed function each, with its task queue, time-outs and retries.

Reads and ledger writes go *local first, then durable*: one short attempt as a local activity, and
only when that fails a normal activity, which staff can see. Durable calls retry in windows without
end; at the end of each window `delayed` is called with the system that is unavailable. Activities
are idempotent and never depend on attempt numbers: two attempts may overlap, both numbered 1.
"""

from contextlib import suppress
from datetime import timedelta
from itertools import chain, repeat
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
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
    from domain.contracts.reports import MailStuckReport, StuckReported
    from domain.contracts.sweeping import SweepExpired, SweptExpired
    from domain.contracts.vocabulary import ActivityName, TaskQueue
    from workflows.failures import raise_unless_transient, reason_of
    from workflows.priorities import priority_of
    from workflows.results import ForgedResult, read_result
    from workflows.step_machine import Delayed

Outcome = TypeVar("Outcome", bound=Model)

_LOCAL_TIMEOUT = timedelta(seconds=4)
_ATTEMPT_TIMEOUT = timedelta(seconds=30)
_DIRECTORY_TIMEOUT = timedelta(seconds=3)
_NOTICE_WINDOW = timedelta(days=3)
_FIRST_BACKOFF = timedelta(seconds=1)
_LONGEST_BACKOFF = (timedelta(seconds=20), timedelta(seconds=30))
_WINDOWS = (timedelta(seconds=45), timedelta(minutes=10), timedelta(hours=3))


class RereadFailed(Exception):
    """The registrar could not be read again; what was known before still holds."""


async def find_student(request: FindStudent, delayed: Delayed) -> StudentsFound:
    return await _local_first(ActivityName.FIND_STUDENT, request, StudentsFound, delayed)


async def reread_student(request: FindStudent, person: Person) -> Person | None:
    """Read a person again, in one attempt; None: no live enrolment has the contact any more.

    Raises `RereadFailed` while the registrar is unavailable, or when too many share the contact.
    """
    try:
        found = await _local(ActivityName.FIND_STUDENT, request, StudentsFound)
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        raise RereadFailed from None
    if found.too_many:
        raise RereadFailed
    same = (each for each in found.persons if not {*person.keys}.isdisjoint(each.keys))
    return next(same, None)


async def reserve_send(request: ReserveSend, delayed: Delayed) -> SendReserved:
    return await _local_first(ActivityName.RESERVE_SEND, request, SendReserved, delayed)


async def send_pin(request: SendPin, delayed: Delayed) -> Sent:
    queue = request.destination.channel.queue
    return await _durable(ActivityName.SEND_PIN, request, Sent, delayed, queue)


async def check_pin(request: CheckPin, delayed: Delayed) -> PinChecked:
    return await _local_first(ActivityName.CHECK_PIN, request, PinChecked, delayed)


async def unlock_pin(request: UnlockPin, delayed: Delayed) -> PinUnlocked:
    return await _local_first(ActivityName.UNLOCK_PIN, request, PinUnlocked, delayed)


async def count_identity_try(request: CountIdentityTry, delayed: Delayed) -> IdentityTryCounted:
    name = ActivityName.COUNT_IDENTITY_TRY
    return await _local_first(name, request, IdentityTryCounted, delayed)


async def allow_identity_tries(
    request: AllowIdentityTries, delayed: Delayed
) -> IdentityTriesAllowed:
    name = ActivityName.ALLOW_IDENTITY_TRIES
    return await _local_first(name, request, IdentityTriesAllowed, delayed)


async def claim_person(request: ClaimPerson, delayed: Delayed) -> Claimed:
    return await _local_first(ActivityName.CLAIM_PERSON, request, Claimed, delayed)


async def check_account(request: CheckAccount, delayed: Delayed) -> AccountChecked:
    name, queue = ActivityName.CHECK_ACCOUNT, TaskQueue.DIRECTORY
    return await _durable(name, request, AccountChecked, delayed, queue)


async def record_insurance(request: RecordInsurance, delayed: Delayed) -> InsuranceRecorded:
    return await _local_first(ActivityName.RECORD_INSURANCE, request, InsuranceRecorded, delayed)


async def resolve_nearby(request: ResolveAccount, delayed: Delayed) -> AccountResolved:
    """Resolve in this worker if it has the directory's account, else as `resolve_account`."""
    try:
        resolved = await _local(
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
    return await _local_first(ActivityName.RESOLVE_ACCOUNT, without, AccountResolved, delayed)


async def record_consent(request: RecordConsent, delayed: Delayed) -> ConsentRecorded:
    return await _local_first(ActivityName.RECORD_CONSENT, request, ConsentRecorded, delayed)


async def provision_account(request: ProvisionAccount, delayed: Delayed) -> Provisioned:
    name, queue = ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY
    return await _durable(name, request, Provisioned, delayed, queue)


async def send_notice(request: SendNotice, delayed: Delayed) -> None:
    """Retry for three days, then give up: nothing depends on a notice."""
    del delayed  # Nothing waits for a notice, so no delay is published.
    queue = request.destination.channel.queue
    with suppress(ActivityError):
        await _queued(ActivityName.SEND_NOTICE, request, Sent, queue, _NOTICE_WINDOW)


async def close_activation(request: CloseActivation, delayed: Delayed) -> Closed:
    return await _local_first(ActivityName.CLOSE_ACTIVATION, request, Closed, delayed)


async def mail_support_request(request: MailSupportRequest) -> None:
    """Retry until support staff's mailbox has the request; it is never given up."""
    await _queued(ActivityName.MAIL_SUPPORT_REQUEST, request, Sent, TaskQueue.MAIL)


async def mail_support_answer(request: MailSupportAnswer) -> None:
    """Retry until the student's mail server accepts the answer, or refuses it for good."""
    await _queued(ActivityName.MAIL_SUPPORT_ANSWER, request, Sent, TaskQueue.MAIL)


async def apply_withdrawal(request: ApplyWithdrawal) -> None:
    """Retry until the directory has applied the withdrawal."""
    name, queue = ActivityName.APPLY_WITHDRAWAL, TaskQueue.DIRECTORY
    await _queued(name, request, WithdrawalApplied, queue)


async def find_left_behind() -> LeftBehind:
    """Retry until the ledger returns the requests for help in its outbox."""
    return await _queued(
        ActivityName.FIND_LEFT_BEHIND, FindLeftBehind(), LeftBehind, TaskQueue.MAIN
    )


async def sweep_expired() -> SweptExpired:
    """Retry until the ledger was swept for some seconds."""
    return await _queued(ActivityName.SWEEP_EXPIRED, SweepExpired(), SweptExpired, TaskQueue.MAIN)


async def mail_stuck_report() -> StuckReported:
    """Retry until today's report is mailed, unless there is nothing to report."""
    name = ActivityName.MAIL_STUCK_REPORT
    return await _queued(name, MailStuckReport(), StuckReported, TaskQueue.MAIL)


async def _local_first(
    name: ActivityName, request: Model, outcome: type[Outcome], delayed: Delayed
) -> Outcome:
    try:
        return await _local(name, request, outcome)
    except FailureError as error:
        delayed(reason_of(error, name, TaskQueue.MAIN))
    return await _durable(name, request, outcome, delayed, TaskQueue.MAIN)


async def _local(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    within: timedelta = _LOCAL_TIMEOUT,
) -> Outcome:
    result: Outcome = await workflow.execute_local_activity(
        name,
        request,
        result_type=outcome,
        start_to_close_timeout=within,
        retry_policy=RetryPolicy(maximum_attempts=1),
    )
    return result


async def _durable(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    delayed: Delayed,
    queue: str,
) -> Outcome:
    windows = chain(_WINDOWS, repeat(_WINDOWS[-1]))
    while True:
        try:
            return await _queued(name, request, outcome, queue, next(windows))
        except ActivityError as error:
            delayed(reason_of(error, name, queue))


async def _queued(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    queue: str,
    window: timedelta | None = None,
) -> Outcome:
    """Retry within `window`; None: until it succeeds. A forged result causes another attempt."""
    while True:
        result = await workflow.execute_activity(
            name,
            request,
            result_type=RawValue,
            task_queue=queue,
            start_to_close_timeout=_ATTEMPT_TIMEOUT,
            schedule_to_close_timeout=window,
            retry_policy=retry_policy(),
            priority=priority_of(name, workflow.instance()),
        )
        with suppress(ForgedResult):
            return read_result(result, outcome)


def retry_policy() -> RetryPolicy:
    """Return exponential back-off with jitter in its maximum, so that a backlog spreads out."""
    least, most = _LONGEST_BACKOFF
    longest = least + (most - least) * workflow.random().random()
    return RetryPolicy(initial_interval=_FIRST_BACKOFF, maximum_interval=longest)
