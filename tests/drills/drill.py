"""Students at every step when a store is copied, and further on when the copy comes back.

Each is called by the page where they stood at the copy and the page to which they came since; `new`
are those who began since. How long ago the copy was made matters nowhere: what they did since does.
"""

import json
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import asyncpg
from temporalio.service import RPCError

from demo.part import aside
from demo.part import run as tool
from domain.contracts.vocabulary import Step, WaitReason
from tests.commandline import run
from tests.faults import checker
from tests.faults.walker import ENDS, Walker, until
from tests.faults.world import Attributes, Person, World, clock_off

PAGES = ("/pin", "/review", "/password", "/done")
NEW = "new"
_PATIENCE_SECONDS = 5
_LOOKS = (20 * 60, 40 * 60)
_LOOKED = "SELECT at FROM reconciled"
ANSWERED_AGAIN = frozenset(PAGES)
SINCE: Sequence[tuple[str, str]] = (
    *(("/pin", "/pin"), ("/pin", "/review"), ("/pin", "/done")),
    *(("/review", "/review"), ("/review", "/password"), ("/review", "/done")),
    *(("/password", "/password"), ("/password", "/done")),
    ("/done", "/done"),
    *((NEW, page) for page in PAGES),
)


class PatientWalker(Walker):
    """A student who asks for another code every few seconds: each asking counts as an answer."""

    def _ask_for_another(self) -> None:
        time.sleep(_PATIENCE_SECONDS)
        super()._ask_for_another()


