"""One typed function an activity, each with its patience; the only place that knows queues.

Reads and ledger writes go *local first, then durable*: one short try inside the workflow task,
and only when that fails the same activity as a normal one, which staff can see. Durable tries run
in windows without end; each window's end tells, through `delayed`, which part is away.
Correctness never depends on attempt numbers: two tries may overlap, and both say 1.
"""

from contextlib import suppress
from datetime import timedelta
from itertools import chain, repeat
from typing import NamedTuple, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
    from domain.contracts.account_io import (
        AccountChecked,
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
    from domain.contracts.channels import Channel
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
    from domain.contracts.submissions import JoinedNotice
    from domain.contracts.vocabulary import ActivityName, FailureType, TaskQueue, WaitReason
    from workflows.step_machine import Delayed

Outcome = TypeVar("Outcome", bound=Model)

_LOCAL_TRY = timedelta(seconds=4)
_DURABLE_TRY = timedelta(seconds=30)
_DIRECTORY_GLANCE = timedelta(seconds=3)
_NOTICE_PATIENCE = timedelta(days=3)
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = (timedelta(seconds=20), timedelta(seconds=30))
_WINDOWS = (timedelta(seconds=45), timedelta(minutes=10), timedelta(hours=3))
_NO_SUCH_RUN = "ExternalWorkflowExecutionNotFound"


class NoNews(Exception):
    """The registrar did not answer: nothing is known but what was."""


class ForgedResult(Exception):
    """An activity was completed with something that no activity of ours says."""


async def find_student(request: FindStudent, delayed: Delayed) -> StudentsFound:
    return await _local_first(ActivityName.FIND_STUDENT, request, StudentsFound, delayed)


async def reread_student(request: FindStudent, person: Person) -> Person | None:
    """Look once for the newest word on a person; None: no live enrolment has the contact any more.

    Raises `NoNews` while the registrar is away, or has the contact for too many to tell.
    """
    try:
        found = await _local(ActivityName.FIND_STUDENT, request, StudentsFound)
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        raise NoNews from None
    if found.too_many:
        raise NoNews
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


class Joins(NamedTuple):
    """Whom to tell that another activation joins it, and the notice."""

    holder: str
    notice: JoinedNotice


async def tell_joined(joins: Joins, delayed: Delayed) -> bool:
    """Tell the activation that goes on; False when it has no run any more.

    Any other failure is raised: a run that cannot be told now may live all the same.
    """
    del delayed  # Temporal itself delivers, and tells at once when it cannot.
    try:
        await workflow.get_external_workflow_handle(joins.holder).signal("joined", joins.notice)
    except ApplicationError as error:
        if error.type != _NO_SUCH_RUN:
            raise
        return False
    return True


async def check_account(request: CheckAccount, delayed: Delayed) -> AccountChecked:
    name, queue = ActivityName.CHECK_ACCOUNT, TaskQueue.DIRECTORY
    return await _durable(name, request, AccountChecked, delayed, queue)


async def record_insurance(request: RecordInsurance, delayed: Delayed) -> InsuranceRecorded:
    return await _local_first(ActivityName.RECORD_INSURANCE, request, InsuranceRecorded, delayed)


async def resolve_account(request: ResolveAccount, delayed: Delayed) -> AccountResolved:
    """Ask the directory for three seconds at most; without it registrar and ledger decide."""
    try:
        glance = await workflow.execute_activity(
            ActivityName.RESOLVE_ACCOUNT,
            request,
            result_type=RawValue,
            task_queue=TaskQueue.DIRECTORY,
            schedule_to_close_timeout=_DIRECTORY_GLANCE,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )
    except ActivityError as error:
        _raise_unless_passing(error)
    else:
        with suppress(ForgedResult):
            return _read(glance, AccountResolved)
    alone = request.model_copy(update={"ask_directory": False})
    return await _local_first(ActivityName.RESOLVE_ACCOUNT, alone, AccountResolved, delayed)


async def record_consent(request: RecordConsent, delayed: Delayed) -> ConsentRecorded:
    return await _local_first(ActivityName.RECORD_CONSENT, request, ConsentRecorded, delayed)


async def provision_account(request: ProvisionAccount, delayed: Delayed) -> Provisioned:
    name, queue = ActivityName.PROVISION_ACCOUNT, TaskQueue.DIRECTORY
    return await _durable(name, request, Provisioned, delayed, queue)


async def send_notice(request: SendNotice, delayed: Delayed) -> None:
    """Try for three days; a notice that cannot be sent holds up nobody."""
    del delayed  # What nobody waits for is not late.
    queue = request.destination.channel.queue
    with suppress(ActivityError):
        await _queued(ActivityName.SEND_NOTICE, request, Sent, queue, _NOTICE_PATIENCE)


async def close_activation(request: CloseActivation, delayed: Delayed) -> Closed:
    return await _local_first(ActivityName.CLOSE_ACTIVATION, request, Closed, delayed)


async def mail_support_request(request: MailSupportRequest) -> None:
    """Try until the desk has it; nobody waits, and what a student wrote is not given up."""
    await _queued(ActivityName.MAIL_SUPPORT_REQUEST, request, Sent, TaskQueue.MAIL)


async def mail_support_answer(request: MailSupportAnswer) -> None:
    """Try until the student's mailbox has it, or is refused for good."""
    await _queued(ActivityName.MAIL_SUPPORT_ANSWER, request, Sent, TaskQueue.MAIL)


async def apply_withdrawal(request: ApplyWithdrawal) -> None:
    """Try until the directory has followed."""
    name, queue = ActivityName.APPLY_WITHDRAWAL, TaskQueue.DIRECTORY
    await _queued(name, request, WithdrawalApplied, queue)


async def find_left_behind() -> LeftBehind:
    """Try until the ledger tells what it kept of requests for help."""
    return await _queued(
        ActivityName.FIND_LEFT_BEHIND, FindLeftBehind(), LeftBehind, TaskQueue.MAIN
    )


async def _local_first(
    name: ActivityName, request: Model, outcome: type[Outcome], delayed: Delayed
) -> Outcome:
    try:
        return await _local(name, request, outcome)
    except FailureError as error:
        delayed(_reason(error, name, TaskQueue.MAIN))
    return await _durable(name, request, outcome, delayed, TaskQueue.MAIN)


async def _local(name: ActivityName, request: Model, outcome: type[Outcome]) -> Outcome:
    result: Outcome = await workflow.execute_local_activity(
        name,
        request,
        result_type=outcome,
        start_to_close_timeout=_LOCAL_TRY,
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
            delayed(_reason(error, name, queue))


async def _queued(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    queue: str,
    patience: timedelta | None = None,
) -> Outcome:
    """Try for as long as `patience`; None: until it is done. A forged result is one more try."""
    while True:
        result = await workflow.execute_activity(
            name,
            request,
            result_type=RawValue,
            task_queue=queue,
            start_to_close_timeout=_DURABLE_TRY,
            schedule_to_close_timeout=patience,
            retry_policy=_retry_policy(),
        )
        with suppress(ForgedResult):
            return _read(result, outcome)


def _read(result: RawValue | None, outcome: type[Outcome]) -> Outcome:
    """Return what an activity said; raises `ForgedResult`.

    Whoever reaches Temporal can complete an activity. The SDK itself would fail the task, and each
    task of the run after it, over a result that cannot be decoded.
    """
    if result is None:
        raise ForgedResult
    try:
        read = workflow.payload_converter().from_payload(result.payload, outcome)
    except Exception:  # noqa: BLE001 - it may be anything
        raise ForgedResult from None
    if not isinstance(read, outcome):
        raise ForgedResult  # The SDK hands null and bytes over as they come.
    return read


def _retry_policy() -> RetryPolicy:
    """Spread the longest pauses out, so that a backlog does not return as a herd."""
    least, most = _LONGEST_PAUSE
    longest = least + (most - least) * workflow.random().random()
    return RetryPolicy(initial_interval=_FIRST_PAUSE, maximum_interval=longest)


def _reason(error: FailureError, name: ActivityName, queue: str) -> WaitReason:
    """Return which part is away; raises what waiting cannot mend."""
    _raise_unless_passing(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type in set(FailureType):
            return WaitReason(str(cause.type))
        cause = cause.__cause__
    if name is ActivityName.FIND_STUDENT:
        return WaitReason.REGISTRAR_DOWN
    return _silent(queue)


def _silent(queue: str) -> WaitReason:
    """Return what a silent queue means: a time-out brings no failure type along."""
    if queue == TaskQueue.DIRECTORY:
        return WaitReason.DIRECTORY_DOWN
    down = {channel.queue: WaitReason(channel.down) for channel in Channel.all()}
    return down.get(queue, WaitReason.LEDGER_DOWN)


def _raise_unless_passing(error: FailureError) -> None:
    cause = error.cause if isinstance(error, ActivityError) else error
    if is_cancelled_exception(error) or getattr(cause, "non_retryable", False):
        raise error
