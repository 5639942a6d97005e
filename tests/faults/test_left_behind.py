"""After the whole fault programme each secret is where the design allows it, and nowhere else.

Its tests are played last: they look for what the students of every scenario typed and were sent.
"""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.part import run as output_of
from demo.postgres import find_binaries
from tests.faults.runner import Run
from tests.faults.world import Person, World
from tests.whole.test_marked_values import leaks

_PIN = re.compile(r"(?<!\d)\d{6}(?!\d)")


@pytest.mark.subset
def test_nothing_marked_is_where_it_must_not_be(run: Run, tmp_path: Path) -> None:
    world = run.world

    def crash() -> None:
        process = world.worker.process
        assert process
        os.kill(process.pid, signal.SIGABRT)
        process.wait()

    run.walk(crash, world.worker.start)
    data = world.place.data
    places = {
        "temporal": [data("temporal")],
        "ledger": [_dump(world, tmp_path)],
        "logs": [log for log in world.logs() if log.exists()],
        "settings": [world.place.settings_file, world.place.temporal_file],
        "processes": [*_processes(world, tmp_path)],
        "postgres": [data("postgres")],
        "slapd": [data("slapd")],
        "inbox": [world.place.inbox],
    }
    assert len(world.everybody) >= len(run.students) > 0
    assert leaks(places, marks(world)) == set()
    assert leaks({"logs": places["inbox"]}, marks(world)), "the scan finds what is there"
    assert not [*world.place.folder.rglob("core*")], "a crash left its memory behind"


def marks(world: World) -> dict[str, str]:
    """Return what all students typed and were sent by its kind, and the credentials."""
    kinds = [mark for student in world.everybody for mark in _of(student)]
    for student in world.everybody:
        texts = (message["text"] for message in world.messages(student.to))
        kinds += [("pin", pin) for text in texts for pin in _PIN.findall(text)]
    secrets = (world.place.folder / "secrets").iterdir()
    kinds += [("credential", file.read_text("ascii")) for file in secrets]
    return {f"{kind} {number}": value for number, (kind, value) in enumerate(kinds)}


def _of(student: Person) -> Iterator[tuple[str, str]]:
    names = (*student.first, *student.last)
    # A username that the engine made has the surname in it, and may be in the ledger.
    yield from (("name", name) for name in names if name.casefold() not in student.login)
    yield from (("kept contact", contact) for contact in (student.mobile, student.mailbox))
    yield "password", student.password
    yield "number on file" if student.insured else "insurance", student.amka
    yield "login", student.login
    yield "student number", student.number
    yield from (("birth date", f"{student.born:{form}}") for form in ("%d/%m/%Y", "%Y-%m-%d"))


def _dump(world: World, copies: Path) -> Path:
    dump = copies / "ledger.sql"
    major = int((world.place.data("postgres") / "PG_VERSION").read_text())
    words = (
        str(find_binaries(major) / "pg_dump"),
        f"--file={dump}",
        f"--dbname={world.ledger_dsn}",
    )
    output_of(words, what="pg_dump")
    return dump


def _processes(world: World, copies: Path) -> Iterator[Path]:
    """Copy the words and the environment each part was started with."""
    for name, part in world.parts.items():
        for told in ("cmdline", "environ") if part.is_alive else ():
            assert part.process
            file = copies / f"{name}.{told}"
            file.write_bytes(Path("/proc", str(part.process.pid), told).read_bytes())
            yield file
