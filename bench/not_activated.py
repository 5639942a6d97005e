"""Measures who has not activated among 100,000: `python -m bench.not_activated [ROWS]`.

Loads invented rows into a PostgreSQL of its own and judges all, and then those of one department,
as the command and the console do. Prints the seconds, the peak of memory, and for how long the
event loop was held. Exits with 1 when one of a hundred holds is longer than a page notices.
"""

import asyncio
import resource
import sys
import time
from contextlib import aclosing
from datetime import UTC, datetime
from statistics import quantiles

import settings
from adapters.registrar.wiring import registrar_of
from bench.accounts import registered
from bench.console import say
from demo.students import DEPARTMENTS
from domain.registrar.not_activated import WEEKS, Tally
from recognition.not_activated import judged
from settings import Settings
from starter import databases

ROWS = 100_000
LONGEST_HELD_MS = 50.0
_TICK_SECONDS = 0.001


class Ticks:
    """Notes for how long nothing else in this event loop could run."""

    def __init__(self) -> None:
        self._held: list[float] = []

    async def watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            self._held.append(1000 * (time.perf_counter() - begun - _TICK_SECONDS))

    @property
    def usual_ms(self) -> float:
        """What 99 of 100 stay below."""
        return quantiles(self._held, n=100)[-1]

    @property
    def longest_ms(self) -> float:
        return max(self._held)


async def measure(config: Settings, department: str | None) -> float:
    """Judge the rows of this department, or all; returns for how long the loop was held, in ms."""
    chosen = None if department is None else [department]
    ticks, tally, today = Ticks(), Tally(), datetime.now(UTC).date()
    async with (
        databases.ledger(config, seconds=60) as (pool, keys),
        registrar_of(config.registrar) as registrar,
    ):
        watch = asyncio.create_task(ticks.watch())
        begun = time.perf_counter()
        async with aclosing(judged(registrar, pool, keys, config, chosen)) as rows:
            async for each in rows:
                tally.add(*each)
        took = time.perf_counter() - begun
        watch.cancel()
    students = sum(each.students for each in tally.departments(today, WEEKS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = f"{ticks.usual_ms:.0f} ms of 99 in 100, {ticks.longest_ms:.0f} ms at most"
    say(f"{students:7} students {took:6.1f} s {peak:5.0f} MB, loop held {held}")
    return ticks.usual_ms


def main(rows: int) -> int:
    with registered(rows):
        config = settings.load()
        held = [asyncio.run(measure(config, each)) for each in (DEPARTMENTS[0].id, None)]
    return int(max(held) > LONGEST_HELD_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else ROWS))
