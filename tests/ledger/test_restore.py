"""A backup brings back every row, and a restore ends what must not come back."""

import asyncio
import gzip
import json
import resource
import shutil
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from demo.part import aside
from domain.campaigns import QuietHours
from domain.contracts.vocabulary import Step
from ledger import (
    activations,
    audit,
    audit_chain,
    backup,
    campaigns,
    erased_list,
    erasure,
    invitations,
    restore,
    sessions,
)
from ledger import migrate as module
from ledger.backup import BadBackup
from ledger.campaigns import CampaignPlan
from ledger.erased_list import Erased, ErasedKind
from ledger.migrate import NotMigrated, migrate
from ledger.restore import NotRestored, Restored, RestoreRequest
from postgres import Pool, connect
from tests.codes import send
from tests.ledger.life import left, live, person_of
from tests.stack import TestStack

ASKED = RestoreRequest("anna", "activation_")
WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


class Ledger(NamedTuple):
    """A ledger of its own with one activation in it."""

    dsn: str
    stack: TestStack
    reference: str

    async def restored(self, folder: Path, asked: RestoreRequest = ASKED) -> Restored:
        manifest = backup.read(folder, self.stack.keys)
        return await restore.restore(self.dsn, self.stack.keys, folder, manifest, asked)


@pytest.fixture
async def own(empty: str, stack: TestStack, reference: str) -> Ledger:
    await migrate(empty)
    async with await connect(empty) as ledger:
        await live(ledger, stack, reference, person_of(stack, reference))
        await ledger.execute("UPDATE activation SET ended_at = NULL, end_step = NULL")
        await sessions.begin(ledger, "token")
        await audit.record(
            ledger, stack.keys, actor="anna", action="view", reference=reference, reason=""
        )
    return Ledger(empty, stack, reference)


@pytest.fixture
async def folder(own: Ledger, tmp_path: Path) -> Path:
    where = tmp_path / "backup"
    await backup.write(own.dsn, own.stack.keys, where, "1.0")
    return where


