"""One run: students walk at the same time, something breaks and comes back, all is checked.

A run is named by its scenario and its seed; the seed draws the students and whatever else is
drawn. Its figures go into the table at the end.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import postgres
from demo.part import aside
from domain.contracts.vocabulary import Step, WaitReason
from support.verbs.actions import ActionRefused, submit
from support.verbs.staff import Action, StaffContext
from tests.desk import desk
from tests.faults import checker
from tests.faults.walker import Gate, Walker, until
from tests.faults.world import Person, World

RECOVERED_WITHIN = 60.0
Act = Callable[[], object]


@dataclass
class Figures:
    """What one run adds to its scenario's line of the table."""

    scenario: str
    seed: int
    activations: int = 0
    lost: int = 0
    duplicated: int = 0
    recovery: float = 0.0
    slowest: float = 0.0
    notes: list[str] = field(default_factory=list)


def nothing() -> None:
    """Do nothing: a fault that needs no end, or lasts no time."""


class Run:
    def __init__(self, world: World, scenario: str, seed: int, activations: int) -> None:
        self.world = world
        self.draw = random.Random(f"{scenario} {seed}")  # noqa: S311 - repeatable on purpose
        self.figures = Figures(scenario, seed)
        self.students: list[Person] = []
        self.walkers: list[Walker] = []
        self.foreign: set[str] = set()
        self.restored = False
        self.directory_ahead = timedelta()
        self.checked = False
        self._activations = activations

    def enrol(self, number: int | None = None, **given: Any) -> list[Person]:
        new = self.world.students(self.draw, number or self._activations, **given)
        self.students += new
        return new

    @contextmanager
    def settings(self, **given: str) -> Iterator[None]:
        """Let students come to a portal with these settings while the block lasts."""
        usual, other = self.world.portals
        link = self.world.links["students-portal"]
        other.more = {f"ACTIVATION_{name}": value for name, value in given.items()}
        other.start()
        link.point_at(other.port)
        try:
            yield
        finally:
            link.point_at(usual.port)
            other.stop()
            other.more = {}

    def walk(
        self,
        begin: Act = nothing,
        end: Act = nothing,
        *,
        at: str = "/password",
        during: Act = nothing,
        students: Sequence[Person] | None = None,
        ends: Collection[str] = ("/done",),
        within: float = RECOVERED_WITHIN,
        **walker: Any,
    ) -> None:
        """Let everybody come to a page, begin the fault, let them go on, end it, and check.

        `during` runs while it lasts; `end` brings the part back, from where recovery counts.
        """
        students = self.enrol() if students is None else students
        gate = Gate(at, len(students))
        walkers = [Walker(self.world, each, gate=gate, **walker) for each in students]
        self.walkers += walkers
        with ThreadPoolExecutor(len(walkers)) as threads:
            walks = [threads.submit(walker.walk) for walker in walkers]
            try:
                gate.all_here(walks)
                begin()
                gate.open()
                during()
                end()
            except BaseException:
                self._tell()
                for each in walkers:
                    each.give_up()
                raise
            finally:
                gate.open()
            back = time.monotonic()
            for each in walkers:
                each.be_patient()
            self._come_home(walks, ends)
        self.figures.recovery = max(
            self.figures.recovery,
            *(max((walker.ended_at or back) - back, 0.0) for walker in walkers),
        )
        self.figures.slowest = max(walker.slowest for walker in walkers)
        self.check(within)

    def _come_home(self, walks: Sequence[Future[str]], ends: Collection[str]) -> None:
        came = [walk.exception() or walk.result() for walk in walks]
        self.figures.lost += sum(isinstance(end, BaseException) for end in came)
        failures = [end for end in came if isinstance(end, BaseException)]
        if failures:
            self._tell()
            raise failures[0]
        assert {*came} <= {*ends}, came

    def standing(self) -> list[tuple[str, Step, WaitReason | None]]:
        return aside(checker.standing(self.world, self.students))

    def come_to(self, path: str, students: Sequence[Person]) -> list[Walker]:
        """Let these students walk until they see this page."""
        walkers = [Walker(self.world, each) for each in students]
        self.walkers += walkers
        self.go_on_to(path, walkers)
        return walkers

    def go_on_to(self, path: str, walkers: Sequence[Walker]) -> None:
        for walker in walkers:
            walker.leaves_at = path
            walker.be_patient()
        with ThreadPoolExecutor(len(walkers)) as threads:
            assert {*threads.map(Walker.walk, walkers)} == {path}

    def _tell(self) -> None:
        print(*self.standing(), sep="\n")  # noqa: T201 - shown with the failure

    def all_wait_for(self, reason: WaitReason) -> None:
        """Wait until staff can see of everybody that this is what they wait for."""
        until(lambda: all(found is reason for _, _, found in self.standing()))

    def staff_say(self, action: Action, references: Sequence[str]) -> None:
        """Let staff do this to all of these at the same moment, where it is possible."""

        async def say(opened: StaffContext, reference: str) -> None:
            with suppress(ActionRefused):
                await submit(opened, action, reference=reference, reason="asked")

        async def say_all(opened: StaffContext) -> None:
            await asyncio.gather(*(say(opened, reference) for reference in references))

        self.at_desk(say_all)

    def at_desk(self, work: Callable[[StaffContext], Coroutine[Any, Any, None]]) -> None:
        """Let staff do this, past all links."""
        aside(self._at_desk(work))

    async def _at_desk(self, work: Callable[[StaffContext], Coroutine[Any, Any, None]]) -> None:
        client = await self.world.client()
        async with await postgres.connect(self.world.ledger_dsn) as ledger:
            await work(desk(client, ledger, keys=self.world.keys))

    def accepted(self, path: str) -> bool:
        return all(walker.accepted[path] for walker in self.walkers)

    def check(self, within: float = RECOVERED_WITHIN) -> None:
        """Ask all invariants, and note the figures."""
        found = aside(
            checker.find(
                self.world,
                self.students,
                self.walkers,
                frozenset(self.foreign),
                restored=self.restored,
                directory_ahead=self.directory_ahead,
            )
        )
        self.figures.activations = len(found.cases)
        self.figures.duplicated = found.duplicated()
        self.checked = True
        aside(checker.check(found))
        assert self.figures.recovery <= within, f"back after {self.figures.recovery:.0f} s"
        assert self.figures.lost == self.figures.duplicated == 0

    def close(self) -> None:
        """Close every browser, and forget what they were told."""
        for walker in self.walkers:
            walker.close()
        self.walkers.clear()
