"""With versions of workers, a running activation goes on whichever of them is current."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle
from secrets import token_hex

import pytest
from temporalio.client import Client

from domain.contracts.account_io import InsuranceOutcome
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import ActivityName, Step
from settings.systems import Workers
from starter.client import namespace, versions
from starter.client.versions import NoSuchVersion
from starter.doctor.temporal import used_version
from tests.server import working
from tests.workflows.engine import World
from tests.workflows.later import Later
from tests.workflows.student import Student, started
from tests.workflows.test_branches import ELDER, YOUNGER, identifies
from workflows.activation import Activation

PATIENCE_SECONDS = 60
HELD = 1000
BUILDS = ("1.0", "1.1")


class RealTime:
    """The clock of a server that skips no time."""

    async def get_current_time(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta | float) -> None:
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        await asyncio.sleep(seconds)


class Installation:
    """A namespace of its own, in which workers of one version run and another is installed."""

    def __init__(self, client: Client, world: World, stack: AsyncExitStack) -> None:
        self.client = client
        self.world = world
        self._stack = stack
        self.deployment = f"activation-{token_hex(4)}"
        self._running: dict[str, AsyncExitStack] = {}

    async def deploy(self, build: str, activation: type = Activation) -> None:
        """Start workers of this version, give all runs to them, then stop those of the other."""
        before, self._running = self._running, {}
        self._running[build] = await self._stack.enter_async_context(AsyncExitStack())
        config = versions.deployed(Workers(deployment=self.deployment, build=build))
        await self._running[build].enter_async_context(
            working(self.client, self.world, activation=activation, deployment_config=config)
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._used(build):  # noqa: ASYNC110 - Temporal decides
                await asyncio.sleep(0.2)
        for other in before.values():
            await other.aclose()

    async def _used(self, build: str) -> bool:
        try:
            await versions.use(self.client, self.deployment, build)
        except NoSuchVersion:  # Not reported yet.
            return False
        return True

    async def begin(self) -> Student:
        reference = f"A-{token_hex(4).upper()}"
        start = ActivationStart(reference=reference, mobile=ELDER.mobile)
        handle = await started(self.client, start)
        return Student(RealTime(), handle, self.world)


async def told_by_the_doctor(installed: Installation) -> str:
    return (await used_version(installed.client, Workers(deployment=installed.deployment))).mend


async def failed_tasks(student: Student) -> int:
    described = await student.handle.describe()
    return described.raw_description.pending_workflow_task.attempt - 1


@pytest.fixture
async def installed(client: Client) -> AsyncIterator[Installation]:
    """Give a namespace of its own, as a version takes whole task queues."""
    config = client.config()
    config["namespace"] = f"versions-{token_hex(4)}"
    own = Client(**config)
    await namespace.make_ready(own, timedelta(days=30), create=True)
    uninsured = (each.model_copy(update={"insurance_number": None}) for each in (ELDER, YOUNGER))
    async with AsyncExitStack() as stack:
        yield Installation(own, World(persons=tuple(uninsured)), stack)


@pytest.mark.long
@pytest.mark.parametrize("builds", [BUILDS, BUILDS[::-1]], ids="->".join)
async def test_a_run_goes_on_with_another_version_at_each_step(
    installed: Installation, builds: tuple[str, str]
) -> None:
    """Of two neighbouring steps one meets the newer version, the other the roll-back."""
    world, build = installed.world, cycle(builds)
    world.insurance = [InsuranceOutcome.BELONGS_TO_ANOTHER, InsuranceOutcome.RECORDED]
    world.failing = {ActivityName.FIND_STUDENT: HELD}
    await installed.deploy(next(build))
    student = await installed.begin()

    async def meets(step: Step) -> None:
        await student.reaches(step)
        await installed.deploy(next(build))

    await meets(Step.LOOKUP)
    world.failing.clear()
    await student.sent()
    await meets(Step.PIN)
    await student.pin()
    await meets(Step.IDENTIFY)
    await identifies(student, "2005-01-02")
    await meets(Step.INSURANCE)
    await student.insurance()
    await meets(Step.NEEDS_SUPPORT)
    await student.retries()
    await student.reaches(Step.INSURANCE)
    await student.insurance()
    await meets(Step.REVIEW)
    await student.consent()
    await meets(Step.PASSWORD)
    world.failing = {ActivityName.PROVISION_ACCOUNT: HELD}
    answer = asyncio.create_task(student.password())
    await meets(Step.PROVISIONING)
    world.failing.clear()
    await answer
    assert await student.end() is Step.ACTIVE


@pytest.mark.long
async def test_a_run_that_a_newer_version_moved_waits_for_it_after_a_roll_back(
    installed: Installation,
) -> None:
    older, newer = BUILDS
    await installed.deploy(older)
    student = await installed.begin()
    await student.sent()
    await installed.deploy(newer, Later)
    await student.pin()
    await student.reaches(Step.IDENTIFY)
    await installed.deploy(older)
    answer = asyncio.create_task(identifies(student, "2005-01-02"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await failed_tasks(student) < 1:  # noqa: ASYNC110 - Temporal counts
            await asyncio.sleep(0.1)
    await installed.deploy(newer, Later)
    await answer
    await student.reaches(Step.INSURANCE)


async def test_each_version_is_listed_with_the_runs_that_it_had_last(
    installed: Installation,
) -> None:
    older, newer = BUILDS
    assert await versions.versions(installed.client, installed.deployment) == []
    assert "none is used" in await told_by_the_doctor(installed)
    await installed.deploy(older)
    assert await told_by_the_doctor(installed) == ""
    student = await installed.begin()
    await student.sent()
    await installed.deploy(newer)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            listed = await versions.versions(installed.client, installed.deployment)
            if [each.running for each in listed] == [0, 1]:  # Counted by Temporal a moment later.
                break
            await asyncio.sleep(0.2)
    assert [(each.build, each.current) for each in listed] == [(newer, True), (older, False)]


@pytest.mark.parametrize("deployment", ["activation", ""])
async def test_a_version_that_no_worker_has_is_not_used(client: Client, deployment: str) -> None:
    with pytest.raises(NoSuchVersion):
        await versions.use(client, deployment, "2.0")
    assert await versions.versions(client, deployment) == []