async def everything(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables."""
    rows = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = current_schema()::regnamespace"
    )
    found = {}
    for (name,) in rows:
        rows = await pool.fetch(f"SELECT * FROM {name}")  # noqa: S608 - a table's name
        found[name] = sorted(map(dict, rows), key=str)
    return found


async def test_every_row_comes_back_but_what_must_not(own: Ledger, folder: Path) -> None:
    async with await connect(own.dsn) as ledger:
        before = await everything(ledger)
        assert before["session"]
        assert before["sealed_password"]
        await ledger.execute("DELETE FROM message")
    done = await own.restored(folder)
    async with await connect(own.dsn) as ledger:
        after = await everything(ledger)
        assert not after["session"] + after["sealed_password"]
        assert before["code"]
        assert [row | {"ended": True} for row in before["code"]] == after["code"]
        *others, mark = after["audit"]
        assert others == before["audit"]
        assert mark["action"] == restore.ACTION
        ended = {"session", "sealed_password", "code", "audit", "audit_head", "migration"}
        for table in set(before) - ended - {"restored", "suggestion", "start_under_way"}:
            assert after[table] == before[table], table
        (row,) = after["restored"]
        assert row["incarnation"] == done.incarnation
        assert row["audit_row"] == len(others)
        chain = await audit_chain.verify(ledger, own.stack.keys, datetime.now(UTC))
        assert chain.whole
    assert done.open == 1


async def test_a_campaign_that_was_not_over_is_in_doubt_and_sends_nothing_more(
    own: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    plan = CampaignPlan(["1"], ["sms"], 60, QuietHours(time(21), time(9)), None, 100)
    async with await connect(own.dsn) as ledger:
        for name in ("under way", "over"):
            await campaigns.create(ledger, name, plan)
            await invitations.add(ledger, own.stack.keys, name, [(name, "SIS/1", "401")])
            assert await campaigns.start(ledger, name, apart=timedelta(60), total=1_000)
        await campaigns.end(ledger, "over")
    await backup.write(own.dsn, own.stack.keys, folder, "1.0")
    await own.restored(folder)
    async with await connect(own.dsn) as ledger:
        (count,) = await invitations.counts(ledger, "under way")
        assert (count.state, count.number) == ("in_doubt", 1)
        stopped = await campaigns.read(ledger, "under way")
        assert stopped
        assert stopped.stopped_why == "restored"
        invited = await invitations.invited_within(ledger, ["under way", "over"], timedelta(60))
        assert invited == {"under way"}
        assert await campaigns.restored_since(ledger, timedelta(60))


async def test_nothing_is_numbered_as_before(own: Ledger, folder: Path) -> None:
    """A code's digits and the gateway's deduplication go by the number of the message."""
    stack, reference = own.stack, own.reference
    async with await connect(own.dsn) as ledger:
        lost = await send(stack, ledger, reference, request_no=7, run_id="lost")
    numbers = []
    for request_no in (8, 9):  # The same state comes back twice.
        await own.restored(folder)
        async with await connect(own.dsn) as ledger:
            numbers.append(await send(stack, ledger, reference, request_no=request_no))
            # The ledger has nothing any more of whoever began after the backup.
            assert await send(stack, ledger, "A-0000-0001") > lost
            consents = await ledger.fetchval(
                "SELECT nextval(pg_get_serial_sequence('consent', 'id'))"
            )
            assert consents > 10**9
    assert lost < numbers[0] < numbers[1]


async def test_erasures_since_are_erased_again(own: Ledger, folder: Path, tmp_path: Path) -> None:
    keys, reference = own.stack.keys, own.reference
    person, path = person_of(own.stack, reference), tmp_path / "erased"
    listed = [
        Erased(ErasedKind.ACTIVATION, reference),
        Erased(ErasedKind.PERSON, person.person_key),
    ]
    async with await connect(own.dsn) as ledger:
        now = await ledger.fetchval("SELECT now()")
        erased_list.append(path, now - timedelta(days=2), [Erased(ErasedKind.REQUEST, "older")])
        erased_list.append(path, now, [*listed, Erased(ErasedKind.WORKFLOW, reference)])
        with path.open("a") as file:
            file.write("cut o")
        await activations.close(ledger, reference=reference, end=Step.ACTIVE)
        await erasure.erase(ledger, keys, reference)
        kept = set(await left(ledger, reference, person))
    erased = erased_list.read(path, now)
    assert [*erased] == [*listed, Erased(ErasedKind.WORKFLOW, reference)]
    assert path.stat().st_mode & 0o777 == 0o600
    done = await own.restored(folder, RestoreRequest("anna", "activation_", erased))
    async with await connect(own.dsn) as ledger:
        assert set(await left(ledger, reference, person)) == kept
    assert (done.open, done.erased) == (0, 3)


async def test_what_postgresql_has_restored_ends_in_place(own: Ledger) -> None:
    done = await restore.finish_in_place(own.dsn, own.stack.keys, ASKED)
    async with await connect(own.dsn) as ledger:
        after = await everything(ledger)
        assert not after["session"] + after["sealed_password"]
        assert after["code"]
        assert all(row["ended"] for row in after["code"])
    assert datetime.now(UTC) - done.taken_at < timedelta(minutes=5)


async def test_a_recovery_that_waits_at_its_target_is_named(own: Ledger, folder: Path) -> None:
    """PostgreSQL pauses there and is read-only, unless it is told otherwise."""
    async with await connect(own.dsn) as ledger:
        database = await ledger.fetchval("SELECT current_database()")
        await ledger.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with pytest.raises(NotRestored, match="pg_promote"):
        await restore.finish_in_place(own.dsn, own.stack.keys, ASKED)
    with pytest.raises(NotRestored, match="pg_promote"):
        await own.restored(folder)


async def test_nothing_is_restored_in_place_where_nothing_is(empty: str, stack: TestStack) -> None:
    with pytest.raises(NotRestored, match="empty"):
        await restore.finish_in_place(empty, stack.keys, ASKED)


async def test_an_older_version_is_migrated_and_a_newer_one_refused(
    own: Ledger, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(module._FOLDER, migrations)
    monkeypatch.setattr(module, "_FOLDER", migrations)
    newest = migrations / "9000_next.sql"
    newest.write_text("ALTER TABLE activation ADD COLUMN next text DEFAULT 'new'")
    await own.restored(folder)
    async with await connect(own.dsn) as ledger:
        assert await ledger.fetchval("SELECT next FROM activation LIMIT 1") == "new"
    newer = tmp_path / "newer"
    await backup.write(own.dsn, own.stack.keys, newer, "2.0")
    newest.unlink()
    with pytest.raises(BadBackup, match=r"version 2\.0.*9000_next"):
        await own.restored(newer)


async def test_who_is_connected_keeps_the_ledger(own: Ledger, folder: Path) -> None:
    async with await connect(own.dsn) as ledger:
        before = await ledger.fetchval("SELECT count(*) FROM message")
        with pytest.raises(NotRestored, match="1 connections"):
            await own.restored(folder)
        with pytest.raises(NotRestored, match="1 connections"):
            await restore.state(own.dsn)
        assert await ledger.fetchval("SELECT count(*) FROM message") == before


async def test_whose_ledger_is_there(own: Ledger) -> None:
    assert await restore.state(own.dsn) == {}
    async with await connect(own.dsn) as ledger:
        await ledger.execute("INSERT INTO key_check (name, value) VALUES ('pin.key', 'x')")
    assert await restore.state(own.dsn) == {"pin.key": "x"}


async def test_an_empty_database_has_no_ledger(empty: str) -> None:
    assert await restore.state(empty) is None
    await migrate(empty)
    assert await restore.state(empty) is None


async def test_a_backup_that_is_not_whole_is_refused(own: Ledger, folder: Path) -> None:
    keys = own.stack.keys
    table = folder / "consent.copy.gz"
    whole, told = table.read_bytes(), (folder / "manifest.json").read_text("utf-8")
    table.write_bytes(gzip.compress(b"other"))
    with pytest.raises(BadBackup, match="consent"):
        backup.read(folder, keys)
    table.unlink()
    with pytest.raises(BadBackup, match="missing"):
        backup.read(folder, keys)
    table.write_bytes(whole)
    assert backup.read(folder, keys).version == "1.0"
    forged = json.loads(told) | {"audit_row": 0}
    for text, why in (
        (json.dumps(forged), "was changed"),
        (json.dumps(forged | {"format": 2}), "format 2"),
        (told[:-20], "cannot be read"),
        ("{}", "cannot be read"),
        ("null", "cannot be read"),
    ):
        (folder / "manifest.json").write_text(text, "utf-8")
        with pytest.raises(BadBackup, match=why):
            backup.read(folder, keys)
    (folder / "manifest.json").unlink()
    with pytest.raises(BadBackup, match="no complete backup"):
        backup.read(folder, keys)


def test_only_a_private_empty_folder_is_written_to(own: Ledger, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    with pytest.raises(BadBackup, match="not empty"):
        aside(backup.write(own.dsn, own.stack.keys, folder, "1.0"))
    folder.chmod(0o750)
    with pytest.raises(BadBackup, match="open to others"):
        aside(backup.write(own.dsn, own.stack.keys, folder, "1.0"))


async def test_a_table_of_nobody_is_left_alone(own: Ledger, tmp_path: Path) -> None:
    where = tmp_path / "more"
    async with await connect(own.dsn) as ledger:
        await ledger.execute("CREATE TABLE strange (name text)")
        manifest = await backup.write(own.dsn, own.stack.keys, where, "1.0")
        before = await everything(ledger)
    assert "strange" not in manifest.tables
    with pytest.raises(NotRestored, match="strange"):
        await own.restored(where)
    async with await connect(own.dsn) as ledger:
        assert await everything(ledger) == before
        await ledger.execute("DROP TABLE strange")
    assert (await own.restored(where)).open == 1


async def test_a_newer_versions_tables_are_in_a_backup(own: Ledger, tmp_path: Path) -> None:
    """Of a ledger that is ahead of the program, nobody knows which tables are its own."""
    async with await connect(own.dsn) as ledger:
        await ledger.execute("CREATE TABLE newer (name text)")
        await ledger.execute("INSERT INTO migration (name, checksum) VALUES ('9000_newer', 'x')")
        before = await everything(ledger)
    manifest = await backup.write(own.dsn, own.stack.keys, tmp_path / "more", "2.0")
    assert manifest.tables.keys() >= before.keys() - {*backup._LEFT_OUT}
    older = tmp_path / "older"
    async with await connect(own.dsn) as ledger:
        await ledger.execute("DROP TABLE newer; DELETE FROM migration WHERE name = '9000_newer'")
        await backup.write(own.dsn, own.stack.keys, older, "1.0")
        await ledger.execute("CREATE TABLE newer (name text)")
        await ledger.execute("INSERT INTO migration (name, checksum) VALUES ('9000_newer', 'x')")
    await own.restored(older)  # As after an upgrade that is taken back.
    async with await connect(own.dsn) as ledger:
        assert "newer" not in await everything(ledger)


async def test_a_backup_that_begins_during_a_restore_has_every_row(
    own: Ledger, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed after its snapshot would be missing, and its checksums right."""
    copy_back, begun = restore._copy_back, []

    async def meanwhile(*given: Any) -> None:
        writing = backup.write(own.dsn, own.stack.keys, tmp_path / "meanwhile", "1.0")
        begun.append(asyncio.create_task(writing))
        async with await connect(own.dsn) as ledger:
            while not await ledger.fetchval(WAITING):
                assert not begun[0].done()
        await copy_back(*given)

    monkeypatch.setattr(restore, "_copy_back", meanwhile)
    await own.restored(folder)
    manifest = await begun[0]
    assert manifest.migrations
    assert manifest.tables["activation"].rows == 1
    assert manifest.audit_row > 0


async def test_a_migration_waits_for_a_backup(
    own: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup._copy
    copied: list[backup.TableFile] = []

    async def meanwhile(*given: Any) -> backup.TableFile:
        done = await copy(*given)
        if not copied:
            with pytest.raises(NotMigrated, match="another migration"):
                await migrate(own.dsn, for_others=0.1)
        copied.append(done)
        return done

    monkeypatch.setattr(backup, "_copy", meanwhile)
    assert (await backup.write(own.dsn, own.stack.keys, tmp_path / "more", "1.0")).migrations
    assert copied


def test_a_line_that_was_cut_off_does_not_take_the_next_one(tmp_path: Path) -> None:
    path, at = tmp_path / "erased", datetime.now(UTC)
    first, second = Erased(ErasedKind.ACTIVATION, "A-1"), Erased(ErasedKind.ACTIVATION, "A-2")
    erased_list.append(path, at, [first])
    with path.open("ab") as file:
        file.write(f"{at.isoformat()} activ\xff".encode("latin-1"))
    erased_list.append(path, at, [second])
    assert [*erased_list.read(path, at)] == [first, second]


def test_a_list_that_is_not_written_whole_is_not_written(tmp_path: Path) -> None:
    """A disk that fills up takes a part of a write, and says so only at the next one."""
    path = tmp_path / "erased"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            erased_list.append(path, datetime.now(UTC), [Erased(ErasedKind.PERSON, "f" * 64)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
