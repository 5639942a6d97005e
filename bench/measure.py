"""Measures whole journeys beside two reference workflows: `python -m bench.measure [ROUNDS]`.

Starts a demo of its own. In each round, and for 1, 5, 10 and 20 students at once, it plays the
journey and then *bare* and *literal* (`bench.reference_workflows`) on the same Temporal, because a
machine's speed drifts. Prints journeys a second, CPU milliseconds a journey by process, and the
time of each page; ratios are of each run to its own references, as median with minimum and
maximum. Writes the same to `bench/results.json`.
"""

import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from statistics import median, quantiles

from bench import references
from bench.console import say
from bench.journeys import Seen, play, world_in
from bench.processes import CpuMeter, pid_of
from bench.references import Run
from demo.crowd import World

ROUNDS = 3
COUNTS = {1: 12, 5: 40, 10: 60, 20: 80}
"""How many journeys are played at each number of students at once."""
_REFERENCES = 100
_PARTS = ("worker", "temporal", "portal", "postgres", "slapd")
_SYSTEMS = ("sms", "smtp")
_RESULTS = Path(__file__).with_name("results.json")
_WARM_UP = 10


@dataclass
class Level:
    """The runs with one number of students at once, in the order of the rounds."""

    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    def ratios(self, reference: str) -> list[float]:
        pairs = zip(self.runs["journey"], self.runs[reference], strict=True)
        return [mine.per_second / theirs.per_second for mine, theirs in pairs]

    def cpu(self, parts: Iterable[str]) -> list[float]:
        return [sum(run.cpu_ms[part] for part in parts) for run in self.runs["journey"]]


class Bench:
    """One demo, the worker of the reference workflows, and a meter of the processes of each."""

    def __init__(self, world: World, folder: Path, reference_worker: int) -> None:
        self._world = world
        temporal = pid_of(folder, "temporal")
        pids = {part: pid_of(folder, part) for part in (*_PARTS, *_SYSTEMS)}
        self._meter = CpuMeter(pids)
        self._reference_meter = CpuMeter({"worker": reference_worker, "temporal": temporal})
        self._numbers = numbers(1)

    def journeys(self, count: int, at_once: int) -> tuple[Run, Seen]:
        first = next(self._numbers) * 1000
        self._meter.start()
        seen, seconds = play(self._world, count, at_once, first)
        cpu = {name: 1000 * used / count for name, used in self._meter.used().items()}
        return Run(count / seconds, cpu), seen

    def reference(self, kind: str, at_once: int) -> Run:
        env = self._world.env
        return asyncio.run(
            references.play(
                kind,
                env["TEMPORAL_ADDRESS"],
                env["TEMPORAL_NAMESPACE"],
                count=_REFERENCES,
                at_once=at_once,
                meter=self._reference_meter,
            )
        )

    def round(self, levels: dict[int, Level]) -> None:
        for at_once, count in COUNTS.items():
            level = levels[at_once]
            run, seen = self.journeys(count, at_once)
            level.runs["journey"].append(run)
            for name, took in seen.took.items():
                level.pages[name] += took
            level.wrong += [*seen.lost, *seen.failures]
            for kind in references.KINDS:
                level.runs[kind].append(self.reference(kind, at_once))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the median, with minimum and maximum in brackets."""
    middle, least, most = (f"{each:.{digits}f}" for each in (median(values), *_ends(values)))
    return f"{middle} ({least}-{most})"


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def report(levels: dict[int, Level]) -> None:
    for at_once, level in levels.items():
        runs = level.runs
        say(f"\n{at_once} at once")
        for kind, played in runs.items():
            say(f"  {kind:8} a second  {spread([run.per_second for run in played])}")
        for kind in references.KINDS:
            say(f"  journey to {kind:8}  {spread(level.ratios(kind))}")
        say(f"  CPU ms a journey: {spread(level.cpu(_PARTS), 0)}, of which")
        for part in (*_PARTS, *_SYSTEMS, "client"):
            say(f"    {part:10} {spread(level.cpu([part]), 0)}")
        for name, took in sorted(level.pages.items()):
            say(f"  {name:16} p50/p95/p99 ms {' / '.join(f'{ms:.0f}' for ms in _centiles(took))}")
        for each in level.wrong:
            say(f"  went wrong: {each}")


def _centiles(took: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(took, n=100, method="inclusive")
    return 1000 * cuts[49], 1000 * cuts[94], 1000 * cuts[98]


def as_json(levels: dict[int, Level]) -> str:
    """Return every figure, by the number of students at once."""
    figures = {
        at_once: {
            "runs": {
                kind: [{"per_second": run.per_second, "cpu_ms": dict(run.cpu_ms)} for run in each]
                for kind, each in level.runs.items()
            },
            "ratio_to_bare": level.ratios("bare"),
            "ratio_to_literal": level.ratios("literal"),
            "pages_p50_p95_p99_ms": {k: _centiles(took) for k, took in sorted(level.pages.items())},
            "went_wrong": level.wrong,
        }
        for at_once, level in levels.items()
    }
    return json.dumps(figures, indent=1) + "\n"


def main(rounds: int = ROUNDS) -> int:
    levels = {at_once: Level() for at_once in COUNTS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with world_in(folder) as world:
            env = world.env
            with references.worker(env["TEMPORAL_ADDRESS"], env["TEMPORAL_NAMESPACE"]) as pid:
                bench = Bench(world, folder, pid)
                bench.journeys(_WARM_UP, _WARM_UP)
                for _ in range(rounds):
                    bench.round(levels)
    report(levels)
    _RESULTS.write_text(as_json(levels), "utf-8")
    return 1 if any(level.wrong for level in levels.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
