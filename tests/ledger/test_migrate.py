"""Migrations may run at any time, again, and by many at once; they end in words, not in a hang."""

import asyncio
import re
import shutil
from pathlib import Path

import asyncpg
import pytest

from ledger import migrate as module
from ledger.migrate import _FOLDER, NotMigrated, edited, migrate
from postgres import connect

NAMES = sorted(path.stem for path in _FOLDER.glob("*.sql"))
LAST_OF_BEFORE = "0114_end_activation"
"""The last migration of the time when a version could change what the one before it used."""
CONTRACTS = re.compile(
    r"\b(DROP (TABLE|COLUMN|FUNCTION|VIEW|TYPE|TRIGGER)|RENAME|SET NOT NULL|ADD (CONSTRAINT|CHECK)"
    r"|ALTER COLUMN \w+ TYPE|ADD COLUMN \w+ \w+ NOT NULL(?! DEFAULT))\b"
)
REASON = re.compile(r"\A-- Not used since \d+\.\d+(\.\d+)?: ")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the migrations where a test may change them."""
    shutil.copytree(_FOLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(module, "_FOLDER", tmp_path)
    return tmp_path


async def test_the_second_time_nothing_is_left_to_do(empty: str) -> None:
    assert await migrate(empty) == NAMES
    assert await migrate(empty) == []


async def test_of_many_at_once_one_applies_and_none_fails(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(6)))
    assert sorted(applied) == [[]] * 5 + [NAMES]


@pytest.mark.parametrize(
    "held", ["SELECT pg_advisory_xact_lock(7263401)", "LOCK TABLE migration", "LOCK TABLE session"]
)
async def test_what_another_holds_ends_it_in_words_and_changes_nothing(
    empty: str, folder: Path, held: str
) -> None:
    await migrate(empty)
    (folder / "9000_next.sql").write_text("ALTER TABLE session ADD COLUMN next text")
    async with await connect(empty) as other:
        async with other.acquire() as connection, connection.transaction():
            await connection.execute(held)
            with pytest.raises(NotMigrated, match="did not end in time; nothing was changed"):
                await migrate(empty, for_others=0.1, for_tables=0.1)
        assert await migrate(empty) == ["9000_next"]


async def test_a_file_that_was_edited_after_it_was_applied_is_refused(
    empty: str, folder: Path
) -> None:
    await migrate(empty)
    file, new = folder / f"{NAMES[3]}.sql", folder / "9000_next.sql"
    text = file.read_text("utf-8")
    file.write_text(f"{text}\nCREATE TABLE late (number int);\n", "utf-8")
    new.write_text("CREATE TABLE next (number int)")
    with pytest.raises(NotMigrated, match=f"^{NAMES[3]} was edited"):
        await migrate(empty)
    async with await connect(empty) as ledger:
        assert await edited(ledger) == [NAMES[3]]
        with pytest.raises(asyncpg.UndefinedTableError):
            await ledger.fetch("SELECT FROM next")
        file.write_bytes(text.replace("\n", "\r\n").encode())  # As another system checks it out.
        assert await migrate(empty) == ["9000_next"]
        assert await edited(ledger) == []


async def test_a_ledger_of_before_the_checksums_is_adopted(empty: str, folder: Path) -> None:
    await migrate(empty)
    async with await connect(empty) as ledger:
        await ledger.execute("ALTER TABLE migration DROP COLUMN checksum")
        await ledger.execute("DELETE FROM migration WHERE name = '0083_checksums'")
        assert await edited(ledger) == []
        assert await migrate(empty) == ["0083_checksums"]
    (folder / f"{NAMES[0]}.sql").write_text("SELECT 1")
    with pytest.raises(NotMigrated):
        await migrate(empty)


def test_no_two_files_have_one_number() -> None:
    """Two files of one number would be applied in the order of their names, by accident."""
    numbers = [name[:4] for name in NAMES]
    assert len(numbers) == len(set(numbers))


def breaks_the_version_before(text: str) -> bool:
    return bool(CONTRACTS.search(text)) and not REASON.match(text)


def test_a_migration_leaves_all_that_the_version_before_it_uses() -> None:
    """Its processes run on with the new tables until they are restarted."""
    new = [path for path in _FOLDER.glob("*.sql") if path.stem > LAST_OF_BEFORE]
    assert [path.stem for path in new if breaks_the_version_before(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("ALTER TABLE session DROP COLUMN seen_at", True),
        ("-- Not used since 0.2: times.\nALTER TABLE session DROP COLUMN seen_at", False),
        ("ALTER TABLE session RENAME COLUMN seen_at TO at", True),
        ("ALTER TABLE session ADD COLUMN at timestamptz NOT NULL", True),
        ("ALTER TABLE session ADD COLUMN at timestamptz NOT NULL DEFAULT now()", False),
        ("ALTER TABLE session ADD COLUMN at timestamptz", False),
        ("ALTER TABLE session ALTER COLUMN at TYPE text", True),
        ("CREATE INDEX ON session (seen_at)", False),
    ],
)
def test_what_takes_something_away_says_since_when_nothing_uses_it(text: str, breaks: bool) -> None:
    assert breaks_the_version_before(text) is breaks
