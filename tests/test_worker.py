"""A worker is one process: it waits, serves, says whether it can, reconnects, and ends in order."""

import asyncio
import json
import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client

from demo.place import any_port
from demo.programs import activation
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Step, WaitReason
from starter.client.activations import Activations
from tests.server import client, reference
from tests.stack import TestStack

__all__ = ["client", "reference"]

PATIENCE_SECONDS = 90
NAMED = {"temporal": "temporal", "postgres": "ledger"}
READY = {"ledger": True, "temporal": True, "queues": True}


class Running:
    """A worker's process, its probes and its log."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self._url = f"http://127.0.0.1:{port}"
        self._log = log

    @property
    def said(self) -> list[str]:
        return [json.loads(line)["event"] for line in self._log.read_text("utf-8").splitlines()]

    async def probe(self, path: str) -> httpx.Response | None:
        """Return the answer; None while nobody listens."""
        async with httpx.AsyncClient(timeout=10) as http:
            try:
                return await http.get(f"{self._url}{path}")
            except httpx.TransportError:
                return None

    async def comes_to(self, **parts: bool) -> None:
        """Wait until /readyz says so, by name and by its status."""
        want = READY | parts

        async def stands() -> bool:
            answer = await self.probe("/readyz")
            return answer is not None and answer.json() == want and self._is_honest(answer)

        await until(stands)

    def _is_honest(self, answer: httpx.Response) -> bool:
        return answer.is_success is all(answer.json().values())

    async def is_stopping(self) -> bool:
        return "worker stopping" in self.said

    async def ends(self, within: float) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, within)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await look():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.2)


@asynccontextmanager
async def running(folder: Path, **environment: str) -> AsyncIterator[Running]:
    port, log = any_port(), folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - it only forks, and it is our own
            activation("worker", "--health-port", str(port)),
            stderr=output,
            env=os.environ | environment,
        )
    try:
        yield Running(process, port, log)
    finally:
        process.kill()
        process.wait()


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """Let the process and its children accept and never answer."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    family = [int(each) for each in (str(pid), *children)]
    for each in family:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in family:
            os.kill(each, signal.SIGCONT)


async def begin(
    stack: TestStack, client: Client, reference: str, *, by_mail: bool = False
) -> Activations:
    """Start the activation of a student nobody else plays."""
    number = secrets.randbelow(10**8)
    email = f"w{number}@mail.example"
    records = await asyncpg.connect(stack.registrar_dsn)
    await records.execute(
        "INSERT INTO v_vd_sis (systemid, registrationid, lastnameel, enrollmentstatus, mobilephone,"
        " extemail) VALUES ('WORKER', $1, 'Εργάτη', 'active', $2, $3)",
        reference,
        f"69{number:08d}",
        email,
    )
    await records.close()
    activations = Activations(client)
    contact = {"email": email} if by_mail else {"mobile": f"+3069{number:08d}"}
    await activations.start(ActivationStart(reference=reference, **contact))
    return activations


async def stands(activations: Activations, reference: str, reason: WaitReason) -> None:
    async def there() -> bool:
        told = await activations.recorded_state(reference)
        return told is not None and (told.step, told.wait_reason) == (Step.PIN, reason)

    await until(there)


async def test_without_temporal_a_worker_waits_says_so_and_stops_when_told(
    stack: TestStack, tmp_path: Path
) -> None:
    del stack
    async with running(tmp_path, TEMPORAL_ADDRESS="127.0.0.1:1") as worker:
        await worker.comes_to(temporal=False, queues=False)
        alive = await worker.probe("/healthz")
        assert alive is not None
        assert alive.is_success
        assert await worker.ends(within=5) == 0
    assert "worker waits for Temporal" in worker.said


async def test_a_worker_that_waited_serves_as_soon_as_temporal_is_there(
    stack: TestStack, client: Client, reference: str, tmp_path: Path
) -> None:
    stack.stop("temporal")
    async with running(tmp_path) as worker:
        await worker.comes_to(temporal=False, queues=False)
        stack.start("temporal")
        await worker.comes_to()
        await stands(await begin(stack, client, reference), reference, WaitReason.WAITING_PIN)
    await client.get_workflow_handle(reference).terminate()


@pytest.mark.few(1)
@pytest.mark.parametrize("part", NAMED)
async def test_a_worker_outlives_what_it_stands_on_and_goes_on_by_itself(
    stack: TestStack, client: Client, reference: str, tmp_path: Path, part: str
) -> None:
    async with running(tmp_path) as worker:
        await worker.comes_to()
        stack._stack.parts[part].kill()
        try:
            await worker.comes_to(**{NAMED[part]: False})
        finally:
            stack.start(part)
        await worker.comes_to()
        # PostgreSQL is the registrar as well: both pools have come back.
        await stands(await begin(stack, client, reference), reference, WaitReason.WAITING_PIN)
        assert await worker.ends(within=35) == 0
    await client.get_workflow_handle(reference).terminate()


async def test_what_runs_is_finished_before_a_worker_ends(
    stack: TestStack, client: Client, reference: str, tmp_path: Path
) -> None:
    # A code by mail, for which a busy machine may take the longest.
    async with running(tmp_path, ACTIVATION_MAIL__TIMEOUT_SECONDS="25") as worker:
        await worker.comes_to()
        with frozen(stack._stack.smtp.pid):
            await begin(stack, client, reference, by_mail=True)
            await until(lambda: is_sending(client, reference))
            ending = asyncio.create_task(worker.ends(within=35))
            await until(worker.is_stopping)
        assert await ending == 0
    history = await client.get_workflow_handle(reference).fetch_history()
    done = [
        event.activity_task_completed_event_attributes.scheduled_event_id
        for event in history.events
        if event.HasField("activity_task_completed_event_attributes")
    ]
    names = [
        history.events[number - 1].activity_task_scheduled_event_attributes.activity_type.name
        for number in done
    ]
    assert "send_pin" in names
    await client.get_workflow_handle(reference).terminate()


async def is_sending(client: Client, reference: str) -> bool:
    description = await client.get_workflow_handle(reference).describe()
    pending = description.raw_description.pending_activities
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return "send_pin" in [one.activity_type.name for one in pending if one.state == started]


@pytest.mark.long
async def test_a_worker_ends_in_time_with_everything_away(
    stack: TestStack, client: Client, tmp_path: Path
) -> None:
    del client
    async with running(tmp_path) as worker:
        await worker.comes_to()
        with frozen(stack._stack.postgres.pid):
            stack.stop("temporal")
            try:
                assert await worker.ends(within=40) == 0
            finally:
                stack.start("temporal")
