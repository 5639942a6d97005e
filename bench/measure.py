"""Measures whole journeys beside two reference workflows: `python -m bench.measure [ROUNDS]`.

Starts a demo of its own. In each round, and for 1, 5, 10 and 20 students at once, it plays the
journey and then *bare* and *literal* (`bench.reference_workflows`) on the same Temporal, because a
machine's speed drifts. Prints journeys a second, CPU milliseconds a journey by process, and the
time of each page; ratios are of each run to its own references, as median with minimum and
maximum. Writes the same to `bench/results.json`. *Bare* is played with the SDK's default sandbox
and without.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from statistics import median, quantiles

from bench import references, results
from bench.console import say
from bench.directory import DEMO_SCHEME, SCHEMES, storing
from bench.journeys import Seen, play, world_in
from bench.processes import CpuMeter, pid_of
from bench.references import Run
from demo.crowd import World

ROUNDS = 3
COUNTS = {1: 12, 5: 40, 10: 60, 20: 80}
"""How many journeys are played at each number of students at once."""
_REFERENCES = {1: 25, 5: 100, 10: 100, 20: 100}
PARTS = ("worker", "temporal", "portal", "postgres", "slapd")
_SYSTEMS = ("sms", "smtp")
_JOURNEY = "journey"
_WARM_UP = 10


@dataclass
class Level:
    """The runs with one number of students at once, in the order of the rounds."""

    at_once: int
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    def add(self, run: Run, seen: Seen) -> None:
        self.runs[_JOURNEY].append(run)
        for name, took in seen.took.items():
            self.pages[name] += took
        self.wrong += [*seen.lost, *seen.failures]

    def compare(self, with_these: Mapping[str, Run]) -> None:
        for kind, run in with_these.items():
            self.runs[kind].append(run)

    def ratios(self, reference: str) -> list[float]:
        pairs = zip(self.runs[_JOURNEY], self.runs[reference], strict=True)
        return [mine.per_second / theirs.per_second for mine, theirs in pairs]

    @property
    def per_second(self) -> list[float]:
        return [run.per_second for run in self.runs[_JOURNEY]]

    def cpu(self, parts: Iterable[str]) -> list[float]:
        return [sum(run.cpu_ms[part] for part in parts) for run in self.runs[_JOURNEY]]


class Bench:
    """One demo, the worker of the reference workflows, and a meter of the processes of each."""

    def __init__(self, world: World, folder: Path, reference_worker: int, slapd: int) -> None:
        self._world = world
        temporal = pid_of(folder, "temporal")
        pids = {part: pid_of(folder, part) for part in (*PARTS, *_SYSTEMS) if part != "slapd"}
        self._meter = CpuMeter({**pids, "slapd": slapd})
        self._reference_meter = CpuMeter({"worker": reference_worker, "temporal": temporal})
        self._numbers = numbers(1)

    def journeys(self, count: int, at_once: int) -> tuple[Run, Seen]:
        first = next(self._numbers) * 1000
        self._meter.start()
        seen, seconds = play(self._world, count, at_once, first)
        cpu = {name: 1000 * used / count for name, used in self._meter.used().items()}
        return Run(count / seconds, cpu), seen

    def warm_up(self) -> None:
        self.journeys(_WARM_UP, _WARM_UP)

    def play(self, level: Level) -> None:
        level.add(*self.journeys(COUNTS[level.at_once], level.at_once))

    def reference(self, kind: str, at_once: int) -> Run:
        env = self._world.env
        return asyncio.run(
            references.play(
                kind,
                env["TEMPORAL_ADDRESS"],
                env["TEMPORAL_NAMESPACE"],
                count=_REFERENCES[at_once],
                at_once=at_once,
                meter=self._reference_meter,
            )
        )

    def references(self, at_once: int) -> dict[str, Run]:
        return {kind: self.reference(kind, at_once) for kind in references.KINDS}


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the median, with minimum and maximum in brackets."""
    middle, least, most = (
        f"{each:.{digits}f}" for each in (median(values), min(values), max(values))
    )
    return f"{middle} ({least}-{most})"


def report(levels: Iterable[Level]) -> None:
    for level in levels:
        runs = level.runs
        say(f"\n{level.at_once} at once")
        for kind, played in runs.items():
            say(f"  {kind:20} a second  {spread([run.per_second for run in played])}")
        for kind in references.KINDS:
            say(f"  journey to {kind:20}  {spread(level.ratios(kind))}")
        say(f"  CPU ms a journey: {spread(level.cpu(PARTS), 0)}, of which")
        for part in (*PARTS, *_SYSTEMS, "client"):
            say(f"    {part:10} {spread(level.cpu([part]), 0)}")
        for name, took in sorted(level.pages.items()):
            say(f"  {name:16} p50/p95/p99 ms {' / '.join(f'{ms:.0f}' for ms in _centiles(took))}")
        for each in level.wrong:
            say(f"  went wrong: {each}")


def _centiles(took: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(took, n=100, method="inclusive")
    return 1000 * cuts[49], 1000 * cuts[94], 1000 * cuts[98]


def figures(levels: Iterable[Level]) -> dict[str, object]:
    """Return every figure, by the number of students at once."""
    return {
        str(level.at_once): {
            "runs": {
                kind: [{"per_second": run.per_second, "cpu_ms": dict(run.cpu_ms)} for run in each]
                for kind, each in level.runs.items()
            },
            "ratios": {kind: level.ratios(kind) for kind in references.KINDS},
            "pages_p50_p95_p99_ms": {k: _centiles(took) for k, took in sorted(level.pages.items())},
            "went_wrong": level.wrong,
        }
        for level in levels
    }


def main(rounds: int = ROUNDS, scheme: str = DEMO_SCHEME) -> int:
    levels = [Level(at_once) for at_once in COUNTS]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with world_in(folder) as world, storing(folder, scheme) as slapd:
            env = world.env
            with references.worker(env["TEMPORAL_ADDRESS"], env["TEMPORAL_NAMESPACE"]) as pid:
                bench = Bench(world, folder, pid, slapd)
                bench.warm_up()
                for _ in range(rounds):
                    for level in levels:
                        bench.play(level)
                        level.compare(bench.references(level.at_once))
    say(f"The directory stores passwords by {scheme}.")
    report(levels)
    results.keep("journeys", {"scheme": scheme, "at_once": figures(levels)})
    return 1 if any(level.wrong for level in levels) else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    arguments.add_argument("--scheme", choices=SCHEMES, default=DEMO_SCHEME)
    sys.exit(main(**vars(arguments.parse_args())))
