"""Counts the successes and failures of outside systems, by an interceptor of all activities.

The metrics of a process have the same with times, for Prometheus. The counts of all processes are
in the ledger, for the console: a process writes its own there every few seconds. While the ledger
is away, it keeps an hour of counts at most, and activities are not affected.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from temporalio import activity, client, worker, workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.metrics import CALLS
from domain.contracts.account_io import AccountOutcome, AccountResolved, ResolveAccount
from domain.contracts.campaigns import SendInvitations
from domain.contracts.message_io import SendNotice, SendPin
from domain.contracts.systems import FAILED_SYSTEMS, USED_BY
from domain.contracts.vocabulary import FailureType, System
from ledger import parts, passwords
from ledger.parts import CallCounts
from ledger.refusals import refuses
from postgres import NO_RESULT, Pool
from security import log_context

_EVERY = 5.0
_MINUTE = 60.0
_KEPT = 60 * _MINUTE


def system_of(name: str, request: object) -> System:
    """Return the system that an activity uses."""
    match request:
        case SendPin() | SendNotice():
            return FAILED_SYSTEMS[request.destination.channel.down]
        case ResolveAccount():
            return System.DIRECTORY if request.ask_directory else System.LEDGER
        case SendInvitations():
            return FAILED_SYSTEMS[request.recipients[0].destination.channel.down]
    return USED_BY[name]


def _is_unasked(outcome: object) -> bool:
    """Whether the activity had no access to its system, which it therefore did not ask."""
    return isinstance(outcome, AccountResolved) and outcome.outcome is AccountOutcome.ELSEWHERE


class Watch(client.Interceptor, worker.Interceptor):
    """An interceptor of one client, which counts for every worker of that client."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._met: dict[tuple[System, float], CallCounts] = {}

    def intercept_activity(
        self,
        next: worker.ActivityInboundInterceptor,  # noqa: A002 - the SDK's name for it
    ) -> worker.ActivityInboundInterceptor:
        return _Counting(next, self)

    def workflow_interceptor_class(
        self,
        input: worker.WorkflowInterceptorClassInput,  # noqa: A002 - as above
    ) -> type[worker.WorkflowInboundInterceptor]:
        del input
        return _NotingRuns

    def count(self, part: System, failure: str | None = None) -> None:
        """Count one success, or one failure, of an outside system."""
        now = time.monotonic()
        minute = now // _MINUTE
        met = self._met.setdefault((part, minute), CallCounts(part, now))
        if failure is None:
            met.done += 1
            met.last_done = now
        else:
            met.failed += 1
            met.last_failed, met.failure = now, failure

    async def flush(self) -> None:
        """Write the counts to the ledger, and delete the expired sealed passwords.

        Counts that the ledger does not accept are kept for the next flush.
        """
        handed, self._met = self._met, {}
        try:
            await passwords.sweep(self._pool)
            if handed:
                await parts.add(self._pool, [*handed.values()])
        except NO_RESULT as error:
            refuses(error)
            oldest = time.monotonic() - _KEPT
            for key, met in handed.items():
                if met.begun >= oldest:
                    self._put_back(key, met)

    def _put_back(self, key: tuple[System, float], met: CallCounts) -> None:
        newer = self._met.setdefault(key, CallCounts(met.part, met.begun))
        newer.done += met.done
        newer.failed += met.failed
        newer.last_done = newer.last_done or met.last_done
        newer.last_failed = newer.last_failed or met.last_failed
        newer.failure = newer.failure or met.failure


class _NotingRuns(worker.WorkflowInboundInterceptor):
    """Notes whose each run is, which the log of the SDK's core does not say."""

    async def execute_workflow(self, input: worker.ExecuteWorkflowInput) -> Any:  # noqa: A002 - as above
        info = workflow.info()
        log_context.note_run(info.run_id, info.workflow_id)
        return await super().execute_workflow(input)


class _Counting(worker.ActivityInboundInterceptor):
    def __init__(self, following: worker.ActivityInboundInterceptor, watch: Watch) -> None:
        super().__init__(following)
        self._watch = watch

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:  # noqa: A002 - as above
        info, begun = activity.info(), time.monotonic()
        part = system_of(info.activity_type, *input.args[:1])
        # Not only for a block: the SDK logs a failure after it.
        log_context.about(info.workflow_id or "")
        try:
            outcome = await super().execute_activity(input)
        except ApplicationError as error:
            kind = error.type or FailureType.CONFIGURATION
            self._count(FAILED_SYSTEMS.get(kind, part), begun, kind)
            raise
        if not _is_unasked(outcome):
            self._count(part, begun)
        return outcome

    def _count(self, part: System, begun: float, failure: str | None = None) -> None:
        CALLS.labels(part, failure or "done").observe(time.monotonic() - begun)
        self._watch.count(part, failure)


@asynccontextmanager
async def watched(connected: Client, pool: Pool) -> AsyncIterator[Client]:
    """Yield this client with a watch on all its workers, and flush after they have ended."""
    watch = Watch(pool)
    config = connected.config()
    config["interceptors"] = [*config["interceptors"], watch]
    flushing = asyncio.create_task(_flush(watch))
    try:
        yield Client(**config)
    finally:
        flushing.cancel()
        with suppress(asyncio.CancelledError):
            await flushing
        await watch.flush()


async def _flush(watch: Watch) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        await watch.flush()
