"""Plays journeys on two checkouts in turn: `python -m bench.compare OLD NEW [ROUNDS]`.

Starts the demo of each folder by its own `.venv` (`make setup-demo` there makes it), and drives
both by HTTP alone with this checkout's students. In each round, and for each number of students at
once, it plays the old, the new and then the reference workflows on the new one's Temporal, because
a machine's speed drifts. Prints the tables of both, and their ratios pair by pair.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import references, results
from bench.console import running, say
from bench.directory import DEMO_SCHEME, SCHEMES, storing
from bench.journeys import reached
from bench.measure import COUNTS, PARTS, ROUNDS, Bench, Level, figures, report, spread
from demo.crowd import World

_OLD, _NEW = "old", "new"


@contextmanager
def demo_of(checkout: Path, folder: Path, scheme: str) -> Iterator[tuple[World, int]]:
    """Run the demo of a checkout; yields its students' environment and its directory's process."""
    program = (str(checkout.resolve() / ".venv" / "bin" / "activation"),)
    with running(folder, program), reached(folder) as world, storing(folder, scheme) as slapd:
        yield world, slapd


def play(
    checkouts: dict[str, Path], levels: dict[str, list[Level]], rounds: int, scheme: str
) -> None:
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        there = {
            name: stack.enter_context(demo_of(checkout, temporary / name, scheme))
            for name, checkout in checkouts.items()
        }
        env = there[_NEW][0].env
        address, namespace = env["TEMPORAL_ADDRESS"], env["TEMPORAL_NAMESPACE"]
        pid = stack.enter_context(references.worker(address, namespace))
        benches = {
            name: Bench(world, temporary / name, pid, slapd)
            for name, (world, slapd) in there.items()
        }
        for bench in benches.values():
            bench.warm_up()
        for number in range(rounds):
            for old, new in zip(levels[_OLD], levels[_NEW], strict=True):
                pair = [(benches[_OLD], old), (benches[_NEW], new)]
                # Who goes first changes, so that neither always meets a cooler machine.
                for bench, level in reversed(pair) if number % 2 else pair:
                    bench.play(level)
                beside = benches[_NEW].references(new.at_once)
                old.compare(beside)
                new.compare(beside)


def report_ratios(levels: dict[str, list[Level]]) -> None:
    say("\nnew to old, pair by pair")
    for old, new in zip(levels[_OLD], levels[_NEW], strict=True):
        speed = [a / b for a, b in zip(new.per_second, old.per_second, strict=True)]
        cpu = [a / b for a, b in zip(new.cpu(PARTS), old.cpu(PARTS), strict=True)]
        say(f"{new.at_once:4} at once: journeys a second {spread(speed)}, CPU {spread(cpu)}")


def main(old: Path, new: Path, rounds: int, at_once: Sequence[int], scheme: str) -> int:
    levels = {name: [Level(each) for each in at_once] for name in (_OLD, _NEW)}
    play({_OLD: old, _NEW: new}, levels, rounds, scheme)
    say(f"The directory stores passwords by {scheme}.")
    for name, measured in levels.items():
        say(f"\n== {name} ==")
        report(measured)
    report_ratios(levels)
    both = {name: figures(measured) for name, measured in levels.items()}
    results.keep("before and after", {"scheme": scheme, **both})
    return 1 if any(level.wrong for each in levels.values() for level in each) else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("old", type=Path)
    arguments.add_argument("new", type=Path)
    arguments.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    arguments.add_argument("--at-once", type=int, nargs="+", choices=COUNTS, default=[*COUNTS])
    arguments.add_argument("--scheme", choices=SCHEMES, default=DEMO_SCHEME)
    sys.exit(main(**vars(arguments.parse_args())))
