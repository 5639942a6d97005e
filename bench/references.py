"""Plays the reference workflows, with a worker process of their own.

That worker is `python -m bench.references ADDRESS NAMESPACE`. It serves one task queue with the
SDK's default sandbox and one without, as the engine's own workers run.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from bench.processes import CpuMeter
from bench.reference_workflows import Bare, Literal, anything, nothing

RUNNERS: Mapping[str, Callable[[], WorkflowRunner]] = MappingProxyType(
    {"sandboxed": SandboxedWorkflowRunner, "unsandboxed": UnsandboxedWorkflowRunner}
)
"""How workflow code is run, by task queue."""
_POLL = 0.08
_READY = "serves"


@dataclass(frozen=True)
class Run:
    """Completed journeys a second, and CPU milliseconds a journey by process."""

    per_second: float
    cpu_ms: Mapping[str, float]


async def bare(client: Client, queue: str) -> None:
    start = WithStartWorkflowOperation(
        Bare.run,
        id=uuid4().hex,
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
    )
    await client.execute_update_with_start_workflow(Bare.submit, start_workflow_operation=start)
    handle = await start.workflow_handle()
    for _ in range(3):
        await handle.execute_update(Bare.submit)
    await handle.result()


async def literal(client: Client, queue: str) -> None:
    handle = await client.start_workflow(Literal.run, id=uuid4().hex, task_queue=queue)
    for step in ("pin", "consent", "password"):
        await _until(handle.query, step)
        await handle.signal(Literal.submit)
    await _until(handle.query, "done")


async def _until(query: Callable[..., Awaitable[str]], step: str) -> None:
    while await query(Literal.step) != step:  # noqa: ASYNC110 - this client polls
        await asyncio.sleep(_POLL)


KINDS: Mapping[str, tuple[Callable[[Client, str], Awaitable[None]], str]] = MappingProxyType(
    {
        "bare": (bare, "sandboxed"),
        "bare without sandbox": (bare, "unsandboxed"),
        "literal": (literal, "sandboxed"),
    }
)
"""The player and the task queue of each reference."""


@contextmanager
def worker(address: str, namespace: str) -> Iterator[int]:
    """Let a worker of the reference workflows run; yields its process id."""
    words = (sys.executable, "-m", "bench.references", address, namespace)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        assert process.stdout  # noqa: S101 - a pipe was asked for
        if _READY not in process.stdout.readline():
            raise SystemExit("the worker of the reference workflows did not start")
        yield process.pid
    finally:
        process.kill()
        process.wait()


async def play(
    kind: str, address: str, namespace: str, *, count: int, at_once: int, meter: CpuMeter
) -> Run:
    """Play this many journeys of a reference workflow, `at_once` at a time."""
    client = await Client.connect(address, namespace=namespace)
    turns = asyncio.Semaphore(at_once)
    player, queue = KINDS[kind]

    async def one() -> None:
        async with turns:
            await player(client, queue)

    meter.start()
    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    seconds = time.perf_counter() - begun
    return Run(count / seconds, {name: 1000 * used / count for name, used in meter.used().items()})


async def serve(address: str, namespace: str) -> None:
    client = await Client.connect(address, namespace=namespace)
    activities: list[Callable[..., Any]] = [nothing, anything]
    async with AsyncExitStack() as serving:
        for queue, runner in RUNNERS.items():
            each = Worker(
                client,
                task_queue=queue,
                workflows=[Bare, Literal],
                activities=activities,
                workflow_runner=runner(),
            )
            await serving.enter_async_context(each)
        sys.stdout.write(f"{_READY}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
