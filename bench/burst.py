"""Lets COUNT students send their contact at the same moment: `python -m bench.burst [COUNT]`.

Starts a demo of its own. Ten other students are at the code page by then and continue, and a new
one requests the start page each second. Prints the answers to the crowd and when all had started,
the slowest page of the ten and of the start page, and violated invariants: a student who cannot
start or continue, an answer of 5xx to one of the ten, a failed workflow task. Exit code 1 for any.
"""

import asyncio
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from random import Random

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.console import say
from bench.journeys import FAILED, Browser, Seen, finish, world
from demo.crowd import Player, World, invent
from demo.students import Row
from domain.contracts.vocabulary import WORKFLOW
from security.keys import KeyRing
from settings import Settings
from starter.client import connect

COUNT, INSIDE = 300, 10
_FAILED = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: "timed out",
}


class Student:
    """One student at one browser."""

    def __init__(self, there: World, row: Row, seen: Seen) -> None:
        self.seen = seen
        self.browser = Browser(there.env["PORTAL_URL"], "el", seen)
        self.player = Player(there, row, language="el", by_email=False, visitor=self.browser)
        self.came_in = 0.0

    def close(self) -> None:
        self.player.close()

    def stand_at_the_contact(self) -> None:
        self.browser.visit("/who")
        self.browser.submit(who="student")

    def send_the_contact(self, at_once: threading.Barrier) -> None:
        at_once.wait()
        try:
            self.browser.submit(**self.player.typed)
            self.player.arrive("/pin")
        except FAILED as error:
            self.seen.lost.append(f"{error!r} at {self.browser.page.path}")
        self.came_in = time.perf_counter()


def newcomers(there: World, seen: Seen, over: threading.Event) -> None:
    """Request the start page each second, each time from a new browser."""
    while not over.wait(1):
        with closing(Browser(there.env["PORTAL_URL"], "el", seen)) as browser:
            browser.visit("/")


def play(there: World, count: int, crowd: Seen, inside: Seen, new: Seen) -> float:
    """Return after how many seconds the last student of the crowd had started."""
    draw = Random(time.time_ns())  # noqa: S311 - invented people need no secrecy
    rows = [invent(n, draw) for n in range(1, count + INSIDE + 1)]
    there.enrol(rows)
    with ExitStack() as leaving:
        made = [
            leaving.enter_context(closing(Student(there, row, inside if n < INSIDE else crowd)))
            for n, row in enumerate(rows)
        ]
        at_the_code, many = made[:INSIDE], made[INSIDE:]
        for student in at_the_code:
            student.player.come()
        with ThreadPoolExecutor(INSIDE) as few:
            [*few.map(Student.stand_at_the_contact, many)]
        for seen in (crowd, inside):
            seen.took.clear()
            seen.answers.clear()
            seen.failures.clear()
        over, at_once = threading.Event(), threading.Barrier(count + 1)
        with ThreadPoolExecutor(count + INSIDE + 1) as threads:
            threads.submit(newcomers, there, new, over)
            sent = [threads.submit(each.send_the_contact, at_once) for each in many]
            at_once.wait()
            begun = time.perf_counter()
            on = [threads.submit(finish, each.player, each.browser, inside) for each in at_the_code]
            for each in (*sent, *on):
                each.result()
            over.set()
        return max(each.came_in for each in many) - begun


async def tasks() -> Counter[str]:
    """Count the workflow tasks that failed, over all activations."""
    settings = Settings()
    client = await connect.connect(settings, KeyRing(settings.keys_dir))
    found = Counter[str]()
    async for execution in client.list_workflows(f"WorkflowType = '{WORKFLOW}'"):
        found.update(await _failed(client, execution.id))
    return found


async def _failed(client: Client, workflow_id: str) -> list[str]:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return [_FAILED[each.event_type] for each in history.events if each.event_type in _FAILED]


def slowest(seen: Seen) -> str:
    name, took = max(((name, max(each)) for name, each in seen.took.items()), key=lambda it: it[1])
    return f"{1000 * took:.0f} ms ({name})"


def main(count: int = COUNT) -> int:
    crowd, inside, new = Seen(), Seen(), Seen()
    with world() as there:
        seconds = play(there, count, crowd, inside, new)
        failed = asyncio.run(tasks())
    say(f"{count} starts at the same moment; the last was in after {seconds:.1f} s")
    for said, n in sorted(crowd.answers.items()):
        say(f"  {said}: {n}")
    say(f"slowest page of the {INSIDE} inside: {slowest(inside)}")
    say(f"slowest start page of {len(new.took['GET /'])}: {slowest(new)}")
    for said, n in sorted((inside.failures + new.failures).items()):
        say(f"answered inside, or at the start page, {said}: {n}")
    for each in (*crowd.lost, *inside.lost):
        say(f"did not get in, or on: {each}")
    for how, n in failed.items():
        say(f"workflow tasks that {how}: {n}")
    wrong = (crowd.lost, inside.lost, inside.failures, inside.without_username, failed["failed"])
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
