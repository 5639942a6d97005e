"""Whether workers run is told by Temporal's clock, however wrong this process's is."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.client import Client

from starter.support import cases, operations, pollers
from tests.security.test_codec import begin
from tests.server import reference, working, world
from tests.starter.support.test_operations import until
from tests.workflows.engine import World

__all__ = ["reference", "world"]

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
        now = pollers.now([left, served, unknown])
    assert [pollers.workers(each, now) for each in (served, left, unknown)] == [2, 0, 0]


def test_where_nobody_asks_any_more_the_clock_of_this_process_tells_it() -> None:
    with time_machine.travel(NOW, tick=False):
        now = pollers.now([asked(200), asked()])
        assert pollers.workers(asked(200), now) == 0
        assert now == pollers.now([]) == NOW


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_process_whose_clock_is_wrong_misses_no_worker(
    client: Client, world: World, reference: str, minutes: int
) -> None:
    async with working(client, world):
        await until(client, lambda seen: all(queue.workers for queue in seen))
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            assert all(queue.workers for queue in await operations.queues(client))
    handle = await begin(client, reference)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        assert not (await cases.standing(client, reference)).unattended
    await handle.terminate()
