"""Runs activities: local first, in windows, or until they succeed, with time-outs and retries.

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
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
    from domain.contracts.vocabulary import ActivityName, TaskQueue
    from workflows.failures import reason_of
    from workflows.priorities import priority_of
    from workflows.results import ForgedResult, read_result
    from workflows.step_machine import Delayed

Outcome = TypeVar("Outcome", bound=Model)

_LOCAL_TIMEOUT = timedelta(seconds=4)
_ATTEMPT_TIMEOUT = timedelta(seconds=30)
_FIRST_BACKOFF = timedelta(seconds=1)
_LONGEST_BACKOFF = (timedelta(seconds=20), timedelta(seconds=30))
_WINDOWS = (timedelta(seconds=45), timedelta(minutes=10), timedelta(hours=3))


async def local_first(
    name: ActivityName, request: Model, outcome: type[Outcome], delayed: Delayed
) -> Outcome:
    try:
        return await local(name, request, outcome)
    except FailureError as error:
        delayed(reason_of(error, name, TaskQueue.MAIN))
    return await durable(name, request, outcome, delayed, TaskQueue.MAIN)


async def local(
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


async def durable(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    delayed: Delayed,
    queue: str,
) -> Outcome:
    windows = chain(_WINDOWS, repeat(_WINDOWS[-1]))
    while True:
        try:
            return await queued(name, request, outcome, queue, next(windows))
        except ActivityError as error:
            delayed(reason_of(error, name, queue))


async def queued(
    name: ActivityName,
    request: Model,
    outcome: type[Outcome],
    queue: str,
    window: timedelta | None = None,
    *,
    attempt: timedelta = _ATTEMPT_TIMEOUT,
    heartbeat: timedelta | None = None,
) -> Outcome:
    """Retry within `window`; None: until it succeeds. A forged result causes another attempt.

    One that takes longer than `attempt`, or tells nothing for `heartbeat`, is tried again.
    """
    while True:
        result = await workflow.execute_activity(
            name,
            request,
            result_type=RawValue,
            task_queue=queue,
            start_to_close_timeout=attempt,
            heartbeat_timeout=heartbeat,
            schedule_to_close_timeout=window,
            retry_policy=_retry_policy(),
            priority=priority_of(name, workflow.instance()),
        )
        with suppress(ForgedResult):
            return read_result(result, outcome)


def _retry_policy() -> RetryPolicy:
    """Return exponential back-off with jitter in its maximum, so that a backlog spreads out."""
    least, most = _LONGEST_BACKOFF
    longest = least + (most - least) * workflow.random().random()
    return RetryPolicy(initial_interval=_FIRST_BACKOFF, maximum_interval=longest)
