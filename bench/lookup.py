"""Measures the look-up of a student as the worker does it: `python -m bench.lookup`.

Among 20,000 and 200,000 rows, with 11 and with 55 people a birth date, it runs the activity that
finds a student by a mobile, and the queries of `bench.registrar`. Prints medians and CPU, and
writes the same to `bench/results.json`.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import median

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.registrar import RegistrarActivities
from adapters.registrar.wiring import registrar_of
from bench import registrar, results
from bench.console import say
from demo.place import Place
from demo.stack import Stack
from domain.contracts.people import FindStudent
from security import rotation
from security.keys import KeyRing
from settings import Settings, load

ROWS = (20_000, 200_000)
A_BIRTH_DATE = (11, 55)
_LOOKUPS = 200


async def looked_up(config: Settings, rows: int) -> tuple[float, float, float]:
    """Return the median and the worst time of a look-up, and its CPU here, in milliseconds."""
    draw = random.Random(2)  # noqa: S311 - invented people need no secrecy
    took = []
    async with registrar_of(config.registrar) as view:
        activities = RegistrarActivities(
            registrar=view, keys=KeyRing(config.keys_dir), settings=config
        )
        used = time.process_time()
        for _ in range(_LOOKUPS):
            mobile = f"+30{registrar.mobile(draw.randrange(rows))}"
            wanted = FindStudent(mobile=mobile, email=None)
            begun = time.perf_counter()
            try:
                found = await ActivityEnvironment().run(activities.find_student, wanted)
            except ApplicationError as error:  # The registrar did not answer in time.
                waited = time.perf_counter() - begun
                say(f"a look-up among {rows} rows failed after {waited:.1f} s: {error.type}")
                continue
            took.append(1000 * (time.perf_counter() - begun))
            if not found.persons:
                raise AssertionError("a student was not found")
        used = time.process_time() - used
    return median(took), max(took), 1000 * used / _LOOKUPS


def _among(stack: Stack, rows: int, people: int) -> dict[str, float]:
    """Load so many rows, measure, and print the line of the table."""
    postgres, days = stack.postgres, rows // people
    asyncio.run(registrar.load(postgres.registrar_dsn, rows, days))
    queries = asyncio.run(registrar.measure(postgres.registrar_dsn, rows, days))
    # The owner of the rows reads them, because the schema is none of the reader's.
    view = registrar.settings(postgres.registrar_dsn)
    config = load().model_copy(update={"registrar": view})
    middle, worst, cpu = asyncio.run(looked_up(config, rows))
    say(
        f"{rows:7} rows, {people} a birth date: look-up {middle:.1f} ms, worst {worst:.1f}, CPU of"
        f" the worker {cpu:.1f}; contact {queries['contact']:.2f}, identity"
        f" {queries['identity']:.2f}, primary key {queries['primary key']:.2f}"
    )
    return {
        "rows": rows,
        "people_a_birth_date": people,
        "look_up_ms": middle,
        "worst_ms": worst,
        "worker_cpu_ms": cpu,
        **{f"{name}_query_ms": took for name, took in queries.items()},
    }


def main() -> int:
    figures = []
    with tempfile.TemporaryDirectory() as temporary:
        stack = Stack(Place(Path(temporary) / "bench"))
        stack.write_files()
        os.environ["ACTIVATION_CONFIG"] = str(stack.place.settings_file)
        load.cache_clear()
        rotation.create(stack.place.keys, "2026-11")
        stack.postgres.start()
        try:
            for rows, people in product(ROWS, A_BIRTH_DATE):
                figures.append(_among(stack, rows, people))
        finally:
            stack.postgres.stop()
    results.keep("look-up", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
