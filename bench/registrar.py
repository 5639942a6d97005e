"""Measures how fast a student is found among 100,000: `python -m bench.registrar [ROWS]`.

Loads invented rows into a PostgreSQL of its own and measures the engine's two queries against a
read by primary key in the same run, so that ratios are comparable between machines. Exits with 1
when a look-up takes 20 ms or more.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import asyncpg
from pydantic import SecretStr

from adapters.registrar.sql import statements
from demo.names import MEN, SURNAMES, WOMEN
from demo.place import Place
from demo.postgres import Postgres
from demo.registrar import SQL
from demo.students import COLUMNS, DEPARTMENTS, amka, make_row
from domain import dates
from settings.systems import RegistrarSettings

ROWS = 100_000
LOOKUPS = 300
LONGEST_MS = 20.0
SCHEMA = "crowd"
DAYS = 3000
"""From how many days the birth dates are drawn: 33 people a date."""
_YOUNGEST = date(2008, 3, 19)
_FRESH = (
    f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA}"
)


def crowd(rows: int, days: int = DAYS) -> Iterator[tuple[str | None, ...]]:
    """Yield rows written as secretariats write them; of fifty fields one holds two contacts."""
    draw = random.Random(rows)  # noqa: S311 - invented people need no secrecy
    serials = Counter[date]()
    for n in range(rows):
        first, last = draw.choice(MEN + WOMEN), draw.choice(SURNAMES).man
        born = birth_date(draw, days)
        serials[born] += 1
        local, mail = mobile(n), f"s{n}@mail.example"
        written = (local, f"+30{local}", f"0030{local}", f"{local[:3]} {local[3:6]} {local[6:]}")
        row = make_row(
            f"C{n:07d}",
            first,
            last,
            born,
            draw.choice(DEPARTMENTS),
            ssn=amka(born, serials[born], gender="M") if n % 8 else None,
            mobilephone=f"{local} / 2710{n:06d}" if n % 50 == 0 else draw.choice(written),
            extemail=f"{mail}; other{mail}" if n % 50 == 1 else mail,
        )
        yield tuple(row[column] for column in COLUMNS)


def birth_date(draw: random.Random, days: int) -> date:
    return _YOUNGEST - timedelta(days=draw.randrange(days))


def mobile(n: int) -> str:
    return f"697{n:07d}"


async def load(dsn: str, rows: int, days: int = DAYS) -> None:
    """Create the table with its indexes in a schema of its own, and insert the crowd."""
    records = await asyncpg.connect(dsn, command_timeout=300)
    try:
        await records.execute(_FRESH)
        await records.execute(SQL.read_text("utf-8"))
        await records.copy_records_to_table("v_vd_sis", records=crowd(rows, days), columns=COLUMNS)
        await records.execute("ANALYZE v_vd_sis")
    finally:
        await records.close()


def settings(dsn: str) -> RegistrarSettings:
    return RegistrarSettings(dsn=SecretStr(dsn), view=f"{SCHEMA}.v_vd_sis")


async def measure(dsn: str, rows: int, days: int = DAYS) -> dict[str, float]:
    """Return the median of each query in milliseconds."""
    queries = statements(settings(dsn))
    by_key = f"SELECT * FROM {SCHEMA}.v_vd_sis WHERE systemid = $1 AND registrationid = $2"  # noqa: S608 - a constant
    records = await asyncpg.connect(dsn, command_timeout=60)
    draw = random.Random(1)  # noqa: S311 - as above
    took: dict[str, list[float]] = {"primary key": [], "contact": [], "identity": []}
    try:
        for _ in range(LOOKUPS):
            n = draw.randrange(rows)
            born = dates.keys(birth_date(draw, days))
            contact = (mobile(n)[-8:], f"s{n}@mail.example", f"s{n}@")
            for name, query, values in (
                ("primary key", by_key, ("SIS", f"C{n:07d}")),
                ("contact", queries.by_contact, contact),
                ("identity", queries.by_identity, (["01010500013"], born)),
            ):
                begun = time.perf_counter()
                found = await records.fetch(query, *values)
                took[name].append(1000 * (time.perf_counter() - begun))
                if name != "identity" and not found:
                    raise AssertionError(f"{name}: row {n} was not found")
    finally:
        await records.close()
    return {name: median(times) for name, times in took.items()}


def main(rows: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(Place(Path(folder) / "bench"))
        postgres.start()
        try:
            asyncio.run(load(postgres.registrar_dsn, rows))
            took = asyncio.run(measure(postgres.registrar_dsn, rows))
        finally:
            postgres.stop()
    for name, milliseconds in took.items():
        ratio = milliseconds / took["primary key"]
        sys.stdout.write(f"{name:12} {milliseconds:7.2f} ms  {ratio:6.1f} x\n")
    return int(took["contact"] + took["identity"] >= LONGEST_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else ROWS))
