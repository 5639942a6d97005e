"""Whether workers run is told by Temporal's clock, however wrong this process's is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import time_machine
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.vocabulary import Step
from postgres import Pool
from starter.client import temporal_clock
from support.verbs import cases, operations, pollers, queue
from support.verbs.cases import CaseSummary
from support.verbs.sentences import sentence
from tests import desk as desks
from tests.security.test_codec import begin
from tests.server import reference, working, world
from tests.support.verbs.test_operations import until
from tests.workflows.engine import World
from translations import translator

__all__ = ["reference", "world"]

MOMENT = timedelta(seconds=20)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OFF = [timedelta(minutes=minutes) for minutes in (-30, -10, -5, 0, 5, 10, 30)]


def asked(*seconds_ago: int) -> DescribeTaskQueueResponse:
    told = DescribeTaskQueueResponse()
    for seconds in seconds_ago:
        moment = Timestamp()
        moment.FromDatetime(NOW - timedelta(seconds=seconds))
        told.pollers.append(PollerInfo(last_access_time=moment))
    return told


@pytest.mark.parametrize("off", OFF)
def test_a_queue_has_the_workers_that_asked_a_moment_ago(off: timedelta) -> None:
    served, left, unknown = asked(3, 40, 290), asked(200), asked()
    with time_machine.travel(NOW + off, tick=False):
        now = pollers.guess([left, served, unknown])
    assert [pollers.workers(each, now) for each in (served, left, unknown)] == [2, 0, 0]


def test_where_nobody_asks_any_more_the_clock_of_this_process_tells_it() -> None:
    with time_machine.travel(NOW, tick=False):
        now = pollers.guess([asked(200), asked()])
        assert pollers.workers(asked(200), now) == 0
        assert now == pollers.guess([]) == NOW


@pytest.mark.parametrize("minutes", [-10, -3, 3, 10])
async def test_a_process_whose_clock_is_wrong_misses_no_worker(
    client: Client, world: World, reference: str, minutes: int
) -> None:
    async with working(client, world):
        await until(client, lambda seen: all(queue.workers for queue in seen))
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            assert all(queue.workers for queue in await operations.queues(client))
    handle = await begin(client, reference)
    async with asyncio.timeout(20):  # Temporal lists a run some time after its start.
        while not (await client.count_workflows(f"WorkflowId = '{reference}'")).count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        line = await cases.standing(client, reference)
        opened = desks.desk(client, cast("Pool", None))
        lines = [line async for batch in queue.batches(opened, stuck=False) for line in batch]
    await handle.terminate()
    assert not line.unattended
    assert line.told_at is not None
    assert abs(datetime.now(UTC) - line.told_at) < MOMENT
    # What is young by Temporal's clock is asked by itself, be this process's clock what it may.
    assert next(each for each in lines if each.reference == reference).told_at


def test_what_comes_next_is_told_by_the_clock_that_told_the_line(reference: str) -> None:
    line = CaseSummary(
        reference=reference,
        step=Step.LOOKUP,
        wait_reason=None,
        since=NOW - timedelta(seconds=5),
        next_try_at=NOW + timedelta(seconds=30),
        department=None,
        attempt=2,
        told_at=NOW,
    )
    for off in OFF:
        with time_machine.travel(NOW + off, tick=False):
            said = sentence(line, translator("en"), lambda at: f"{at:%H:%M:%S}")
        assert "Nobody has to act." in said
        assert "Next try at 12:00:30, try number 2." in said


@pytest.mark.parametrize("refused", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED])
async def test_where_temporals_time_is_not_told_it_is_guessed(
    client: Client, monkeypatch: pytest.MonkeyPatch, refused: RPCStatusCode
) -> None:
    async def refuse(*_: object, **_more: object) -> None:
        raise RPCError("no", refused, b"")

    monkeypatch.setattr(client.workflow_service, "poll_workflow_task_queue", refuse)
    assert await temporal_clock.ask(client, timedelta(seconds=5)) is None
    monkeypatch.setattr(temporal_clock, "_known", {})
    with time_machine.travel(NOW, tick=False):
        assert await pollers.now(client) >= NOW
