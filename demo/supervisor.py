"""Supervises the demo's parts: starts them, answers commands about them, ends them.

A part that dies is not restarted until a command starts it. Whatever ends the supervisor, even
SIGKILL, ends every part with it. When another program takes a port during the start, everything
is restarted on other ports, and no part or file refers to the old ones once the demo is ready.
"""

import asyncio
import fcntl
import os
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from demo import control
from demo.control import PartState, Reply, Request
from demo.leftovers import end_leftovers
from demo.part import Part, PartFailed, PortTaken
from demo.stack import Stack
from domain.counting import Counting, not_counted
from security import rotation
from settings import load
from starter.cli import ledger_migrate
from starter.commands import temporal
from starter.progress import working

WATCH_SECONDS = 0.2
RISES = 5
END_WITHIN = 5.0


class Supervisor:
    def __init__(self, stack: Stack, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._say = say
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ending = asyncio.Event()
        self._count: Counting = not_counted

    async def run(self, when_ready: Callable[[], None]) -> None:
        """Start everything, run until stopped, and leave nothing running."""
        folder = self._stack.place.folder
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._ending.set)
        with only_one(folder):
            await asyncio.to_thread(end_leftovers, folder)
            server = await control.serve(folder, self._answer)
            try:
                await self._until_stopped(when_ready)
            finally:
                server.close()
                await self._stop_all()
                control.forget(folder)

    async def _until_stopped(self, when_ready: Callable[[], None]) -> None:
        work = asyncio.create_task(self._start_all_and_watch(when_ready))
        ending = asyncio.create_task(self._ending.wait())
        await asyncio.wait((work, ending), return_when=asyncio.FIRST_COMPLETED)
        self._ending.set()
        if work.done():
            work.result()
        work.cancel()

    async def _start_all_and_watch(self, when_ready: Callable[[], None]) -> None:
        with working("Parts start", len(self._stack.parts)) as self._count:
            await self._start_all()
        when_ready()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._notice_deaths()

    async def _start_all(self) -> None:
        """Start everything, and retry on other ports while other programs take the chosen ones."""
        for _ in range(RISES - 1):
            try:
                await self._start_all_once()
            except PortTaken as taken:
                self._say(f"{taken}: starting again on other ports")
                await self._stop_all()
                self._stack.place.draw_again(taken.ports)
            else:
                return
        await self._start_all_once()

    async def _start_all_once(self) -> None:
        """Start parts concurrently; the engine starts when all that it needs is ready."""
        stack = self._stack
        stack.write_files()
        # The operator's own commands, which find this demo by its settings file.
        os.environ["ACTIVATION_CONFIG"] = str(stack.place.settings_file)
        load.cache_clear()
        rotation.create(stack.place.keys, f"{datetime.now(UTC):%Y-%m}")
        around = (stack.directory, stack.sms, stack.smtp, stack.inbox)
        await _all(self._start_ledger(), self._start_temporal(), *map(self._start, around))
        await _all(*map(self._start, stack.engine))

    async def _start_ledger(self) -> None:
        await self._start(self._stack.postgres)
        await asyncio.to_thread(ledger_migrate)

    async def _start_temporal(self) -> None:
        await self._start(self._stack.temporal)
        await asyncio.to_thread(temporal.init, set_retention=True)

    async def _start(self, part: Part) -> None:
        async with self._busy[part.name]:
            if part.is_alive:
                return
            begun = time.monotonic()
            await asyncio.to_thread(part.prepare)
            if self._ending.is_set():
                raise PartFailed("the demo is ending")
            # Here and not in a thread: parts die with the thread that started them.
            part.spawn()
            await asyncio.to_thread(part.wait_ready)
            self._say(f"{part.name} is ready ({time.monotonic() - begun:.1f} s)")
            self._count(sum(each.is_alive for each in self._stack.parts.values()))

    async def _stop(self, part: Part) -> None:
        async with self._busy[part.name]:
            await asyncio.to_thread(part.stop)
            self._say(f"{part.name} is stopped")

    async def _kill(self, part: Part) -> None:
        async with self._busy[part.name]:
            await asyncio.to_thread(part.kill)
            self._say(f"{part.name} is killed")

    async def _stop_all(self) -> None:
        """Stop the engine first, then the systems it depends on."""
        for parts in (self._stack.engine, self._stack.outside):
            await asyncio.gather(
                *(asyncio.to_thread(part.stop, END_WITHIN) for part in reversed(parts))
            )

    def _notice_deaths(self) -> None:
        for part in self._stack.parts.values():
            pid_file = self._stack.place.pid(part.name)
            if not (part.is_alive or self._busy[part.name].locked()) and pid_file.exists():
                pid_file.unlink()
                self._say(f"{part.name} has ended by itself; `demo start {part.name}` starts it")

    async def _answer(self, request: Request) -> Reply:
        error = told = ""
        try:
            told = await self._do(**request)
        except PartFailed as failure:
            error = str(failure)
        return Reply(error=error, told=told, parts=self._states())

    async def _do(self, command: str, name: str, settings: Mapping[str, str]) -> str:
        """Do it; return what the person should know of it, mostly nothing."""
        if command == "down":
            self._ending.set()
        elif command != "status":
            part = self._stack.parts.get(name)
            if part is None:
                known = ", ".join(self._stack.parts)
                raise PartFailed(f"there is no part named {name!r}; there are: {known}")
            if command == "start":
                return await self._start_with(part, settings)
            await {"stop": self._stop, "kill": self._kill}[command](part)
        return ""

    async def _start_with(self, part: Part, settings: Mapping[str, str]) -> str:
        """Start a part with these settings; return which are ignored, and why."""
        runs = part.is_alive
        if not runs:
            part.given = settings
            await self._start(part)
        has = {**os.environ, **part.given, **part.environment()}
        ignored = [name for name, value in settings.items() if has.get(name) != value]
        why = f"{part.name} runs already" if runs else "the demo sets these itself"
        return f"{why}: ignored {', '.join(ignored)}" if ignored else ""

    def _states(self) -> list[PartState]:
        return [
            PartState(name=name, state="running" if part.is_alive else "stopped", pid=part.pid)
            for name, part in self._stack.parts.items()
        ]


@contextmanager
def only_one(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the folder's lock, which is free only when no part of the demo runs."""
    try:
        lock = (folder / "lock").open("w")
    except PermissionError:
        raise PartFailed(f"{folder} belongs to another user, who started a demo here") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PartFailed("a demo is already running here") from None
        yield


async def _all(*work: Awaitable[None]) -> None:
    """Await all, then raise the first failure that another port would not solve."""
    failed = [e for e in await asyncio.gather(*work, return_exceptions=True) if e is not None]
    taken = [e for e in failed if isinstance(e, PortTaken)]
    for error in failed:
        if error not in taken:
            raise error
    if taken:
        raise PortTaken({name: port for each in taken for name, port in each.ports.items()})
