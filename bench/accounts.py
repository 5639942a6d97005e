"""Measures the comparison of registrar and directory: `python -m bench.accounts [COUNT]`.

Loads invented rows and entries into a PostgreSQL and an OpenLDAP of its own, then runs in this
process what `activation accounts match` and `import` run. The reference is the registrar's report
on the same rows. Exits with 1 if either takes two minutes or more, if a result differs from the one
for which the entries were made, or if a second import reserves anything.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg

import settings
from adapters.directory.entries import CODES
from adapters.registrar.wiring import everybody
from bench.registrar import crowd
from demo.place import Place
from demo.slapd import PEOPLE_DN
from demo.stack import Stack
from demo.students import COLUMNS
from domain.registrar.readiness import report
from ledger.migrate import migrate
from recognition.comparison import Match, Plan
from security import rotation
from starter.commands import accounts

T = TypeVar("T")

COUNT = 20_000
LONGEST_SECONDS = 120.0
KINDS = (Plan.NEW, Plan.ADOPT, Plan.CANNOT_TELL, Plan.ALREADY_ACTIVE)
_HASH = "{SSHA}c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def entries(count: int, domain: str) -> Iterator[str]:
    """Yield entries: without a mark, with a code, with an e-mail, with code and password."""
    for n in range(count):
        number = f"C{n:07d}"
        yield f"dn: uid=c{n:07d},{PEOPLE_DN}\nobjectClass: inetOrgPerson"
        yield f"objectClass: schacLinkageIdentifiers\nuid: c{n:07d}\ncn: X\nsn: X"
        kind = KINDS[n % len(KINDS)]
        if kind in (Plan.ADOPT, Plan.ALREADY_ACTIVE):
            yield f"{CODES}: urn:schac:personalUniqueCode:gr:{domain}:SIS:{number}"
        if kind is Plan.CANNOT_TELL:
            yield f"mail: s{n}@mail.example"
        if kind is Plan.ALREADY_ACTIVE:
            yield f"userPassword: {_HASH}"
        yield ""


async def load(dsn: str, count: int) -> None:
    records = await asyncpg.connect(dsn, command_timeout=300)
    try:
        await records.copy_records_to_table("v_vd_sis", records=crowd(count), columns=COLUMNS)
    finally:
        await records.close()


@contextmanager
def registered(rows: int) -> Iterator[Stack]:
    """Load invented rows into a PostgreSQL of its own beside an empty ledger.

    Settings are those of this stack; yields it with PostgreSQL alone started.
    """
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Place(Path(folder) / "bench"))
        stack.write_files()
        os.environ["ACTIVATION_CONFIG"] = str(stack.place.settings_file)
        rotation.create(stack.place.keys, "2026-11")
        stack.postgres.start()
        try:
            asyncio.run(migrate(stack.postgres.ledger_dsn))
            asyncio.run(load(stack.postgres.registrar_dsn, rows))
            yield stack
        finally:
            stack.postgres.stop()


def main(count: int) -> int:
    with registered(count) as stack:
        config = settings.load()
        stack.directory.prepare()
        stack.directory._add("\n".join(entries(count, config.institution.domain)))  # noqa: SLF001
        stack.directory.start()
        try:
            return _measured(config)
        finally:
            stack.directory.stop()


def _measured(config: settings.Settings) -> int:
    _, reported = timed(lambda: report(asyncio.run(everybody(config.registrar)), "GR"))
    found, matched = timed(lambda: asyncio.run(accounts.matched(config)))
    done, reserved = timed(lambda: asyncio.run(accounts.reserved(config, found)))
    again, _ = timed(lambda: asyncio.run(accounts.reserved(config, found)))
    plans = Counter(each.plan.value for each in found)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, took in (
        ("report (reference)", reported),
        ("match", matched),
        ("import", matched + reserved),
    ):
        say(f"{name:20} {took:6.1f} s {took / reported:5.1f} x")
    say(f"{dict(plans)}, {done.reserved} reserved, again {again.reserved}, {memory:.0f} MB")
    wrong = sum(not _right(each) for each in found)
    say(f"judged otherwise than made: {wrong}")
    return int(matched + reserved >= LONGEST_SECONDS or bool(wrong) or bool(again.reserved))


def timed(work: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _right(match: Match) -> bool:
    """Tell whether the result for a student with one enrolment is that of their entry."""
    number = match.registration_id.removeprefix("C")
    ours = number != match.registration_id and len(match.keys) == 1
    return not ours or match.plan is KINDS[int(number) % len(KINDS)]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else COUNT))
