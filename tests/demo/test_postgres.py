"""The engine runs on PostgreSQL 15 and newer, so every server found here must do."""

from pathlib import Path

import asyncpg
import pytest

import ledger.migrate
from demo.part import PartFailed
from demo.place import Place
from demo.postgres import Postgres, _folders, find_binaries

FOLDERS = sorted({folder.resolve() for folder in _folders() if (folder / "initdb").exists()})


@pytest.mark.parametrize("binaries", FOLDERS, ids=lambda folder: folder.parts[-2])
async def test_each_server_found_here_holds_ledger_and_registrar(
    binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(binaries))
    server = Postgres(Place(tmp_path))
    server.start()
    try:
        assert await ledger.migrate.migrate(server.ledger_dsn)
        records = await asyncpg.connect(server.registrar_dsn)
        students = await records.fetchval("SELECT count(*) FROM v_vd_sis")
        lower = await records.fetchval("SELECT lower('ΆΣ')")
        await records.close()
    finally:
        server.stop()
    assert students >= 300
    assert lower == "άσ"


def test_data_of_another_major_version_is_named_in_words() -> None:
    with pytest.raises(PartFailed, match="PostgreSQL 9, which made the data, was not found"):
        find_binaries(made_by=9)
