"""The worker of the fault programme: the real one, but it dies where a file tells it to.

`python -m tests.faults.crash` is `activation worker` with one interceptor more. The file named by
`CRASH_FILE` holds lines `activity point action`; the first that fits is taken out of it and acted
on: `kill` is SIGKILL to itself, `stop` is SIGSTOP, which makes a zombie that may be woken.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

import worker
from security.keys import KeyRing
from settings import Settings
from starter import cli
from starter.client.connect import connect

CRASH_FILE = "CRASH_FILE"
_REPORTED_AFTER = 0.3


class Point(StrEnum):
    BEFORE = "before"
    AFTER_EFFECT = "after_effect"
    AFTER_RETURN = "after_return"


SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class CrashPoints(ClientInterceptor, Interceptor):
    """Given to the client, from where every worker made of it takes it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        return _Crashing(next, self._take)

    def _take(self, name: str, point: Point) -> signal.Signals | None:
        """Return what happens here, and see to it that it happens once."""
        if not self._file.exists():
            return None
        lines = self._file.read_text("ascii").splitlines()
        wanted = f"{name} {point} "
        found = next((line for line in lines if line.startswith(wanted)), None)
        if found is None:
            return None
        lines.remove(found)
        self._file.write_text("\n".join(lines), "ascii")
        return SIGNALS[found.removeprefix(wanted)]


class _Crashing(ActivityInboundInterceptor):
    def __init__(
        self,
        inner: ActivityInboundInterceptor,
        take: Callable[[str, Point], signal.Signals | None],
    ) -> None:
        super().__init__(inner)
        self._take = take

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        name = activity.info().activity_type
        _die(self._take(name, Point.BEFORE))
        result = await super().execute_activity(input)
        _die(self._take(name, Point.AFTER_EFFECT))
        by = self._take(name, Point.AFTER_RETURN)
        if by:
            asyncio.get_running_loop().call_later(_REPORTED_AFTER, _die, by)
        return result


def _die(by: signal.Signals | None) -> None:
    if by:
        os.kill(os.getpid(), by)


async def _connect(config: Settings, keys: KeyRing, **given: Any) -> Client:
    client = await connect(config, keys, **given)
    crash_points = CrashPoints(Path(os.environ[CRASH_FILE]))
    return Client(**client.config() | {"interceptors": [crash_points]})


if __name__ == "__main__":
    setattr(worker, "connect", _connect)  # noqa: B010 - the one seam there is
    sys.argv[1:1] = ["worker"]
    cli.main()
