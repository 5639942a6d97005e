"""Plays whole journeys with more and more students at once: `python -m bench.overload [PROCESSES]`.

Starts a demo of its own, whose portal has PROCESSES processes. Prints for 5, 20, 50 and 100 at once
the journeys a second, how often a start was told to come again, and the 95th percentile and the
slowest of all pages. Prints violated invariants: an answer of 5xx that is not that of a refused
start, a page over three seconds, a student who does not come to the end. Exit code 1 for any.
"""

import os
import sys
from statistics import quantiles

from bench.console import say
from bench.journeys import Seen, play, world

COUNTS = {5: 30, 20: 80, 50: 150, 100: 200}
"""How many journeys are played at each number of students at once."""
_PROMISED_SECONDS = 3
_REFUSED = "POST /contact 503"
_WARM_UP = 10


def wrong(seen: Seen) -> list[str]:
    failures = [f"{said}: {n}" for said, n in seen.failures.items() if said != _REFUSED]
    slow = {
        name: [seconds for seconds in took if seconds > _PROMISED_SECONDS]
        for name, took in seen.pages.items()
    }
    late = [
        f"{name} over 3 s: {len(each)}, up to {max(each):.1f}"
        for name, each in slow.items()
        if each
    ]
    return failures + late + seen.lost


def main(processes: int = 1) -> int:
    os.environ["ACTIVATION_PORTAL__PROCESSES"] = str(processes)
    violated = False
    with world() as there:
        play(there, _WARM_UP, _WARM_UP)
        for number, (at_once, count) in enumerate(COUNTS.items(), 1):
            seen, seconds = play(there, count, at_once, 1000 * number)
            took = [each for pages in seen.pages.values() for each in pages]
            p95 = quantiles(took, n=20, method="inclusive")[-1]
            say(
                f"{at_once:4} at once: {count / seconds:.2f} journeys a second,"
                f" pages p95 {1000 * p95:.0f} ms, slowest {1000 * max(took):.0f} ms,"
                f" starts told to come again {seen.failures[_REFUSED]}"
            )
            for each in (found := wrong(seen)):
                say(f"  {each}")
            violated |= bool(found)
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
