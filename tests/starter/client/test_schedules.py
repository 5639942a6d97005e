"""The schedules at a real Temporal: created once, kept as operators left them, run by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleOverlapPolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.worker import Worker

from domain.contracts.vocabulary import ScheduleId, TaskQueue
from postgres import Pool, exists
from settings.systems import Workers
from starter.client import scheduled_runs, schedules, versions
from starter.client.scheduled_runs import COMPLETED, RUNNING, NoSuchSchedule, ScheduleState
from starter.client.versions import NoSuchVersion
from starter.commands.schedules import lines
from tests.sandbox import sandbox
from tests.server import namespace_of_its_own, sweeps
from tests.stack import TestStack
from workflows.sweep import Sweep

ATHENS = ZoneInfo("Europe/Athens")
(SWEEP,) = (each for each in schedules.SCHEDULES if each.id is ScheduleId.SWEEP)


@pytest.fixture
async def own(client: Client) -> Client:
    return await namespace_of_its_own(client, "schedules")


@asynccontextmanager
async def sweeping(
    own: Client, stack: TestStack, pool: Pool, **options: Any
) -> AsyncIterator[None]:
    async with (
        Worker(
            own,
            task_queue=TaskQueue.MAIN,
            activities=sweeps(stack, pool, own).all(),
            workflows=[Sweep],
            workflow_runner=sandbox(),
            **options,
        ),
        asyncio.timeout(60),
    ):
        yield


async def state(own: Client) -> ScheduleState:
    found = await scheduled_runs.states(own, ATHENS)
    return next(each for each in found if each.id == ScheduleId.SWEEP)


async def sixes(now: ScheduleUpdateInput) -> ScheduleUpdate:
    """Change the time as an operator does in Temporal."""
    schedule = now.description.schedule
    schedule.spec = ScheduleSpec(cron_expressions=["30 6 * * *"])
    return ScheduleUpdate(schedule)


async def test_workers_that_create_at_once_make_one_of_each(own: Client) -> None:
    assert not (await state(own)).exists
    created = await asyncio.gather(*(schedules.create_all(own, ATHENS) for _ in range(3)))
    assert sorted(chain(*created)) == sorted(ScheduleId)
    assert await schedules.create_all(own, ATHENS) == []
    found = [each.id async for each in await own.list_schedules()]
    assert sorted(found) == sorted(ScheduleId)


async def test_a_schedule_has_no_arguments_skips_what_overlaps_and_comes_hourly(
    own: Client,
) -> None:
    await schedules.keep(own, ATHENS)
    found = await own.get_schedule_handle(ScheduleId.SWEEP).describe()
    action = found.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert action.args == []
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    first, second, *_ = found.info.next_action_times
    assert timedelta(minutes=50) < second - first < timedelta(minutes=70)
    now = await state(own)
    assert now.when == "hourly at :23"
    assert now.next_at is not None
    assert now.next_at > datetime.now(UTC)
    assert (now.late, now.paused, now.last_at) == (False, False, None)


async def test_what_an_operator_paused_or_changed_stays_so(own: Client) -> None:
    await schedules.keep(own, ATHENS)
    handle = own.get_schedule_handle(ScheduleId.SWEEP)
    await handle.pause(note="the directory moves")
    await handle.update(sixes)
    await schedules.keep(own, ATHENS)
    await schedules.keep(own, ZoneInfo("Asia/Nicosia"))
    found = await state(own)
    assert (found.paused, found.note) == (True, "the directory moves")
    assert found.when == "as changed in Temporal"
    assert lines(found)[1:] == ["paused: the directory moves"]


async def test_a_time_that_an_operator_changed_beside_our_comment_is_not_ours(own: Client) -> None:
    def later(now: ScheduleUpdateInput) -> ScheduleUpdate:
        (calendar,) = now.description.schedule.spec.calendars
        now.description.schedule.spec.calendars = [replace(calendar, hour=[ScheduleRange(6)])]
        return ScheduleUpdate(now.description.schedule)

    await schedules.keep(own, ATHENS)
    handle = own.get_schedule_handle(ScheduleId.SWEEP)
    assert (await state(own)).when == "hourly at :23"
    await handle.update(later)
    newer = schedules.Scheduled(SWEEP.id, SWEEP.workflow, SWEEP.what, minute=40)
    await schedules.create(own, newer, ATHENS)
    assert (await state(own)).when == "as changed in Temporal"


async def test_a_new_version_changes_the_time_alone(own: Client) -> None:
    await schedules.keep(own, ATHENS)
    handle = own.get_schedule_handle(ScheduleId.SWEEP)
    await handle.pause(note="for now")
    newer = schedules.Scheduled(SWEEP.id, SWEEP.workflow, SWEEP.what, minute=40, hour=5)
    assert await schedules.create(own, newer, ATHENS) is False
    found = await handle.describe()
    assert found.schedule.spec.calendars[0].hour == (ScheduleRange(5, 5, 1),)
    assert found.schedule.spec.time_zone_name == "Europe/Athens"
    assert found.schedule.state.paused
    assert (await state(own)).when == "daily at 05:40 Europe/Athens"


async def test_a_run_by_hand_sweeps_and_ends_also_while_paused(
    own: Client, stack: TestStack, pool: Pool
) -> None:
    await pool.execute("INSERT INTO suggestion VALUES ('a page', 'words', now())")
    await schedules.keep(own, ATHENS)
    await own.get_schedule_handle(ScheduleId.SWEEP).pause()
    async with sweeping(own, stack, pool):
        run = await scheduled_runs.begin(own, ScheduleId.SWEEP)
        assert await scheduled_runs.ended(own, run) == COMPLETED
        # Within a second it has the same workflow's id.
        again = await scheduled_runs.begin(own, ScheduleId.SWEEP)
        assert await scheduled_runs.ended(own, again) == COMPLETED
    assert (await own.get_schedule_handle(ScheduleId.SWEEP).describe()).info.num_actions == 2
    assert not await exists(pool, "suggestion WHERE page_index = 'a page'")
    found = await state(own)
    assert found.last_at
    assert found.last_end == COMPLETED
    assert found.succeeded_at == found.last_at


async def test_a_second_run_by_hand_joins_the_first_whose_worker_died(
    own: Client, stack: TestStack, pool: Pool
) -> None:
    await schedules.keep(own, ATHENS)
    run = await scheduled_runs.begin(own, ScheduleId.SWEEP)
    assert await scheduled_runs.begin(own, ScheduleId.SWEEP) == run
    await own.get_schedule_handle(ScheduleId.SWEEP).trigger()
    now = await state(own)
    assert (now.last_end, now.succeeded_at) == (RUNNING, None)
    async with sweeping(own, stack, pool):
        assert await scheduled_runs.ended(own, run) == COMPLETED
    open_runs = await own.count_workflows(f"WorkflowType = '{SWEEP.workflow}'")
    assert open_runs.count == 1


async def test_runs_go_to_the_current_version_of_the_workers(
    own: Client, stack: TestStack, pool: Pool
) -> None:
    workers = Workers(deployment="activation", build="1.0")
    await schedules.keep(own, ATHENS)
    async with sweeping(own, stack, pool, deployment_config=versions.deployed(workers)):
        while True:
            try:
                await versions.use(own, workers.deployment, workers.build)
                break
            except NoSuchVersion:
                await asyncio.sleep(0.2)
        run = await scheduled_runs.begin(own, ScheduleId.SWEEP)
        assert await scheduled_runs.ended(own, run) == COMPLETED


async def test_what_there_is_not_cannot_run(own: Client) -> None:
    with pytest.raises(NoSuchSchedule, match="There is no schedule nightly; there are sweep"):
        await scheduled_runs.begin(own, "nightly")
    with pytest.raises(NoSuchSchedule, match="activation temporal init"):
        await scheduled_runs.begin(own, ScheduleId.SWEEP)
    assert await scheduled_runs.end(own, "sweep-of-long-ago") == scheduled_runs.GONE


async def test_with_temporal_away_a_worker_goes_on_asking_for_it() -> None:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    await schedules.keep(nowhere, ATHENS)


async def test_a_schedule_whose_run_does_not_end_or_begin_is_late(
    own: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await schedules.keep(own, ATHENS)
    monkeypatch.setattr(scheduled_runs, "_GRACE", -2 * SWEEP.period)
    assert (await state(own)).late
    await own.get_schedule_handle(ScheduleId.SWEEP).pause()
    assert not (await state(own)).late