class Drill:
    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.draw = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.walkers: dict[tuple[str, str], Walker] = {}
        self.others: list[Walker] = []
        self.twins: list[Person] = []

    # --- students ------------------------------------------------------------------------------

    def walker(self, student: Person | None = None, *, named: bool = True) -> Walker:
        """Give a browser to this student, or to a new one, perhaps without a name on file."""
        if student is None:
            (student,) = self.world.students(self.draw, 1, named=named)
        walker = PatientWalker(self.world, student, again=ANSWERED_AGAIN)
        self.others.append(walker)
        return walker

    def twin(self, of: Person) -> Walker:
        """Give a browser to a new student whose generated username would be the same."""
        twin = Person(draw=self.draw, named=False)
        twin.first, twin.last = of.first, of.last
        twin.enrol(self.world.stack.postgres.registrar_dsn)
        self.twins.append(twin)
        return self.walker(twin)

    def stand(self) -> None:
        """Let students come to every page."""
        self.walkers |= {case: self.walker() for case in SINCE if case[0] != NEW}
        self.go({walker: case[0] for case, walker in self.walkers.items()})

    def go_on(self) -> None:
        """Let them come to where they stand since, and new ones begin."""
        self.walkers |= {case: self.walker(named=False) for case in SINCE if case[0] == NEW}
        self.go({self.walkers[case]: case[1] for case in SINCE if case[0] != case[1]})

    def told_active(self, *, since: bool) -> list[Person]:
        """Return who saw that the account is active, since the copy or before it."""
        return [
            walker.student
            for (before, after), walker in self.walkers.items()
            if after == "/done" and since == (before != "/done")
        ]

    def end(self, walkers: Iterable[Walker]) -> dict[str, str]:
        """Let these come to their end; return its page by student."""
        walkers = list(walkers)
        self.go(dict.fromkeys(walkers, ""))
        return {walker.student.number: walker.page.path for walker in walkers}

    def come_again(self) -> dict[str, str]:
        """Let everybody begin in another browser, and come to an end."""
        return self.end([self.walker(each.student) for each in self.walkers.values()])

    def go(self, wanted: dict[Walker, str]) -> None:
        """Let each walk to this page, or to an end where none is named."""
        for walker, page in wanted.items():
            walker.leaves_at = page
            walker.be_patient()
        with ThreadPoolExecutor(8) as threads:
            try:
                came = [*threads.map(Walker.walk, wanted)]
            except AssertionError:
                print(*self.standing(), sep="\n")  # noqa: T201 - shown with the failure
                raise
        for page, walker in zip(came, wanted, strict=True):
            assert page in ({wanted[walker]} if wanted[walker] else ENDS), walker.student.number

    def standing(self) -> list[tuple[str, Step, WaitReason | None]]:
        students = [*{walker.student: None for walker in self.others}]
        found: list[tuple[str, Step, WaitReason | None]] = aside(
            checker.standing(self.world, students)
        )
        return found

    def waiting(self, reason: WaitReason) -> int:
        """Return how many of these students' activations wait for this."""
        return sum(found is reason for _, _, found in self.standing())

    @property
    def students(self) -> list[Person]:
        return [*(walker.student for walker in self.walkers.values()), *self.twins]

    # --- stores --------------------------------------------------------------------------------

    def command(self, *words: str, **environ: str) -> CompletedProcess[str]:
        """Run the command line as the ledger's owner."""
        named = {"ACTIVATION_CONFIG": str(self.world.place.settings_file)}
        return run(*words, environ=os.environ | named | environ)

    def without_engine(self, act: Callable[[], None]) -> None:
        """Do this while no portal and no worker runs."""
        programs = [part for part in self.world.programs if part.is_alive]
        for part in programs:
            part.stop()
        act()
        for part in programs:
            part.start()

    def copy_temporal(self, copy: Path) -> Callable[[], None]:
        """Copy Temporal's database while it runs; return what brings the copy back."""
        file = self.world.place.data("temporal") / "temporal.db"
        with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(copy)) as kept:
            live.backup(kept)

        def bring_back() -> None:
            self.world.stop("temporal")
            for each in file.parent.glob("temporal.db*"):
                each.unlink()
            shutil.copy(copy, file)
            self.world.start("temporal")

        return bring_back

    def copy_directory(self, copy: Path) -> Callable[[], None]:
        """Copy the directory by slapcat; return what brings the copy back."""
        directory = self.world.stack.directory
        self._tool("slapcat", "-l", str(copy))

        def bring_back() -> None:
            self.world.stop("slapd")
            shutil.rmtree(directory.folder / "db")
            (directory.folder / "db").mkdir(mode=0o700)
            self._tool("slapadd", "-l", str(copy))
            self.world.start("slapd")

        return bring_back

    def _tool(self, name: str, *options: str) -> None:
        directory = self.world.stack.directory
        words = (directory._software.tool(name), "-f", str(directory.config), *options)
        tool(words, what=name, env=directory.environment())

    def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            ledger = await asyncpg.connect(self.world.ledger_dsn)
            try:
                return await ledger.fetch(query, *values)
            finally:
                await ledger.close()

        found: list[asyncpg.Record] = aside(ask())
        return found

    def findings(self) -> dict[str, set[str]]:
        """Let the reconciler look twice; return usernames, else references, by finding.

        It leaves out what is minutes old by the ledger's clock, which goes ahead meanwhile.
        """
        for ahead in _LOOKS:
            self._set_ledgers_clock(ahead)
            until(partial(self._look, self.rows(_LOOKED)))
        self._set_ledgers_clock(0)
        told = json.loads(self.command("support", "findings", "--all", "--json").stdout)
        found: dict[str, set[str]] = {}
        for each in told["findings"]:
            if each["gone_at"] is None:
                subject = each["username"] or each["reference"]
                found.setdefault(each["kind"], set()).add(subject)
        return found

    def _look(self, before: list[asyncpg.Record]) -> bool:
        """Begin a look, or join the one that goes on, and end it once it was whole."""
        begun = self.command("schedules", "run", "reconcile", "--no-wait")
        assert begun.returncode == 0, begun.stderr
        looked = self.rows(_LOOKED) != before
        if looked:
            aside(self._terminate(begun.stdout.rpartition(": ")[0]))
        return looked

    def _set_ledgers_clock(self, ahead: int) -> None:
        self.world.stop("postgres")
        with clock_off(ahead):
            self.world.start("postgres")

    async def _terminate(self, workflow_id: str) -> None:
        client = await self.world.client()
        with suppress(RPCError):  # A look that suspects nothing has ended by itself.
            await client.get_workflow_handle(workflow_id).terminate()

    # --- what must hold ------------------------------------------------------------------------

    def entries(self) -> dict[str, list[Attributes]]:
        """Return the entries of each student."""
        stored = list(self.world.entries().values())
        return {
            each.number: [
                entry
                for entry in stored
                if any(
                    code.endswith(f":{each.number}")
                    for code in entry.get("schacpersonaluniquecode", [])
                )
            ]
            for each in self.students
        }

    def names(self) -> dict[str, str]:
        """Return the username of each student who has an account."""
        return {number: found[0]["uid"][0] for number, found in self.entries().items() if found}

    def check_accounts(self, given_twice: int = 0) -> None:
        """Everybody has one account, under one name, which their password opens.

        An older ledger reserves names of others, so many as were `given_twice`.
        """
        entries = self.entries()
        for student in self.students:
            (entry,) = entries[student.number]
            (student.login,) = entry["uid"]
            assert student.logs_in(self.world.environment), student.number
        names = Counter(entry["uid"][0].lower() for found in entries.values() for entry in found)
        assert max(names.values()) == 1
        owners = {row["name"]: row["person_key"] for row in self.rows("SELECT * FROM username")}
        held = [owners[name] for name in names if name in owners]
        assert len(held) - len(set(held)) == given_twice

    def check_messages(self, more: int = 1) -> None:
        """Nobody gets a message twice, nor more than so many codes beyond the first."""
        for student in self.students:
            texts = Counter(message["text"] for message in self.world.messages(student.to))
            assert max(texts.values()) == 1, student.number
            pins = [text for text in texts if any(word.isdigit() for word in text.split())]
            assert len(pins) <= 1 + more, f"{student.number} got {len(pins)} codes"

    def check_agreed(self, students: Iterable[Person]) -> None:
        """Whoever the ledger calls active has agreed before."""
        for student in students:
            row = self.rows(
                "SELECT (SELECT min(recorded_at) FROM consent c WHERE c.reference = a.reference)"
                " AS agreed, ended_at FROM activation a"
                " WHERE end_step = $1 AND coalesce(mobile_index, email_index) = $2",
                Step.ACTIVE,
                student.index(self.world.keys),
            )
            assert row, student.number
            assert all(each["agreed"] and each["agreed"] < each["ended_at"] for each in row)

    def state(self, reference: str) -> Any:
        """Return how Temporal has this activation."""

        async def ask() -> Any:
            client = await self.world.client()
            return await client.get_workflow_handle(reference).describe()

        return aside(ask())

    def close(self) -> None:
        for walker in self.others:
            walker.close()


__all__ = ["NEW", "PAGES", "SINCE", "Drill", "until"]
