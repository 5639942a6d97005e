"""What the schedules did: the last run of each, how it ended, the next one; and a run by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionResult,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from starter.client.connect import asking
from starter.client.schedules import SCHEDULES, WITHIN, Scheduled, described, written

RUNNING = WorkflowExecutionStatus.RUNNING.name.lower()
COMPLETED = WorkflowExecutionStatus.COMPLETED.name.lower()
GONE = "no longer known"
_GRACE = timedelta(hours=1)
"""More than a clock may be off, or hours that are put forward."""
_LOOK = 0.3
_BEGUN_WITHIN = 30.0


@dataclass(frozen=True)
class ScheduleState:
    """A schedule as Temporal has it; without it there, `exists` is false and the rest is empty.

    `late`: it is not paused, and no run has begun for more than two periods. `succeeded_at`: when
    the newest run began that has completed, of the last ten.
    """

    id: str
    what: str
    when: str
    exists: bool = True
    last_at: datetime | None = None
    last_end: str = ""
    succeeded_at: datetime | None = None
    next_at: datetime | None = None
    paused: bool = False
    note: str = ""
    late: bool = False


class NoSuchSchedule(Exception):
    """The engine or its Temporal has no schedule of this id; the text says which."""


async def states(client: Client, zone: ZoneInfo) -> list[ScheduleState]:
    return list(await asyncio.gather(*(_state(client, each, zone) for each in SCHEDULES)))


async def _state(client: Client, scheduled: Scheduled, zone: ZoneInfo) -> ScheduleState:
    found = await described(client, scheduled.id)
    if found is None:
        return ScheduleState(scheduled.id, scheduled.what, scheduled.when(zone), exists=False)
    paused, info = found.schedule.state.paused, found.info
    begun: datetime | None = None
    last_end, succeeded_at = "", None
    for taken in reversed(info.recent_actions):
        ended = await end(client, _run_of(taken).workflow_id)
        if begun is None:
            begun, last_end = taken.started_at, ended
        if ended == COMPLETED:
            succeeded_at = taken.started_at
            break
    silent = datetime.now(UTC) - (begun or info.created_at)
    return ScheduleState(
        id=scheduled.id,
        what=scheduled.what,
        when=written(found.schedule.spec) or "as changed in Temporal",
        last_at=begun,
        last_end=last_end,
        succeeded_at=succeeded_at,
        next_at=None if paused else next(iter(info.next_action_times), None),
        paused=paused,
        note=found.schedule.state.note or "",
        late=not paused and silent > 2 * scheduled.period + _GRACE,
    )


async def end(client: Client, workflow_id: str) -> str:
    """Return how the run ended, as Temporal names it in lower case; `running` before."""
    with asking():
        try:
            run = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=WITHIN)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return GONE
    return run.status.name.lower() if run.status else GONE


async def begin(client: Client, schedule_id: str) -> str:
    """Start a run now, also of a paused schedule, unless one runs; return the workflow's id.

    Raises `NoSuchSchedule`.
    """
    if schedule_id not in {each.id for each in SCHEDULES}:
        known = ", ".join(each.id for each in SCHEDULES)
        raise NoSuchSchedule(f"There is no schedule {schedule_id}; there are {known}.")
    before = await _known(client, schedule_id)
    if before and await end(client, before[-1].workflow_id) == RUNNING:
        return before[-1].workflow_id
    with asking():
        async with asyncio.timeout(_BEGUN_WITHIN):
            await client.get_schedule_handle(schedule_id).trigger(rpc_timeout=WITHIN)
            while not (new := [x for x in await _known(client, schedule_id) if x not in before]):  # noqa: ASYNC110 - Temporal decides
                await asyncio.sleep(_LOOK)
    return new[-1].workflow_id


async def ended(client: Client, workflow_id: str) -> str:
    """Wait until the run has ended, and return how."""
    while (found := await end(client, workflow_id)) == RUNNING:  # noqa: ASYNC110 - Temporal decides
        await asyncio.sleep(_LOOK)
    return found


async def _known(
    client: Client, schedule_id: str
) -> Sequence[ScheduleActionExecutionStartWorkflow]:
    """Return the newest runs, the newest last; two within a second have the same workflow's id."""
    found = await described(client, schedule_id)
    if found is None:
        raise NoSuchSchedule(f"Temporal has no schedule {schedule_id}: activation temporal init")
    return [_run_of(each) for each in found.info.recent_actions]


def _run_of(taken: ScheduleActionResult) -> ScheduleActionExecutionStartWorkflow:
    return cast(ScheduleActionExecutionStartWorkflow, taken.action)
