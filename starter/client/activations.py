"""What a portal may do with activations: start one, send a submission, read its state.

A submission is sent as an update first, which answers in one round trip; if no worker accepts the
update, a signal follows, which is durable with every worker down. A request for help is a workflow
as well. Calls end within the time of a page, with one exception: while Temporal is slow but
available, `submit` waits up to `times.BUSY` to learn whether the signal was accepted.
"""

import asyncio
import math
from collections.abc import Coroutine
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
    withdrawal_workflow_id,
)
from starter.client import first_look, pending_retries
from starter.client.connect import NO_ANSWER, asking
from starter.client.first_look import UNANSWERED
from web import times
from workflows.inbox import TOO_MANY
from workflows.search_attributes import SINCE, STEP
from workflows.steps import ENDS

_START_SHARE = 0.2
"""The share of a page's time that is kept for a start without a worker."""
_AT_FIRST = TypedSearchAttributes([SearchAttributePair(STEP, Step.LOOKUP.value)])
_REUSE_IF_FAILED = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
_NO_PROGRESS: tuple[type[Exception], ...] = (
    *NO_ANSWER,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
Result = TypeVar("Result")


class TooManySubmissions(Exception):
    """The activation accepts no more submissions of the student; this one was rejected."""


class ActivationEnded(Exception):
    """The activation is over; `step` is how it ended, None where that is unknown."""

    def __init__(self, reference: str, step: Step | None) -> None:
        super().__init__("activation ended")
        self.reference = reference
        self.step = step


class RecordedState(NamedTuple):
    """The state of an activation as Temporal's own record has it, without a worker.

    `events` is the length of its history: it grows with whatever an activation learns or does.
    """

    step: Step
    wait_reason: WaitReason | None = None
    next_try_at: datetime | None = None
    since: datetime | None = None
    events: int = 0


class Activations:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._answered_at = -math.inf

    def _handle(self, reference: str) -> WorkflowHandle[object, ActivationResult]:
        return self._client.get_workflow_handle(reference, result_type=ActivationResult)

    async def start(self, start: ActivationStart) -> bool:
        """Start an activation; False if one of this reference exists, open or closed."""
        return await self._start(WORKFLOW, start, start.reference, _AT_FIRST)

    async def look_up(self, start: ActivationStart, *, within: timedelta) -> Progress | None:
        """Start an activation and return its progress once the student was looked up.

        Idempotent by reference. Returns None when no worker answers in time: it is started all the
        same. Raises `TemporalUnavailable` as `start`.
        """
        until = asyncio.get_running_loop().time() + within.total_seconds()
        reserve = within.total_seconds() * _START_SHARE
        try:
            update = await first_look.start_and_look_up(
                self._client, start, _AT_FIRST, until=until - reserve
            )
        except WorkflowAlreadyStartedError:
            return await self.progress(start.reference)
        if update is None:
            # It may not be started. Temporal keeps a start alone with every worker down.
            with asking():
                async with asyncio.timeout(reserve):
                    await self.start(start)
            return None
        with suppress(WorkflowUpdateFailedError):
            return await _result(self._note_answer(update), until)
        return None

    async def mail_support_request(self, request_id: str) -> None:
        """Start the workflow that mails this request to support staff; idempotent."""
        request = MailSupportRequest(request_id=request_id)
        await self._start(
            SUPPORT_WORKFLOW, request, support_workflow_id(request_id), again=_REUSE_IF_FAILED
        )

    async def mail_support_answer(self, request_id: str) -> None:
        """Start the workflow that mails support's answer to the student; idempotent."""
        request = MailSupportAnswer(request_id=request_id)
        await self._start(
            ANSWER_WORKFLOW, request, answer_workflow_id(request_id), again=_REUSE_IF_FAILED
        )

    async def apply_withdrawal(self, reference: str, consent_id: int) -> None:
        """Start the workflow that applies this consent row to the directory; idempotent."""
        request = ApplyWithdrawal(reference=reference)
        name = withdrawal_workflow_id(reference, consent_id)
        await self._start(WITHDRAWAL_WORKFLOW, request, name, again=_REUSE_IF_FAILED)

    async def _start(
        self,
        workflow: str,
        start: Model,
        workflow_id: str,
        search_attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
        *,
        again: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE,
    ) -> bool:
        """Start a workflow unless its id was used; returns whether it was started."""
        try:
            with asking():
                async with asyncio.timeout(times.RPC.total_seconds()):
                    await self._client.start_workflow(
                        workflow,
                        start,
                        id=workflow_id,
                        task_queue=TaskQueue.MAIN,
                        id_reuse_policy=again,
                        task_timeout=times.TASK,
                        search_attributes=search_attributes,
                        rpc_timeout=times.RPC,
                    )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def submit(
        self, reference: str, name: str, submission: Submission, *, within: timedelta = times.SUBMIT
    ) -> Answer | None:
        """Send a submission; returns None when it was accepted but has no answer yet.

        Raises `TemporalUnavailable`, when it may have been accepted unless `refused` is set, and
        `TooManySubmissions`, when it was not.
        """
        now = asyncio.get_running_loop().time()
        until = now + within.total_seconds()
        by_signal_from = max(until - times.SIGNAL_RESERVE.total_seconds(), now + times.POLL_SECONDS)
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
        """Send an update and return it once accepted; None: a signal must follow.

        Update and signal have the same submission id, so the inbox deduplicates them.
        """
        with suppress(WorkflowUpdateFailedError, *UNANSWERED):
            async with asyncio.timeout_at(until):
                return self._note_answer(
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
                signalled = self._handle(reference).signal(name, submission, rpc_timeout=times.BUSY)
                await self._wait_while_responsive(signalled, until)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ActivationEnded(reference, await self._end(reference)) from None
            raise

    async def _wait_while_responsive(
        self, call: Coroutine[Any, Any, Result], until: float
    ) -> Result:
        """Wait until then, and longer while Temporal answers other calls; raises `TimeoutError`."""
        asked, now = asyncio.ensure_future(call), asyncio.get_running_loop().time
        try:
            while not (await asyncio.wait({asked}, timeout=max(until - now(), 0)))[0]:
                if now() - self._answered_at > times.SILENCE.total_seconds():
                    raise TimeoutError
                until = now() + times.POLL_SECONDS
            return self._note_answer(asked.result())
        finally:
            asked.cancel()

    def _note_answer(self, answer: Result) -> Result:
        """Note the time of an answer by Temporal; returns the answer."""
        self._answered_at = asyncio.get_running_loop().time()
        return answer

    async def progress(self, reference: str) -> Progress | None:
        """Query what the student may see; None when no worker answers in time.

        For a terminated run a worker would answer as if it were running, so the query is rejected
        then, and `recorded_state` has the state.
        """
        try:
            async with asyncio.timeout(times.QUERY.total_seconds()):
                progress: Progress = await self._handle(reference).query(
                    "progress",
                    ProgressRequest(),
                    result_type=Progress,
                    reject_condition=QueryRejectCondition.NOT_COMPLETED_CLEANLY,
                    rpc_timeout=times.RPC,
                )
                return self._note_answer(progress)
        except _NO_PROGRESS:
            return None

    async def recorded_state(self, reference: str) -> RecordedState | None:
        """Return the state from Temporal's record, without a worker; None: unknown reference.

        Raises `ActivationEnded` for a run that was terminated, whose step never moves again.
        """
        description = await self._describe(reference)
        if description is None:
            return None
        attributes = description.typed_search_attributes
        step = Step(attributes.get(STEP) or Step.LOOKUP)
        if description.status is not WorkflowExecutionStatus.RUNNING and step not in ENDS:
            raise ActivationEnded(reference, step)
        _, next_try_at = pending_retries.waiting(description)
        since = attributes.get(SINCE) or description.start_time
        reason, events = pending_retries.waits_for(description), description.history_length
        return RecordedState(step, reason, next_try_at, since, events)

    async def _describe(self, reference: str) -> WorkflowExecutionDescription | None:
        try:
            with asking():
                async with asyncio.timeout(times.RPC.total_seconds()):
                    described = self._handle(reference).describe(rpc_timeout=times.RPC)
                    return self._note_answer(await described)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return self._note_answer(None)
            raise

    async def _end(self, reference: str) -> Step | None:
        recorded = await self.recorded_state(reference)
        return recorded.step if recorded else None


async def _result(accepted: WorkflowUpdateHandle[Result], until: float) -> Result | None:
    """Return the answer, or None if it comes later: an accepted update will be handled."""
    with suppress(*UNANSWERED):
        async with asyncio.timeout_at(until):
            return await accepted.result()
    return None
