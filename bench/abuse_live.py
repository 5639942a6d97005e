"""Plays a campaign of guesses through the pages: `python -m bench.abuse_live [ACTIVATIONS [HALL]]`.

Starts a demo of its own with the default limits. First a hall of HALL students activates behind one
address of an own network, 20 at once. Then strangers begin ACTIVATIONS activations, three a
contact, do the work of the bot barrier and type three codes in each, every request from another
address and every activation in a new browser; a tenth as many students activate meanwhile. Exits
with 1 if a student meets an answer of 429 in the hall or does not come to the end, a guess opens
anything, more wrong codes of a contact are compared than the limit, or attack mode begins later
than in a minute.
"""

import asyncio
import os
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import Random

import asyncpg
import httpx

from bench.barrier import number_of
from bench.console import say
from bench.journeys import FAILED, Browser, Seen, journey, world
from demo.crowd import World, invent
from demo.students import Row
from demo.visitor import Page
from settings import Settings
from settings.rules import SendBudget

ACTIVATIONS, HALL = 1_000, 200
_STRANGERS, _STUDENTS, _IN_THE_HALL = 8, 3, 20
_GUESSES = 3
_LATEST_SECONDS = 60
_BARRIER_TRIES = 20
_OWN_NETWORK, _HALL = "198.51.100.0/24", "198.51.100.7"
_TARGET = re.compile(r'data-target="(\w+)"')
_TOLD = """
SELECT extract(epoch FROM
    (SELECT min(window_start) FROM budget WHERE bucket = 'attack_mode')
    - (SELECT min(at) FROM attempt WHERE outcome = 'wrong')
)::float AS attack_after, (SELECT coalesce(max(used), 0) FROM (
    SELECT sum(used) AS used FROM budget WHERE bucket LIKE 'guess:%' GROUP BY bucket
) contacts)::integer AS most_compared
"""


class Somewhere(Browser):
    """A browser whose requests come from the address that `draw` returns, behind a proxy."""

    def __init__(self, there: World, seen: Seen, draw: Callable[[], str]) -> None:
        super().__init__(there.env["PORTAL_URL"], "el", seen)
        self._draw = draw

    def hand_in(self, action: str, data: dict[str, str]) -> Page:
        """Send a form, and again with the number that the bot barrier asks for."""
        page = super().hand_in(action, data)
        while target := _TARGET.search(self.last):
            form = next(form for form in page.forms if "ticket" in form.fields)
            found = {"number_found": number_of(form.fields["ticket"], target[1], _BARRIER_TRIES)}
            page = super().hand_in(form.action, form.fields | found)
        return page

    def _send(self, action: str, data: dict[str, str]) -> httpx.Response:
        self._http.headers["X-Forwarded-For"] = self._draw()
        return super()._send(action, data)


def anywhere() -> str:
    return ".".join(str(1 + secrets.randbelow(222)) for _ in range(4))


def hall(there: World, rows: Sequence[Row]) -> Seen:
    """Let all students activate behind one address."""
    seen = Seen()
    with ThreadPoolExecutor(_IN_THE_HALL) as students:
        for row in rows:
            students.submit(journey, there, row, seen, Somewhere(there, seen, lambda: _HALL))
    return seen


def guess(there: World, row: Row, seen: Seen) -> Counter[str]:
    """Begin an activation as a stranger and type codes; return to which pages they led."""
    with closing(Somewhere(there, seen, anywhere)) as stranger:
        try:
            stranger.visit("/who")
            stranger.submit(who="student")
            page = stranger.submit(mobile=str(row["mobilephone"]))
            deadline = time.monotonic() + _LATEST_SECONDS
            while page.path == "/progress" and time.monotonic() < deadline:
                time.sleep(1)
                page = stranger.visit("/progress")
            led = Counter[str]()
            for _ in range(_GUESSES):
                form = next((form for form in page.forms if "pin" in form.names), None)
                if form is None:
                    led[f"no form of a code at {page.path}"] += 1
                    break
                page = stranger.submit(pin=f"{secrets.randbelow(10**6):06d}")
                led[page.path] += 1
        except FAILED as error:
            return Counter({f"failed: {type(error).__name__}": 1})
    return led


def campaign(
    there: World, targets: Sequence[Row], rows: Sequence[Row], activations: int
) -> tuple[Counter[str], Seen, Seen]:
    """Return where guesses led, and what strangers and students saw."""
    led, strangers, students = Counter[str](), Seen(), Seen()
    with ThreadPoolExecutor(_STRANGERS) as many, ThreadPoolExecutor(_STUDENTS) as few:
        for row in rows:
            few.submit(journey, there, row, students, Somewhere(there, students, anywhere))
        one = (targets[number % len(targets)] for number in range(activations))
        for each in many.map(lambda row: guess(there, row, strangers), one):
            led += each
    return led, strangers, students


async def told() -> asyncpg.Record:
    ledger = await asyncpg.connect(Settings().ledger_dsn.get_secret_value())
    try:
        rows = await ledger.fetch(_TOLD)
    finally:
        await ledger.close()
    return rows[0]


def answers(seen: Seen, status: int) -> int:
    return sum(n for said, n in seen.answers.items() if said.endswith(f" {status}"))


def main(activations: int = ACTIVATIONS, in_hall: int = HALL) -> int:
    os.environ["ACTIVATION_LIMITS__NETWORKS"] = f'{{"{_OWN_NETWORK}": 50}}'
    os.environ["ACTIVATION_LIMITS__ATTACK_MISSES_PER_MINUTE"] = "60"
    os.environ["ACTIVATION_LIMITS__ATTACK_WRONG_CODES"] = "50"
    os.environ["ACTIVATION_PORTAL__BARRIER_TRIES"] = str(_BARRIER_TRIES)
    draw = Random(time.time_ns())  # noqa: S311 - invented people need no secrecy
    contacts, students = max(activations // 3, 1), max(activations // 10, 1)
    rows = [invent(n, draw) for n in range(1, 1 + in_hall + contacts + students)]
    with world() as there:
        there.enrol(rows)
        begun = time.monotonic()
        crowd = hall(there, rows[:in_hall])
        hall_took = time.monotonic() - begun
        say(f"the hall of {in_hall} took {hall_took:.0f} s: {dict(crowd.answers)}")
        targets, honest = rows[in_hall : in_hall + contacts], rows[in_hall + contacts :]
        led, strangers, seen = campaign(there, targets, honest, activations)
        known = asyncio.run(told())
    opened = sum(n for path, n in led.items() if path.startswith("/") and path != "/pin")
    in_time = known["attack_after"] is not None and known["attack_after"] <= _LATEST_SECONDS
    compared = known["most_compared"]
    violations = {
        f"429 to {in_hall} students of the hall": answers(crowd, 429),
        "students of the hall who did not finish": in_hall - len(crowd.references),
        f"guesses of {sum(led.values())} that opened anything": opened,
        f"compared codes of one contact ({compared}) over the limit": int(
            compared > SendBudget().guesses_per_day
        ),
        f"attack mode later than a minute ({known['attack_after']} s)": int(not in_time),
        f"students of {len(honest)} meanwhile who did not finish": (
            len(honest) - len(seen.references)
        ),
    }
    for name, n in violations.items():
        say(f"{name:70} {n}")
    say(f"where guesses led: {dict(led)}")
    for who, each in (("hall", crowd), ("strangers", strangers), ("students", seen)):
        say(f"{who}: 429 {answers(each, 429)}, 503 {answers(each, 503)}")
        for lost in each.lost[:5]:
            say(f"  did not come to the end: {lost}")
    return int(any(violations.values()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
