"""Two workflows that journeys are compared with: *bare* and *literal*.

Bare is the least that a durable journey of four submissions can cost: one update with the start,
three updates and two empty local activities (24 events, 4 workflow tasks). Literal is the journey
as a first version writes it: signals, a remote activity for each call, and a timer for each step
(53 events, 9 tasks), while its client polls by queries.
"""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RawValue

_TIMEOUT = timedelta(seconds=10)
_DEADLINE = timedelta(days=14)


@activity.defn
async def nothing() -> None:
    """Do nothing."""


@activity.defn(dynamic=True)
async def anything(_: Sequence[RawValue]) -> None:
    """Do nothing, under any name."""


@workflow.defn
class Bare:
    def __init__(self) -> None:
        self._submissions = 0
        self._handled = 0

    @workflow.run
    async def run(self) -> None:
        await self._next()
        await workflow.execute_local_activity(nothing, start_to_close_timeout=_TIMEOUT)
        self._handled = 1
        for number in (2, 3):
            await self._next()
            self._handled = number
        await self._next()
        await workflow.execute_local_activity(nothing, start_to_close_timeout=_TIMEOUT)
        self._handled = 4
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _next(self) -> None:
        await workflow.wait_condition(lambda: self._submissions > self._handled)

    @workflow.update
    async def submit(self) -> int:
        self._submissions += 1
        mine = self._submissions
        await workflow.wait_condition(lambda: self._handled >= mine)
        return mine


@workflow.defn
class Literal:
    def __init__(self) -> None:
        self._step = "look_up"
        self._submitted = 0

    @workflow.run
    async def run(self) -> None:
        await self._call("look_up")
        await self._call("send")
        await self._wait("pin", 1)
        await self._call("resolve")
        await self._wait("consent", 2)
        await self._wait("password", 3)
        await self._call("provision")
        await self._call("notify")
        self._step = "done"

    async def _call(self, name: str) -> None:
        await workflow.execute_activity(name, start_to_close_timeout=_TIMEOUT)

    async def _wait(self, step: str, number: int) -> None:
        self._step = step
        await workflow.wait_condition(lambda: self._submitted >= number, timeout=_DEADLINE)
        self._step = f"after {step}"

    @workflow.signal
    def submit(self) -> None:
        self._submitted += 1

    @workflow.query
    def step(self) -> str:
        return self._step
