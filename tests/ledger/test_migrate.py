"""Migrations may run at any time, again, and by many at once; they end in words, not in a hang."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from ledger import migrate as module
from ledger.migrate import _FOLDER, NotMigrated, edited, migrate
from postgres import connect

NAMES = sorted(path.stem for path in _FOLDER.glob("*.sql"))


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
