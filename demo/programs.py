"""The engine's own programs as parts of the stack: worker and portal, by the command line."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as TaskQueueMessage
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from demo.part import Part, aside, listens
from demo.place import HOST
from demo.temporal import NAMESPACE
from domain.contracts.vocabulary import TaskQueue


def activation(*words: str) -> Sequence[str]:
    """Give the command line of the engine that belongs to this interpreter."""
    return (str(Path(sys.executable).with_name("activation")), *words)


class Program(Part):
    """A part that finds the stack by its settings file."""

    def environment(self) -> Mapping[str, str]:
        return {"ACTIVATION_CONFIG": str(self.place.settings_file)}


class Portal(Program):
    name = "portal"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.place.port('portal')}"

    def command(self) -> Sequence[str]:
        return activation("portal")

    def is_ready(self) -> bool:
        if not listens(self.place.port("portal")):
            return False
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False


class Worker(Program):
    """Ready when Temporal sees this very process ask for work on every task queue."""

    name = "worker"
    poll_seconds = 0.3
    stopped_within = 15.0

    def command(self) -> Sequence[str]:
        return activation("worker")

    def is_ready(self) -> bool:
        return self.is_alive and aside(self._polls_everywhere())

    async def _polls_everywhere(self) -> bool:
        try:
            client = await Client.connect(
                f"{HOST}:{self.place.port('temporal')}", namespace=NAMESPACE
            )
            polled = [await self._polls(client, queue) for queue in TaskQueue]
        except (RPCError, RuntimeError):
            return False
        return all(polled)

    async def _polls(self, client: Client, queue: TaskQueue) -> bool:
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=NAMESPACE,
                task_queue=TaskQueueMessage(name=queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            )
        )
        return any(poller.identity.startswith(f"{self.pid}@") for poller in answer.pollers)
