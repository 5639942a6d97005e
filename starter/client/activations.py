"""What a portal may do with activations: start one, hand in a submission, see where it stands.

A submission goes by update first, the answer in one round trip; an update that no worker accepts
is followed by a signal, which is durable with every worker down. A request for help
becomes a workflow as well. Nothing here waits longer than a student would, but one thing: whether
a Temporal that is busy, and not away, has taken in what was handed to it.
"""

import asyncio
import math
from collections.abc import Collection, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from temporalio.client import (
    Client,
    RPCError,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import (
    QueryRejectCondition,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from domain.contracts import Model
from domain.contracts.account_io import ApplyWithdrawal
from domain.contracts.message_io import MailSupportAnswer, MailSupportRequest
from domain.contracts.submissions import ActivationResult, ActivationStart, Submission
from domain.contracts.views import Answer, Progress, ProgressRequest
from domain.contracts.vocabulary import (
    ANSWER_WORKFLOW,
    SUPPORT_WORKFLOW,
    WITHDRAWAL_WORKFLOW,
    WORKFLOW,
    Step,
    TaskQueue,
    WaitReason,
    answer_workflow_id,
    support_workflow_id,
)
from security.keyfiles import KeyUnavailable
from starter.client import pending_retries as tries
from starter.client.connect import NO_ANSWER, asking
from workflows.inbox import TOO_MANY
from workflows.search_attributes import STEP
from workflows.steps import ENDS

_TOLD_WITHIN = timedelta(seconds=1.5)
_RPC_WITHIN = timedelta(seconds=2)
_HANDED_IN_WITHIN = timedelta(seconds=2.9)
TOLD_AT_LAST = timedelta(seconds=12)
"""How long a busy Temporal may take to tell whether it took something in."""
_SILENT = timedelta(seconds=1)
"""Without any answer to anybody for so long Temporal counts as away."""
_FOR_THE_SIGNAL = timedelta(seconds=0.8)
_POLL = 0.08
_IF_FAILED = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
_UNANSWERED: tuple[type[Exception], ...] = (
    *NO_ANSWER,
    KeyUnavailable,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
_NOT_TOLD: tuple[type[Exception], ...] = (
    *NO_ANSWER,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
_TASK_TIMEOUT = timedelta(seconds=10)
Told = TypeVar("Told")


class TooManySubmissions(Exception):
    """The activation takes no more answers of the student's; this one was not taken."""


class ActivationEnded(Exception):
    """The activation is over; `step` is how it ended, where that can be told."""

    def __init__(self, reference: str, step: Step | None) -> None:
        super().__init__("activation ended")
        self.reference = reference
        self.step = step


class Stands(NamedTuple):
    """Where an activation stands as far as Temporal itself can tell."""

    step: Step
    wait_reason: WaitReason | None = None
    next_try_at: datetime | None = None


class Activations:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._heard_at = -math.inf

    def _handle(self, reference: str) -> WorkflowHandle[object, ActivationResult]:
        return self._client.get_workflow_handle(reference, result_type=ActivationResult)

    async def start(self, start: ActivationStart) -> bool:
        """Start an activation; False when one of this reference exists, be it open or closed."""
        at_first = TypedSearchAttributes([SearchAttributePair(STEP, Step.LOOKUP.value)])
        return await self._start(WORKFLOW, start, start.reference, at_first)

    async def mail_support_request(self, request_id: str) -> None:
        """See to it that the desk gets this request; once, however often it is asked."""
        request = MailSupportRequest(request_id=request_id)
        await self._start(
            SUPPORT_WORKFLOW, request, support_workflow_id(request_id), again=_IF_FAILED
        )

    async def mail_support_answer(self, request_id: str) -> None:
        """See to it that the student gets the desk's answer; once, however often it is asked."""
        request = MailSupportAnswer(request_id=request_id)
        await self._start(
            ANSWER_WORKFLOW, request, answer_workflow_id(request_id), again=_IF_FAILED
        )

    async def apply_withdrawal(self, reference: str, consent_id: int) -> None:
        """See to it that the directory follows this row of the consent."""
        request = ApplyWithdrawal(reference=reference)
        name = f"withdrawal-{reference}-{consent_id}"
        await self._start(WITHDRAWAL_WORKFLOW, request, name, again=_IF_FAILED)

    async def _start(
        self,
        workflow: str,
        start: Model,
        workflow_id: str,
        search_attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
        *,
        again: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE,
    ) -> bool:
        """Start a workflow of this id unless there was one; returns whether it was started."""
        try:
            with asking():
                async with asyncio.timeout(_RPC_WITHIN.total_seconds()):
                    await self._client.start_workflow(
                        workflow,
                        start,
                        id=workflow_id,
                        task_queue=TaskQueue.MAIN,
                        id_reuse_policy=again,
                        task_timeout=_TASK_TIMEOUT,
                        search_attributes=search_attributes,
                        rpc_timeout=_RPC_WITHIN,
                    )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def submit(
        self,
        reference: str,
        name: str,
        submission: Submission,
        *,
        within: timedelta = _HANDED_IN_WITHIN,
    ) -> Answer | None:
        """Hand in a submission; None when it was taken in but has no answer yet.

        Raises `TemporalUnavailable`: it may have been taken in, unless that says otherwise;
        `TooManySubmissions`: it was not.
        """
        now = asyncio.get_running_loop().time()
        until = now + within.total_seconds()
        by_signal_from = max(until - _FOR_THE_SIGNAL.total_seconds(), now + _POLL)
        accepted = await self._by_update(reference, name, submission, by_signal_from)
        if accepted:
            try:
                return await _result(accepted, until)
            except WorkflowUpdateFailedError as failed:
                if isinstance(failed.cause, ApplicationError) and failed.cause.type == TOO_MANY:
                    raise TooManySubmissions from None
        await self._by_signal(reference, name, submission, until)
        return None

    async def _by_update(
        self, reference: str, name: str, submission: Submission, until: float
    ) -> WorkflowUpdateHandle[Answer] | None:
        """Return the update once it is in the history; None: a signal must follow.

        Whatever happened to the update, the signal with the same id counts once.
        """
        with suppress(WorkflowUpdateFailedError, *_UNANSWERED):
            async with asyncio.timeout_at(until):
                return self._heard(
                    await self._handle(reference).start_update(
                        name,
                        submission,
                        id=submission.submission_id,
                        wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                        result_type=Answer,
                    )
                )
        return None

    async def _by_signal(
        self, reference: str, name: str, submission: Submission, until: float
    ) -> None:
        try:
            with asking():
                signalled = self._handle(reference).signal(
                    name, submission, rpc_timeout=TOLD_AT_LAST
                )
                await self._as_long_as_it_answers(signalled, until)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ActivationEnded(reference, await self._end(reference)) from None
            raise

    async def _as_long_as_it_answers(self, call: Coroutine[Any, Any, Told], until: float) -> Told:
        """Wait until then, and longer while Temporal answers others; raises `TimeoutError`."""
        asked, now = asyncio.ensure_future(call), asyncio.get_running_loop().time
        try:
            while not (await asyncio.wait({asked}, timeout=max(until - now(), 0)))[0]:
                if now() - self._heard_at > _SILENT.total_seconds():
                    raise TimeoutError
                until = now() + _POLL
            return self._heard(asked.result())
        finally:
            asked.cancel()

    def _heard(self, told: Told) -> Told:
        """Note that Temporal has answered somebody."""
        self._heard_at = asyncio.get_running_loop().time()
        return told

    async def progress(self, reference: str) -> Progress | None:
        """Return what the student may see; None when no worker answers in time.

        A worker would answer for a run that was ended from outside as if it went on: it is not
        asked then, and `stands` tells.
        """
        try:
            async with asyncio.timeout(_TOLD_WITHIN.total_seconds()):
                progress: Progress = await self._handle(reference).query(
                    "progress",
                    ProgressRequest(),
                    result_type=Progress,
                    reject_condition=QueryRejectCondition.NOT_COMPLETED_CLEANLY,
                    rpc_timeout=_RPC_WITHIN,
                )
                return self._heard(progress)
        except _NOT_TOLD:
            return None

    async def stands(self, reference: str) -> Stands | None:
        """Return this without any worker; None for an unknown reference.

        Raises `ActivationEnded` for a run that was ended from outside: its step never moves again.
        """
        description = await self._describe(reference)
        if description is None:
            return None
        attributes = description.typed_search_attributes
        step = Step(attributes.get(STEP) or Step.LOOKUP)
        if description.status is not WorkflowExecutionStatus.RUNNING and step not in ENDS:
            raise ActivationEnded(reference, step)
        _, next_try_at = tries.waiting(description)
        return Stands(step, tries.waits_for(description), next_try_at)

    async def _describe(self, reference: str) -> WorkflowExecutionDescription | None:
        try:
            with asking():
                async with asyncio.timeout(_RPC_WITHIN.total_seconds()):
                    described = self._handle(reference).describe(rpc_timeout=_RPC_WITHIN)
                    return self._heard(await described)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return self._heard(None)
            raise

    async def settled(
        self, reference: str, *, leaves: Collection[Step], within: timedelta
    ) -> Progress | None:
        """Return the progress once the engine's own work is over, or as it is after `within`."""
        progress: Progress | None = None
        try:
            async with asyncio.timeout(within.total_seconds()):
                while True:
                    # The engine is seldom faster, and a question asked in mid-task costs it one.
                    await asyncio.sleep(_POLL)
                    progress = await self.progress(reference)
                    if progress is None or not _engine_works(progress, leaves):
                        return progress
        except TimeoutError:
            return progress

    async def _end(self, reference: str) -> Step | None:
        standing = await self.stands(reference)
        return standing.step if standing else None


async def _result(accepted: WorkflowUpdateHandle[Answer], until: float) -> Answer | None:
    """Return the answer, or None when it comes later: what was accepted will be dealt with."""
    with suppress(*_UNANSWERED):
        async with asyncio.timeout_at(until):
            return await accepted.result()
    return None


def _engine_works(progress: Progress, leaves: Collection[Step]) -> bool:
    resolving = progress.step is Step.REVIEW and progress.review is None
    return progress.step in leaves or resolving
