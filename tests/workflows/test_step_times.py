"""Each time in a step is measured once, however often the worker replays the run."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from domain.contracts.staff import HoldSubmission, ReleaseSubmission
from domain.contracts.vocabulary import ActivityName, FailureType, Step
from tests.workflows.conftest import Begin, replays, working
from tests.workflows.engine import World
from workflows import step_times
from workflows.activation import Activation

HELD = timedelta(minutes=3)
Stays = dict[tuple[str, str], list[float]]


@pytest.fixture
def measured() -> MetricBuffer:
    return MetricBuffer(10_000)


@pytest.fixture
async def client(environment: WorkflowEnvironment, measured: MetricBuffer) -> Client:
    return await Client.connect(
        environment.client.service_client.config.target_host,
        namespace=environment.client.namespace,
        data_converter=environment.client.data_converter,
        interceptors=environment.client.config()["interceptors"],
        runtime=Runtime(telemetry=TelemetryConfig(metrics=measured)),
    )


@pytest.fixture
async def forgetful(client: Client, world: World) -> AsyncIterator[None]:
    """Have a worker that forgets each run after each task, so that it replays all of it again."""
    async with working(client, world, max_cached_workflows=0):
        yield


def read(measured: MetricBuffer) -> Stays:
    stays: Stays = {}
    for update in measured.retrieve_updates():
        if update.metric.name == step_times.NAME:
            labels = update.attributes
            stay = tuple(str(labels[name]) for name in step_times.LABELS)
            stays.setdefault((stay[0], stay[1]), []).append(float(update.value))
    return stays


@pytest.mark.usefixtures("forgetful")
async def test_each_step_of_a_journey_counts_once(
    begin_without_worker: Begin, client: Client, world: World, measured: MetricBuffer
) -> None:
    student = await begin_without_worker()
    await student.sent()
    await student.submit("hold", HoldSubmission(**await student.stamp()))
    await student.reaches(Step.NEEDS_SUPPORT)
    await student.environment.sleep(HELD)
    await student.submit("release", ReleaseSubmission(**await student.stamp()))
    await student.agrees()
    world.failing, world.failure = {ActivityName.PROVISION_ACCOUNT: 20}, FailureType.DIRECTORY_DOWN
    await student.password()
    await student.handle.result()

    stays = read(measured)
    times = {stay: len(seconds) for stay, seconds in stays.items()}
    assert times == {
        ("lookup", "engine"): 1,
        ("pin", "student"): 2,
        ("needs_support", "staff"): 1,
        ("review", "engine"): 1,
        ("review", "student"): 1,
        ("password", "student"): 1,
        ("provisioning", "engine"): 1,
        ("provisioning", "system"): 1,
    }
    (held,) = stays["needs_support", "staff"]
    assert HELD.total_seconds() <= held < HELD.total_seconds() + 60
    assert sum(stays["provisioning", "system"]) > 1

    await replays(client, Activation, student.handle)
    assert read(measured) == {}
