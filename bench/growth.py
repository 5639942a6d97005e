"""Measures growth, an outage and the look-up: `python -m bench.growth [PARKED ...]`.

Starts a demo of its own and parks so many activations at the code (100, 1,000 and 10,000). At each
number it measures the memory of the worker, the portal, the console and Temporal, the size of the
databases, the console's pages over HTTP, and how long a parked activation takes to answer that no
worker has in its memory. Then `bench.drain` and `bench.lookup` follow. Prints tables and writes the
same to `bench/results.json`. Exit code 1 if a page of the console misses its target.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import asyncpg

from bench import console, drain, lookup, parked, results
from bench.console import say
from bench.journeys import world_in
from bench.processes import memory_mb, pid_of
from demo.control import ask
from demo.crowd import World
from support.commands.terminal import staff_context

PARKED = (100, 1_000, 10_000)
TARGETS_MS = {"queue": 300.0, "list": 300.0, "case": 500.0}
_PARTS = ("worker", "portal", "support", "temporal")
_WOKEN = 30
_MB = 1024 * 1024


@dataclass(frozen=True)
class Size:
    """What so many parked activations take; times are medians with the worst, in milliseconds."""

    parked: int
    memory_mb: dict[str, float]
    temporal_mb: float
    ledger_mb: float
    pages_ms: dict[str, tuple[float, float]]
    cold_ms: tuple[float, float]
    warm_ms: tuple[float, float]


def size_of(world: World, folder: Path, count: int) -> Size:
    """Park so many activations and measure."""
    parked.fill(world, count)
    return measured(world, folder, count)


def measured(world: World, folder: Path, count: int) -> Size:
    memory = {part: memory_mb(pid_of(folder, part)) for part in _PARTS}
    (reference,) = asyncio.run(some(1))
    with console.signed_in(world.env) as watch:
        pages = console.pages(watch, reference)
    # A new worker has none of them in its memory: each must be read and replayed.
    ask(folder, "stop", "worker")
    ask(folder, "start", "worker")
    cold, warm = asyncio.run(woken())
    return Size(
        parked=count,
        memory_mb=memory,
        temporal_mb=sum(file.stat().st_size for file in (folder / "data/temporal").iterdir()) / _MB,
        ledger_mb=asyncio.run(_ledger_bytes(world.env["LEDGER_DSN"])) / _MB,
        pages_ms=pages,
        cold_ms=cold,
        warm_ms=warm,
    )


async def some(count: int) -> list[str]:
    async with staff_context() as opened:
        return await parked.some_parked(opened, count)


async def woken() -> tuple[tuple[float, float], tuple[float, float]]:
    """Ask some twice for their progress; returns median and worst time, cold and then warm."""
    took: tuple[list[float], list[float]] = ([], [])
    async with staff_context() as opened:
        for reference in await parked.some_parked(opened, _WOKEN):
            for times in took:
                begun = time.perf_counter()
                progress = await opened.activations.progress(reference)
                times.append(1000 * (time.perf_counter() - begun))
                if progress is None:
                    raise SystemExit("a parked activation did not answer")
    cold, warm = ((median(times), max(times)) for times in took)
    return cold, warm


async def _ledger_bytes(dsn: str) -> int:
    records = await asyncpg.connect(dsn)
    try:
        return int(await records.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await records.close()


def report(sizes: Sequence[Size]) -> None:
    say("\nparked | MB worker, portal, console, Temporal | files of Temporal, ledger")
    for each in sizes:
        memory = ", ".join(f"{each.memory_mb[part]:.0f}" for part in _PARTS)
        say(f"{each.parked:6} | {memory} | {each.temporal_mb:.0f}, {each.ledger_mb:.0f}")
    say("\nparked | ms, median and worst: queue, list, case | first answer, second")
    for each in sizes:
        pages = ", ".join(f"{middle:.0f} {worst:.0f}" for middle, worst in each.pages_ms.values())
        woken = ", ".join(
            f"{middle:.0f} {worst:.0f}" for middle, worst in (each.cold_ms, each.warm_ms)
        )
        say(f"{each.parked:6} | {pages} | {woken}")


def missed(sizes: Sequence[Size]) -> list[str]:
    """Return the pages that take longer than their target, by their median."""
    return [
        f"{page} with {each.parked}: {each.pages_ms[page][0]:.0f} ms of {target:.0f}"
        for each in sizes
        for page, target in TARGETS_MS.items()
        if each.pages_ms[page][0] > target
    ]


def main(counts: Sequence[int] = PARKED) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with world_in(folder) as world:
            sizes = [size_of(world, folder, count) for count in counts]
    report(sizes)
    results.keep("growth", [asdict(each) for each in sizes])
    for each in missed(sizes):
        say(f"missed its target: {each}")
    drain.main()
    lookup.main()
    return int(bool(missed(sizes)))


if __name__ == "__main__":
    sys.exit(main([*map(int, sys.argv[1:])] or PARKED))
