"""Temporal's schedules of the engine: one table, kept by every main worker and read by commands.

What a schedule begins is a workflow without arguments, for the codec encrypts payloads for one
workflow and a schedule has none. Operators may pause a schedule or change its time in Temporal:
only a time that this program wrote is replaced, which the comment of its calendar tells.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.vocabulary import (
    RECONCILE_WORKFLOW,
    STUCK_REPORT_WORKFLOW,
    SWEEP_WORKFLOW,
    ScheduleId,
    TaskQueue,
)
from starter.client.connect import NO_ANSWER, asking

WITHIN = timedelta(seconds=5)
"""The time-out of a call for a duty, for which nobody waits at a page."""
_JITTER = timedelta(minutes=5)
_OURS = "activation: "
_TOLD = re.compile(
    rf"{_OURS}(?:hourly at |daily at (?P<hour>\d\d)):(?P<minute>\d\d)(?: (?P<zone>\S+))?"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Scheduled:
    """A workflow and when it begins: at a minute of each hour, or once a day at the institution.

    No hour is before 4, for clocks that are put forward or back leave out or repeat those.
    """

    id: ScheduleId
    workflow: str
    what: str
    minute: int
    hour: int | None = None

    @property
    def period(self) -> timedelta:
        return timedelta(hours=1) if self.hour is None else timedelta(days=1)

    def when(self, zone: ZoneInfo) -> str:
        if self.hour is None:
            return f"hourly at :{self.minute:02}"
        return f"daily at {self.hour:02}:{self.minute:02} {zone.key}"

    def spec(self, zone: ZoneInfo) -> ScheduleSpec:
        calendar = _calendar(self.hour, self.minute, f"{_OURS}{self.when(zone)}")
        return ScheduleSpec([calendar], jitter=_JITTER, time_zone_name=zone.key)

    def schedule(self, zone: ZoneInfo) -> Schedule:
        return Schedule(
            action=ScheduleActionStartWorkflow(
                self.workflow, id=self.id, task_queue=TaskQueue.MAIN
            ),
            spec=self.spec(zone),
            policy=SchedulePolicy(
                overlap=ScheduleOverlapPolicy.SKIP, catchup_window=self.period / 2
            ),
        )


SCHEDULES = (
    Scheduled(
        ScheduleId.SWEEP,
        SWEEP_WORKFLOW,
        "Deletes or empties what has expired, and ends activations without a run.",
        minute=23,
    ),
    Scheduled(
        ScheduleId.STUCK_REPORT,
        STUCK_REPORT_WORKFLOW,
        "Mails support what cannot go on by itself, once a day and not if there is nothing.",
        minute=30,
        hour=7,
    ),
    Scheduled(
        ScheduleId.RECONCILE,
        RECONCILE_WORKFLOW,
        "Compares ledger, directory and Temporal, and notes what differs.",
        minute=11,
        hour=4,
    ),
)


async def keep(client: Client, zone: ZoneInfo) -> None:
    """Create what is missing and renew changed times; does nothing while Temporal is away."""
    for each in SCHEDULES:
        try:
            await create(client, each, zone)
        except NO_ANSWER:
            log.warning("schedule could not be kept", outcome="failed")


async def create_all(client: Client, zone: ZoneInfo) -> list[str]:
    """Create what is missing; return the ids of the new schedules."""
    return [str(each.id) for each in SCHEDULES if await create(client, each, zone)]


async def create(client: Client, scheduled: Scheduled, zone: ZoneInfo) -> bool:
    """Create the schedule, or renew its time if this program wrote another; return if created."""
    found = await described(client, scheduled.id)
    with asking():
        if found is None:
            with suppress(ScheduleAlreadyRunningError):  # Another worker was first.
                await client.create_schedule(
                    scheduled.id, scheduled.schedule(zone), rpc_timeout=WITHIN
                )
                return True
        elif written(found.schedule.spec) not in (None, scheduled.when(zone)):
            await client.get_schedule_handle(scheduled.id).update(
                lambda now: _renewed(now, scheduled, zone), rpc_timeout=WITHIN
            )
    return False


async def described(client: Client, schedule_id: str) -> ScheduleDescription | None:
    """Return the schedule as Temporal has it; None if it has none."""
    with asking():
        try:
            return await client.get_schedule_handle(schedule_id).describe(rpc_timeout=WITHIN)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None


def written(spec: ScheduleSpec) -> str | None:
    """Return which time this program wrote; None for one that an operator wrote.

    Who changes a time may keep the comment: it must still tell the time.
    """
    comment = (spec.calendars[0].comment or "") if spec.calendars else ""
    told = _TOLD.fullmatch(comment)
    if told is None or spec.intervals or told["zone"] not in (None, spec.time_zone_name):
        return None
    hour = None if told["hour"] is None else int(told["hour"])
    if [*spec.calendars] != [_calendar(hour, int(told["minute"]), comment)]:
        return None
    return comment.removeprefix(_OURS)


def _calendar(hour: int | None, minute: int, comment: str) -> ScheduleCalendarSpec:
    hours = ScheduleRange(0, 23) if hour is None else ScheduleRange(hour)
    return ScheduleCalendarSpec(minute=(ScheduleRange(minute),), hour=(hours,), comment=comment)


def _renewed(now: ScheduleUpdateInput, scheduled: Scheduled, zone: ZoneInfo) -> ScheduleUpdate:
    schedule = now.description.schedule
    schedule.spec = scheduled.spec(zone)
    return ScheduleUpdate(schedule)
