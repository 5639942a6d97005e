"""After one whole activation, each secret is where the design allows it and nowhere else.

The registrar lives in the same PostgreSQL as the ledger and holds names and mobiles by its nature:
they are looked for in the ledger's own rows and files, everything else in the whole server's.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from demo.part import aside, run
from demo.postgres import Postgres, find_binaries
from tests.scan import Finding, scan
from tests.stack import WholeStack
from tests.whole.student import Student, walking

SECRETS = frozenset({"password", "pin", "amka"})
PERSONAL = frozenset(
    {"mobile", "first name", "last name", "first name in Latin", "last name in Latin"}
)
ALLOWED: Mapping[str, frozenset[str]] = {
    "temporal": frozenset(),
    "ledger": frozenset(),
    "logs": frozenset(),
    "env": frozenset(),
    "postgres": PERSONAL,
    "slapd": PERSONAL,
    "inbox": PERSONAL | {"pin"},
}


def marks_of(student: Student) -> Mapping[str, str]:
    return {
        "password": student.password,
        "pin": student.pin,
        "amka": student.amka,
        "mobile": student.mobile,
        "first name": student.first.el,
        "last name": student.last.el,
        "first name in Latin": student.first.latin,
        "last name in Latin": student.last.latin,
    }


def leaks(places: Mapping[str, list[Path]], marks: Mapping[str, str]) -> set[Finding]:
    """Return what was found where it must not be."""
    found: set[Finding] = set()
    for place, paths in places.items():
        forbidden = {name: value for name, value in marks.items() if name not in ALLOWED[place]}
        found |= scan(paths, forbidden)
    return found


@pytest.fixture(scope="session")
def student(whole_stack: WholeStack) -> Student:
    """Activate a student who types their AMKA, and let everything reach the disk."""
    student = Student(insured=False)
    with walking(whole_stack.env, student) as walk:
        walk.walk()
    return student


@pytest.fixture(scope="session")
def places(
    whole_stack: WholeStack, student: Student, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[Path]]:
    del student
    folder, copies = whole_stack.folder, tmp_path_factory.mktemp("ledger")
    ledger = aside(_files_of_the_ledger(folder, whole_stack.env["LEDGER_DSN"]))
    return {
        "temporal": [folder / "data/temporal"],
        "ledger": [_dump(folder, whole_stack.env["LEDGER_DSN"], copies), *ledger],
        "logs": [*(folder / "logs").glob("*.log"), whole_stack.output],
        "env": [folder / "env", folder / "activation.toml", folder / "temporal.toml"],
        "postgres": [folder / "data/postgres"],
        "slapd": [folder / "data/slapd"],
        "inbox": [folder / "data/inbox"],
    }


def _dump(folder: Path, dsn: str, copies: Path) -> Path:
    major = int((folder / "data/postgres/PG_VERSION").read_text())
    dump = copies / "ledger.sql"
    command = (str(find_binaries(major) / "pg_dump"), f"--file={dump}", f"--dbname={dsn}")
    run(command, what="pg_dump")
    return dump


async def _files_of_the_ledger(folder: Path, dsn: str) -> list[Path]:
    """Write everything to the disk and name the files of the ledger's tables and indexes."""
    server = await asyncpg.connect(
        dsn, user="postgres", password=(folder / "secrets/postgres_postgres").read_text()
    )
    try:
        await server.execute("CHECKPOINT")
        rows = await server.fetch(
            "SELECT pg_relation_filepath(c.oid) AS path FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'pg_toast') AND c.relkind IN ('r', 'i', 't')"
        )
        return [folder / "data" / Postgres.name / row["path"] for row in rows]
    finally:
        await server.close()


def test_no_secret_is_where_it_must_not_be(
    places: Mapping[str, list[Path]], student: Student
) -> None:
    assert all(path.exists() for paths in places.values() for path in paths)
    assert leaks(places, marks_of(student)) == set()


def test_what_may_be_somewhere_is_found_there(
    places: Mapping[str, list[Path]], student: Student
) -> None:
    """The scan looks at the right files: it sees what they are known to hold."""
    marks = marks_of(student)
    seen = {place: {found.mark for found in scan(places[place], marks)} for place in places}
    assert seen["inbox"] >= {"pin", "mobile"}
    assert seen["slapd"] >= {"first name", "last name", "last name in Latin"}
    assert seen["postgres"] >= {"mobile", "first name", "last name"}


@pytest.mark.parametrize("log", ["portal", "worker", "postgres", "slapd"])
@pytest.mark.parametrize("mark", sorted(SECRETS | PERSONAL))
def test_a_leak_planted_in_a_log_is_found(
    whole_stack: WholeStack, student: Student, tmp_path: Path, log: str, mark: str
) -> None:
    marks = marks_of(student)
    copy = tmp_path / f"{log}.log"
    shutil.copy(whole_stack.folder / "logs" / copy.name, copy)
    assert leaks({"logs": [copy]}, marks) == set()
    with copy.open("a", encoding="utf-8") as file:
        file.write(f"DETAIL: Failing row contains ({marks[mark]}).\n")
    assert leaks({"logs": [copy]}, marks) == {Finding(mark, copy.name, "plain")}


async def test_the_ledger_holds_the_activation_all_the_same(
    whole_stack: WholeStack, student: Student
) -> None:
    del student
    ledger = await asyncpg.connect(whole_stack.env["LEDGER_DSN"])
    try:
        for table in ("activation", "insurance", "consent", "message", "session", "username"):
            assert await ledger.fetchval(f"SELECT count(*) FROM {table}") > 0  # noqa: S608 - ours
    finally:
        await ledger.close()
