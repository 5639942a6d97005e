"""Plays a campaign on a demo: its gateway is killed and comes back, and so is its worker.

Some students activate during the outage. At the end each of the others has one message, and they
have none.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import asyncpg

from demo.crowd import insert
from demo.messages import all_messages
from demo.names import SURNAMES, WOMEN
from demo.part import aside
from demo.students import Department, make_row
from security.keys import KeyRing
from tests.stack import WholeStack

HERE = Department("cc1", "Τμήμα Εκστρατείας", "Campaigning")
AT_ANY_HOUR = {
    "ACTIVATION_CAMPAIGNS__QUIET_FROM": "00:00",
    "ACTIVATION_CAMPAIGNS__QUIET_UNTIL": "00:00",
    "ACTIVATION_CAMPAIGNS__PER_MINUTE": "6000",
    "ACTIVATION_SMS__PER_SECOND": "1000",
}
_ONE_MESSAGE = 1.0
"""Seconds in which one is certainly on its way, at the pace of these campaigns."""
_MOST_WAIT = timedelta(hours=1)
_ACTIVE = (
    "INSERT INTO activation (reference, language, person_key, ended_at, end_step)"
    " VALUES ($1, 'el', $2, now(), 'active')"
)
_STATES = (
    "SELECT coalesce(why, state) AS state, count(*) AS number FROM invitation"
    " WHERE campaign = $1 GROUP BY 1"
)


@dataclass
class Played:
    """What came of it: messages by student (0, 1 or more), and rows by state."""

    messages: Counter[int] = field(default_factory=Counter)
    to_the_active: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Play:
    """One campaign of so many students, of whom some activate before their turn."""

    def __init__(self, stack: WholeStack, students: int, active: int) -> None:
        self._stack = stack
        self._numbers = [f"CC{number}" for number in range(students)]
        self._active = self._numbers[-active:]
        self.campaign = ""

    def run(self, outage: float, *, kill: bool) -> Played:
        """Play it with an outage of so many seconds; `kill`: and with a worker that dies twice."""
        self._enrol()
        self._begin()
        begun = time.monotonic()
        few = len(self._numbers) // 10
        self._until(lambda: self._states().get("sent", 0) >= few)
        self._die_in_mid_message()
        self._activate()
        if kill:
            self._demo("kill", "worker")
            self._demo("start", "worker")
        time.sleep(outage)
        self._demo("start", "sms")
        if kill:
            self._until(lambda: self._states().get("sent", 0) >= len(self._numbers) // 2)
            self._demo("kill", "worker")
            self._demo("start", "worker")
        self._until(self._is_over)
        return self._judged(time.monotonic() - begun)

    def _enrol(self) -> None:
        rows = []
        for at, number in enumerate(self._numbers):
            first, last = WOMEN[at % len(WOMEN)], SURNAMES[at % len(SURNAMES)].woman
            born = date(2004, 1, 1) + timedelta(at % 365)
            row = make_row(number, first, last, born, HERE, ssn=None)
            rows.append(row | {"mobilephone": f"6973{at:06}", "loginname": None})
        aside(insert(self._stack.env["REGISTRAR_DSN"], rows))

    def _begin(self) -> None:
        words = ("--department", HERE.id, "--by", "sms", "--reason", "tried", "--json")
        told = json.loads(self._command("prepare", *words))
        assert told["planned"] == len(self._numbers), told
        self.campaign = told["campaign"]
        self._command("start", self.campaign, "--reason", "tried")

    def _die_in_mid_message(self) -> None:
        """Kill the gateway while a message waits for its answer, so that nobody knows of it."""
        os.kill(self._stack.pids["sms"], signal.SIGSTOP)
        time.sleep(_ONE_MESSAGE)
        self._demo("kill", "sms")

    def _activate(self) -> None:
        keys = KeyRing(self._stack.folder / "keys")
        rows = [
            (f"A-CAMPAIGN-{number}", keys.index("person", f"SIS/{number}"))
            for number in self._active
        ]
        aside(_execute(self._stack.env["LEDGER_DSN"], rows))

    def _command(self, *words: str) -> str:
        done = self._stack.command("campaign", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _demo(self, *words: str) -> None:
        done = self._stack.demo(*words)
        assert done.returncode == 0, done.stderr

    def _until(self, over: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _MOST_WAIT.total_seconds()
        while not over():
            assert time.monotonic() < deadline, self._states()
            time.sleep(0.5)

    def _states(self) -> dict[str, int]:
        rows = aside(_fetch(self._stack.env["LEDGER_DSN"], _STATES, self.campaign))
        return {row["state"]: row["number"] for row in rows}

    def _is_over(self) -> bool:
        over = "SELECT FROM campaign WHERE id = $1 AND ended_at IS NOT NULL"
        return bool(aside(_fetch(self._stack.env["LEDGER_DSN"], over, self.campaign)))

    def _judged(self, seconds: float) -> Played:
        got = Counter(each["to"] for each in all_messages(self._stack.folder / "data" / "inbox"))
        each = {number: got[f"+306973{at:06}"] for at, number in enumerate(self._numbers)}
        return Played(
            Counter(each[number] for number in self._numbers if number not in self._active),
            sum(each[number] for number in self._active),
            self._states(),
            seconds,
        )


async def _fetch(dsn: str, query: str, *values: object) -> list[asyncpg.Record]:
    ledger = await asyncpg.connect(dsn)
    try:
        return await ledger.fetch(query, *values)
    finally:
        await ledger.close()


async def _execute(dsn: str, rows: list[tuple[str, str]]) -> None:
    ledger = await asyncpg.connect(dsn)
    try:
        await ledger.executemany(_ACTIVE, rows)
    finally:
        await ledger.close()
